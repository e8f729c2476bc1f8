//! The agent's ledger and central's storage, both real, with the wire between them and nothing else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

use async_trait::async_trait;
use holdfast_agent::adapters::sqlite::SqliteLedger;
use holdfast_agent::core::command::{Command, Intent, MovementKind, MovementRequest, TaskAct};
use holdfast_agent::flows::sync::{Conversation, converse};
use holdfast_agent::ports::central::{Central, CentralError};
use holdfast_agent::ports::ledger::{Identity, Import, ImportItem, Ledger, LedgerError};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::orders::Orders;
use holdfast_central::ports::replication::Replication;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::sqlite::{Options, Place};
use holdfast_shared::ids::{Actor, DeviceId, IdempotencyKey, LineNo, Sku, TaskId};
use holdfast_shared::time::Now;
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest, SyncResponse};
use holdfast_tests::conformance::world;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// Central at the other end of a wire: only encoded bytes pass.
struct Wire {
    central: SqliteStore,
    identity: ReplicaIdentity,
    bytes_up: AtomicUsize,
}

#[async_trait]
impl Central for Wire {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncResponse, CentralError> {
        let bytes = request.encode().unwrap();
        self.bytes_up.fetch_add(bytes.len(), Ordering::Relaxed);
        let request = SyncRequest::decode(&bytes).unwrap();
        let exchanged =
            self.central.exchange(&self.identity, None, &request, SystemClock.now()).await.unwrap();
        Ok(SyncResponse::decode(&exchanged.response.encode().unwrap()).unwrap())
    }

    async fn enrol(&self, _request: &EnrolRequest) -> Result<EnrolResponse, CentralError> {
        panic!("the replica is enrolled already")
    }
}

/// One store and central.
struct Chain {
    wire: Wire,
    ledger: SqliteLedger,
    said: u32,
    _folder: TempDir,
}

impl Chain {
    async fn of_one_store() -> Self {
        let folder = TempDir::new().unwrap();
        let place = |name: &str| Place::File(folder.path().join(name));
        let central = SqliteStore::open(&place("central.db"), Options::default(), [1; 8]).unwrap();
        central.put_store(&world::tenant(), &world::described("leeds"), world::at(0).utc).await.unwrap();
        let replica = world::identity(&central, "leeds", "code").await;
        let identity = Identity {
            tenant: replica.tenant.clone(),
            store: replica.store.clone(),
            replica: replica.replica.clone(),
            boot: "b1".parse().unwrap(),
        };
        let boot = identity.boot.clone();
        let ledger =
            SqliteLedger::open(&place("agent.db"), Options::default(), boot, Some(identity)).unwrap();
        let wire = Wire { central, identity: replica, bytes_up: AtomicUsize::new(0) };
        Self { wire, ledger, said: 0, _folder: folder }
    }

    async fn import(&self, skus: &[Sku], units: i64) {
        let item = |sku: &Sku| ImportItem {
            sku: sku.clone(),
            name: Some(format!("Article {sku}")),
            barcode: None,
            class: None,
            on_hand: Some(units),
        };
        let items = skus.iter().map(item).collect();
        self.ledger.import(items, Box::new(|_| {}), SystemClock.now()).await.unwrap();
    }

    async fn execute(&mut self, command: Command) -> Result<(), LedgerError> {
        self.said += 1;
        let intent = Intent {
            device: DeviceId::new("pos-1").unwrap(),
            actor: Actor::new("ann").unwrap(),
            key: IdempotencyKey::new(format!("k{}", self.said)).unwrap(),
            request_hash: [0; 32],
            fact_id: Some(format!("pos-1.1.{}", self.said).parse().unwrap()),
            trace: None,
        };
        self.ledger.execute(intent, command, SystemClock.now()).await.map(|_| ())
    }

    async fn act(&mut self, task: &TaskId, act: TaskAct) -> Result<(), LedgerError> {
        self.execute(Command::Task { task: task.clone(), act }).await
    }

    async fn pack(&mut self, task: &TaskId) {
        let pick = TaskAct::Pick { line: LineNo(1), quantity: 1 };
        for act in [TaskAct::Accept, TaskAct::StartPicking, pick, TaskAct::Pack] {
            self.act(task, act).await.unwrap();
        }
    }

    async fn sync(&self) -> Conversation {
        let now: &(dyn Fn() -> Now + Send + Sync) = &|| SystemClock.now();
        let told = converse(&self.ledger, &self.wire, None, now).await;
        assert!(told.failed.is_none() && told.problems.is_empty(), "{told:?}");
        told
    }

