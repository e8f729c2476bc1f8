//! The agent's ledger and central's storage, both real, with nothing but messages between them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in here is a finding"
)]

use async_trait::async_trait;
use holdfast_agent::adapters::sqlite::SqliteLedger;
use holdfast_agent::core::command::{Command, Intent, MovementKind, MovementRequest, TaskAct};
use holdfast_agent::flows::sync::{Conversation, converse};
use holdfast_agent::ports::central::{Central, CentralError};
use holdfast_agent::ports::ledger::{Executed, Identity, Import, ImportItem, Ledger};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::replication::Replication;
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_shared::domain::task::{Status, TaskState};
use holdfast_shared::ids::{BootId, LineNo, TaskId};
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest, SyncResponse};
use holdfast_tests::conformance::world;
use tempfile::TempDir;

/// Central at the other end of a wire: every message goes through its bytes.
struct Wire {
    storage: SqliteStore,
    replica: ReplicaIdentity,
}

#[async_trait]
impl Central for Wire {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncResponse, CentralError> {
        let request = SyncRequest::decode(&request.encode().unwrap()).unwrap();
        let exchanged = self.storage.exchange(&self.replica, None, &request, world::at(100)).await.unwrap();
        Ok(SyncResponse::decode(&exchanged.response.encode().unwrap()).unwrap())
    }

    async fn enrol(&self, _: &EnrolRequest) -> Result<EnrolResponse, CentralError> {
        Err(CentralError::Wait { retry_after_ms: 1 })
    }
}

struct Pair {
    wire: Wire,
    disk: TempDir,
    boots: u32,
}

impl Pair {
    async fn new() -> Self {
        let options = Options { mode: Mode::Inline, ..Options::default() };
        let storage = SqliteStore::open(&Place::Memory, options, [7; 8]).unwrap();
        storage.put_store(&world::tenant(), &world::described("leeds"), world::at(0).utc).await.unwrap();
        let replica = world::identity(&storage, "leeds", "leeds").await;
        Self { wire: Wire { storage, replica }, disk: TempDir::new().unwrap(), boots: 0 }
    }

    fn boot(&mut self) -> SqliteLedger {
        self.boots += 1;
        let ReplicaIdentity { tenant, store, replica, .. } = self.wire.replica.clone();
        let boot: BootId = format!("b{}", self.boots).parse().unwrap();
        let identity = Identity { tenant, store, replica, boot: boot.clone() };
        let place = Place::File(self.disk.path().join("agent.db"));
        SqliteLedger::open(&place, Options::default(), boot, Some(identity)).unwrap()
    }

    async fn level(&self, ledger: &SqliteLedger) -> Conversation {
        let told = converse(ledger, &self.wire, None, &|| world::at(100)).await;
        assert!(told.failed.is_none() && told.level, "{told:?}");
        assert_eq!(told.problems, Vec::<String>::new());
        told
    }
}

async fn run(ledger: &SqliteLedger, key: &str, command: Command) -> Executed {
    let intent = Intent {
        device: "till".parse().unwrap(),
        actor: "amy".parse().unwrap(),
        key: key.parse().unwrap(),
        request_hash: [1; 32],
        fact_id: None,
        trace: None,
    };
    ledger.execute(intent, command, world::at(100)).await.unwrap()
}

async fn act(ledger: &SqliteLedger, task: &TaskId, act: TaskAct) {
    let key = format!("{task}{act:?}").chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    run(ledger, &key, Command::Task { task: task.clone(), act }).await;
}

async fn sell(ledger: &SqliteLedger, key: &str) {
    let sale = MovementRequest {
        kind: MovementKind::Sale,
        sku: world::sku("A"),
        quantity: 1,
        peer: None,
        note: None,
    };
    run(ledger, key, Command::Move(vec![sale])).await;
}

async fn stock(ledger: &SqliteLedger, units: i64) {
    let item =
        ImportItem { sku: world::sku("A"), name: None, barcode: None, class: None, on_hand: Some(units) };
    ledger.import(vec![item], Box::new(|_| {}), world::at(1)).await.unwrap();
}

