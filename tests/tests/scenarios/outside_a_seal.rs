//! What a seal refuses, and what becomes of that: documents that do not add up, and facts that
//! come after the seal.

use super::epochs::{SEALS, at_central, count};
use holdfast_agent::ports::ledger::{Housekeeping as _, Replica as _};
use holdfast_shared::document::{Bag, Heads, WriterId};
use holdfast_shared::domain::epoch::Closing;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{DocumentId, FactId};
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::fact::encode;
use holdfast_shared::wire::sync::{DocumentFrame, Seal, SyncRequest, SyncResponse};
use holdfast_tests::stage::Stage;
use std::path::Path;

#[tokio::test]
async fn what_stands_behind_a_seal_is_carried_again_and_counts_once() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100)]).await;
    let now = stage.now();
    let ledger = stage.shop("leeds").ledger().clone();
    let replica = stage.shop("leeds").identity.replica.clone();
    stage.sell("leeds", "A", 3).await;
    let document: DocumentId = format!("stock/leeds/{replica}/leeds-1/1").parse().unwrap();
    let file = stage.shop("leeds").file().to_owned();
    let before = heads(&file, &document);
    let cut = ledger.cut(now).await.unwrap();
    assert_ne!(heads(&file, &document), before);
    let response =
        SyncResponse { seals: vec![Seal::new(&document, &before, 1)], ..answer(&stage, cut.cursor) };
    ledger.absorb(&response, now).await.unwrap();
    assert_eq!(count(&file, "SELECT count(*) FROM fact WHERE document IS NULL"), 1);
    assert_eq!(ledger.unbalanced(5).await.unwrap(), vec![]);
    assert_eq!(stage.on_hand_at("leeds", "A").await, 97);
    ledger.cut(now).await.unwrap();
    assert_eq!(count(&file, "SELECT count(*) FROM fact WHERE document IS NULL"), 0);
    assert_eq!(stage.on_hand_at("leeds", "A").await, 97);
}

fn heads(file: &Path, document: &DocumentId) -> Heads {
    let database = rusqlite::Connection::open(file).unwrap();
    let bytes: Vec<u8> = database
        .query_row("SELECT heads FROM document WHERE name = ?1", [document.to_string()], |row| row.get(0))
        .unwrap();
    Heads::from_bytes(&bytes).unwrap()
}

fn answer(stage: &Stage, cursor: u64) -> SyncResponse {
    SyncResponse {
        superseded: None,
        quarantined: None,
        seals: Vec::new(),
        baseline: None,
        losses_noted: Vec::new(),
        parcels: None,
        labels_noted: Vec::new(),
        escrow: None,
        version: holdfast_shared::wire::sync::SYNC_VERSION,
        incarnation: 1,
        cursor,
        central_time: stage.now().utc,
        hlc: Hlc { wall: stage.now().utc, counter: 0 },
        lease_ms: 0,
        next_sync_ms: 0,
        root: holdfast_shared::set_hash::SetHash::EMPTY,
        level: false,
        documents: Vec::new(),
        acknowledged: Vec::new(),
        errors: Vec::new(),
        more: false,
        rehydrate: false,
    }
}

/// A box whose documents are written by hand.
struct Forger {
    bag: Bag,
    document: DocumentId,
    facts: u64,
    counted: Closing,
}

impl Forger {
    fn new(stage: &mut Stage, n: u32) -> Self {
        let replica = stage.shop("leeds").identity.replica.clone();
        let document = format!("stock/leeds/{replica}/forged/{n}").parse().unwrap();
        let bag = Bag::new(WriterId::new(&replica, [7; 8]));
        Self { bag, document, facts: u64::from(n) * 100, counted: Closing::default() }
    }

    fn write(&mut self, body: Body) {
        self.facts += 1;
        let id = FactId::new(&"forger".parse().unwrap(), 1, self.facts).unwrap();
        let at = Hlc { wall: UtcMs(i64::try_from(self.facts).unwrap()), counter: 0 };
        let fact = Fact { id, at, actor: "forger".parse().unwrap(), after: None, trace: None, body };
        let text = encode(&fact).unwrap();
        if let Body::Stock(_) = fact.body {
            self.counted.count(&fact.id, &text);
        }
        self.bag.record(&[(fact.id, text)]).unwrap();
    }

    fn sell(&mut self) {
        let sku = "A".parse().unwrap();
        self.write(Body::Stock(StockFact { sku, delta: -1, movement: Movement::Sale, note: None }));
    }

    async fn send(&self, stage: &mut Stage) -> SyncResponse {
        let now = stage.now();
        let identity = stage.shop("leeds").identity.clone();
        let (none, heads) = (Heads::empty(), self.bag.heads());
        let changes = self.bag.changes_since(&none).unwrap();
        let request = SyncRequest {
            documents: vec![DocumentFrame::new(&self.document, &none, &heads, changes)],
            ..request(&identity, Hlc { wall: now.utc, counter: 0 })
        };
        stage.office.sync(&identity, &request, now).await
    }
}

fn request(identity: &holdfast_central::ports::access::ReplicaIdentity, sent_at: Hlc) -> SyncRequest {
    let boot = "leeds-1".parse().unwrap();
    SyncRequest {
        // As the box itself would say it.
        boot_number: 1,
        incarnation: Some(1),
        ..SyncRequest::bare(identity.store.clone(), identity.replica.clone(), boot, sent_at)
    }
}

#[tokio::test]
async fn a_document_that_does_not_add_up_is_not_sealed_and_a_person_is_told() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100)]).await;
    let mut forger = Forger::new(&mut stage, 1);
    forger.sell();
    forger.write(Body::Epoch(Closing { facts: 2, ..forger.counted }));
    let told = forger.send(&mut stage).await;
    assert_eq!((told.seals.len(), at_central(&stage, SEALS)), (0, 0));
    assert!(stage.exceptions().await.iter().any(|told| told.contains("closed as 2 facts")));
    stage.sound().await;

    // Without the check it would be.
    Guard::take_away(Some(Guard::SealCheck));
    let mut forger = Forger::new(&mut stage, 2);
    forger.sell();
    forger.write(Body::Epoch(Closing { facts: 2, ..forger.counted }));
    forger.send(&mut stage).await;
    Guard::take_away(None);
    assert_eq!(at_central(&stage, SEALS), 1);
}

#[tokio::test]
async fn asking_again_gets_the_same_seal_and_more_for_it_is_refused_and_told() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100)]).await;
    let mut forger = Forger::new(&mut stage, 1);
    forger.sell();
    forger.write(Body::Epoch(forger.counted));
    let first = forger.send(&mut stage).await;
    assert_eq!(first.seals.len(), 1);
    let again = forger.send(&mut stage).await;
    assert_eq!((&again.seals, &again.acknowledged), (&first.seals, &first.acknowledged));
    assert_eq!(at_central(&stage, SEALS), 1);

    forger.sell();
    let refused = forger.send(&mut stage).await;
    assert_eq!(refused.errors.len(), 1);
    assert_eq!(refused.errors[0].code(), Some(holdfast_shared::error::Code::Sealed));
    assert!(stage.exceptions().await.iter().any(|told| told.contains("is sealed")));
    assert_eq!(stage.position("leeds", "A").await.on_hand, 99);
    stage.sound().await;
}