    async fn order(&self, order: &str, sku: &str) -> TaskId {
        world::placed(&self.wire.central, order, &[(sku, 1)]).await;
        world::assigned(&self.wire.central, order, "leeds").await.0
    }

    async fn state(&self, order: &str) -> OrderState {
        let order = world::order_id(order);
        self.wire.central.order(&world::tenant(), &order).await.unwrap().unwrap().state
    }

    /// Both sides have the same documents and the same stock, and nobody was told of a problem.
    async fn level(&self) {
        let told = self.sync().await;
        assert!(told.level, "{told:?}");
        let digests = self.wire.central.digests(&world::tenant(), &world::store_id("leeds")).await.unwrap();
        let here = self.ledger.summary().await.unwrap();
        let newest = digests.first().unwrap();
        assert_eq!((&newest.root, &newest.stock_digest), (&here.root, &here.stock_digest));
        let page = holdfast_central::ports::PageRequest { cursor: None, limit: 9 };
        let raised = self.wire.central.exceptions(&world::tenant(), true, &page).await.unwrap().rows;
        assert!(raised.is_empty(), "{raised:?}");
        world::sound(&self.wire.central, 0).await;
    }
}

#[tokio::test]
async fn an_order_goes_from_the_shelf_to_the_customer() {
    let mut chain = Chain::of_one_store().await;
    chain.import(&[world::sku("A")], 3).await;
    chain.sync().await;
    let task = chain.order("o1", "A").await;
    chain.sync().await;
    chain.pack(&task).await;
    assert!(chain.act(&task, TaskAct::HandOver { to: None }).await.is_err(), "not released yet");
    chain.sync().await;
    assert_eq!(chain.state("o1").await, OrderState::Ready);
    chain.act(&task, TaskAct::HandOver { to: Some("courier".into()) }).await.unwrap();
    chain.sync().await;
    assert_eq!(chain.state("o1").await, OrderState::Shipped);
    assert_eq!(world::position(&chain.wire.central, "leeds").await.on_hand, 2);
    chain.level().await;
}

#[tokio::test]
async fn work_taken_back_is_put_back_and_goes_to_another_order() {
    let mut chain = Chain::of_one_store().await;
    chain.import(&[world::sku("A")], 1).await;
    chain.sync().await;
    let task = chain.order("o1", "A").await;
    chain.sync().await;
    chain.pack(&task).await;
    let central = chain.wire.central.clone();
    let (order, actor) = (world::order_id("o1"), Actor::new("support").unwrap());
    central.cancel(&world::tenant(), &order, "changed my mind", &actor, SystemClock.now().utc).await.unwrap();
    chain.sync().await;
    chain.act(&task, TaskAct::PutBack).await.unwrap();
    chain.level().await;
    let again = chain.order("o2", "A").await;
    chain.sync().await;
    chain.act(&again, TaskAct::Decline { reason: "no staff".into() }).await.unwrap();
    chain.level().await;
}

#[tokio::test]
async fn a_day_without_central_comes_level_in_one_conversation() {
    let mut chain = Chain::of_one_store().await;
    let skus: Vec<Sku> = (0..1_000).map(|n| world::sku(&format!("SKU-{n}"))).collect();
    chain.import(&skus, 100).await;
    chain.sync().await;
    let mut tasks = Vec::new();
    for n in 0..50 {
        tasks.push(chain.order(&format!("o{n}"), &format!("SKU-{n}")).await);
    }
    chain.sync().await;
    // Cut off: a day of sales, and of work as far as it goes without a release.
    for n in 0..50 {
        let sale = |k: usize| MovementRequest {
            kind: MovementKind::Sale,
            sku: skus.get((n * 37 + k * 11) % skus.len()).unwrap().clone(),
            quantity: 1,
            peer: None,
            note: None,
        };
        chain.execute(Command::Move((0..100).map(sale).collect())).await.unwrap();
    }
    for task in &tasks {
        chain.pack(task).await;
    }
    chain.wire.bytes_up.store(0, Ordering::Relaxed);
    let begun = SystemClock.now().mono;
    let told = chain.sync().await;
    let took_ms = SystemClock.now().mono.since(begun);
    let bytes = chain.wire.bytes_up.load(Ordering::Relaxed);
    println!("a day: {} rounds, {bytes} bytes up, {took_ms} ms, unoptimised", told.rounds);
    assert!(told.level);
    assert!(bytes < 160_000, "{bytes} bytes");
    for task in &tasks {
        chain.act(task, TaskAct::HandOver { to: None }).await.unwrap();
    }
    chain.sync().await;
    for n in 0..50 {
        assert_eq!(chain.state(&format!("o{n}")).await, OrderState::Shipped);
    }
    chain.level().await;
}