async fn task(ledger: &SqliteLedger, task: &TaskId) -> TaskState {
    ledger.task(task).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_order_is_picked_released_and_handed_over() {
    let mut pair = Pair::new().await;
    let ledger = pair.boot();
    stock(&ledger, 5).await;
    pair.level(&ledger).await;
    assert_eq!(world::position(&pair.wire.storage, "leeds").await.on_hand, 5);
    world::placed(&pair.wire.storage, "o-1", &[("A", 2)]).await;
    let (id, _) = world::assigned(&pair.wire.storage, "o-1", "leeds").await;
    assert_eq!(pair.level(&ledger).await.tasks, std::slice::from_ref(&id));
    for step in [
        TaskAct::Accept,
        TaskAct::StartPicking,
        TaskAct::Pick { line: LineNo(1), quantity: 2 },
        TaskAct::Pack,
    ] {
        act(&ledger, &id, step).await;
    }
    // The packed parcel is told, and its release comes back in the same conversation.
    pair.level(&ledger).await;
    assert_eq!(task(&ledger, &id).await.status(), Status::Ready);
    act(&ledger, &id, TaskAct::HandOver { to: None }).await;
    sell(&ledger, "s1").await;
    pair.level(&ledger).await;
    let position = world::position(&pair.wire.storage, "leeds").await;
    assert_eq!((position.on_hand, position.reserved), (2, 0));
    world::sound(&pair.wire.storage, 0).await;
}

#[tokio::test]
async fn a_declined_task_frees_its_hold_at_central() {
    let mut pair = Pair::new().await;
    let ledger = pair.boot();
    stock(&ledger, 5).await;
    pair.level(&ledger).await;
    world::placed(&pair.wire.storage, "o-1", &[("A", 2)]).await;
    let (id, _) = world::assigned(&pair.wire.storage, "o-1", "leeds").await;
    pair.level(&ledger).await;
    assert_eq!(world::position(&pair.wire.storage, "leeds").await.reserved, 2);
    act(&ledger, &id, TaskAct::Decline { reason: "no staff".into() }).await;
    pair.level(&ledger).await;
    assert_eq!(world::position(&pair.wire.storage, "leeds").await.reserved, 0);
    world::sound(&pair.wire.storage, 0).await;
}

#[tokio::test]
async fn a_restart_between_every_step_loses_nothing_and_stays_level() {
    let mut pair = Pair::new().await;
    let ledger = pair.boot();
    stock(&ledger, 50).await;
    drop(ledger);
    for n in 0..6 {
        let ledger = pair.boot();
        sell(&ledger, &format!("a{n}")).await;
        pair.level(&ledger).await;
        sell(&ledger, &format!("b{n}")).await;
    }
    let ledger = pair.boot();
    pair.level(&ledger).await;
    assert_eq!(world::position(&pair.wire.storage, "leeds").await.on_hand, 38);
}

#[tokio::test]
async fn a_store_whose_disk_went_back_gets_what_central_has_of_it() {
    let mut pair = Pair::new().await;
    let ledger = pair.boot();
    stock(&ledger, 5).await;
    pair.level(&ledger).await;
    ledger.stop().await;
    drop(ledger);
    let file = pair.disk.path().join("agent.db");
    let fold_in_the_log = |file: &std::path::Path| {
        let last = rusqlite::Connection::open(file).unwrap();
        last.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    };
    fold_in_the_log(&file);
    let backup = std::fs::read(&file).unwrap();
    let ledger = pair.boot();
    sell(&ledger, "s1").await;
    pair.level(&ledger).await;
    ledger.stop().await;
    drop(ledger);
    fold_in_the_log(&file);
    std::fs::write(&file, backup).unwrap();
    let ledger = pair.boot();
    pair.level(&ledger).await;
    let found = ledger.positions(&[world::sku("A")]).await.unwrap();
    assert_eq!(found[0].on_hand, 4);
    sell(&ledger, "s2").await;
    pair.level(&ledger).await;
    assert_eq!(world::position(&pair.wire.storage, "leeds").await.on_hand, 3);
}
