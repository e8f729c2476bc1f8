//! Units of scarce SKUs are ceded to central, and come back by its word.

use super::salvage::meddle;
use super::support::{Disk, FakeCentral, NOW, close, run, sku, stock, sync, units};
use crate::adapters::sqlite::SqliteLedger;
use crate::core::command::{MovementKind, Rights, TaskAct};
use crate::core::testing::{acts, at, moves};
use crate::ports::ledger::{Housekeeping, Ledger, Replica};
use holdfast_shared::document::{Bag, Heads, WriterId};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::{DocumentId, FactId, LineNo};
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::fact::encode;
use holdfast_shared::wire::sync::{DocumentFrame, EscrowTarget, EscrowTargets};

fn wants(units: i64) -> EscrowTargets {
    EscrowTargets { targets: vec![EscrowTarget { sku: sku("A"), units }] }
}

/// A store with five of `A`, and central that wants some of them.
async fn wanted(units: i64) -> (SqliteLedger, FakeCentral, Disk) {
    let mut disk = Disk::new();
    let ledger = disk.enrolled();
    stock(&ledger, &[("A", 5), ("B", 5)]).await;
    let mut central = FakeCentral::new();
    central.escrow = wants(units);
    level(&ledger, &mut central).await;
    (ledger, central, disk)
}

async fn level(ledger: &SqliteLedger, central: &mut FakeCentral) {
    for _ in 0..9 {
        if sync(ledger, central).await {
            return;
        }
    }
    panic!("never level");
}

const fn ceded(ceded: i64, promised: i64) -> Rights {
    Rights { ceded, promised, in_doubt: false }
}

async fn rights(ledger: &SqliteLedger) -> Option<Rights> {
    ledger.positions(&[sku("A")]).await.unwrap()[0].rights
}

async fn available(ledger: &SqliteLedger) -> i64 {
    let (_, _, available) = units(ledger, "A").await;
    available
}

impl FakeCentral {
    /// Central gives units back, in a stock document of its own.
    fn gives_back(&mut self, n: u64, units: i64) {
        let fact = Fact {
            id: format!("central.1.{n}").parse::<FactId>().unwrap(),
            at: Hlc { wall: UtcMs(NOW), counter: 0 },
            actor: "central".parse().unwrap(),
            after: None,
            trace: None,
            body: Body::Stock(StockFact {
                sku: sku("A"),
                delta: 0,
                movement: Movement::Returned { units },
                note: None,
            }),
        };
        let text = encode(&fact).unwrap();
        let own: DocumentId = "stock/leeds/central/i1/1".parse().unwrap();
        self.bag(&own).record(&[(fact.id, text)]).unwrap();
    }

    /// What the rights of all stock facts add up to here.
    fn rights(&self) -> i64 {
        let told = self.stock_texts().map(|text| serde_json::from_str::<serde_json::Value>(&text).unwrap());
        told.filter_map(|fact| fact["r"].as_i64()).sum()
    }
}

#[tokio::test]
async fn what_central_wants_is_ceded_and_the_till_sells_the_rest() {
    let (ledger, central, _disk) = wanted(2).await;
    assert_eq!(rights(&ledger).await, Some(ceded(2, 0)));
    assert_eq!((available(&ledger).await, central.rights()), (3, 2));
    let others = ledger.positions(&[sku("B")]).await.unwrap();
    assert_eq!((others[0].rights, others[0].available), (None, 5), "what is not scarce is as before");
}

#[tokio::test]
async fn goods_that_come_in_are_ceded_while_central_cannot_be_asked() {
    let (ledger, mut central, _disk) = wanted(8).await;
    assert_eq!((available(&ledger).await, central.rights()), (0, 5));
    run(&ledger, "k1", moves(MovementKind::Receipt, "A", 9)).await.unwrap();
    assert_eq!(rights(&ledger).await, Some(ceded(8, 0)));
    assert_eq!(available(&ledger).await, 6);
    level(&ledger, &mut central).await;
    assert_eq!(central.rights(), 8);
}

#[tokio::test]
async fn a_sale_beyond_happened_and_is_seen() {
    let (ledger, mut central, _disk) = wanted(4).await;
    run(&ledger, "k1", moves(MovementKind::Sale, "A", 3)).await.unwrap();
    assert_eq!((units(&ledger, "A").await, rights(&ledger).await.unwrap().ceded), ((2, 0, -2), 4));
    // What comes in is owed to central first.
    run(&ledger, "k2", moves(MovementKind::Receipt, "A", 3)).await.unwrap();
    assert_eq!((available(&ledger).await, rights(&ledger).await.unwrap().ceded), (1, 4));
    level(&ledger, &mut central).await;
}

#[tokio::test]
async fn what_leaves_for_an_order_takes_its_right_along_and_more_is_ceded() {
    let (ledger, mut central, _disk) = wanted(2).await;
    central.offer("o-1", &[("A", 2)]);
    level(&ledger, &mut central).await;
    assert_eq!(rights(&ledger).await, Some(ceded(2, 2)));
    assert_eq!(available(&ledger).await, 3);
    for (n, act) in [
        TaskAct::Accept,
        TaskAct::StartPicking,
        TaskAct::Pick { line: LineNo(1), quantity: 2 },
        TaskAct::Pack,
    ]
    .into_iter()
    .enumerate()
    {
        run(&ledger, &format!("k{n}"), acts("o-1", act)).await.unwrap();
    }
    central.release("o-1");
    level(&ledger, &mut central).await;
    run(&ledger, "out", acts("o-1", TaskAct::HandOver { to: None })).await.unwrap();
    assert_eq!(rights(&ledger).await, Some(ceded(2, 0)), "two left, two were ceded anew");
    assert_eq!((units(&ledger, "A").await.0, available(&ledger).await), (3, 1));
    level(&ledger, &mut central).await;
    assert_eq!(central.rights(), 2);
    assert_eq!(ledger.unbalanced(5).await.unwrap(), vec![]);
}

#[tokio::test]
async fn units_are_for_the_till_again_when_central_says_so_and_not_before() {
    let (ledger, mut central, _disk) = wanted(4).await;
    // Wanted no more, but not given back: nobody but central may say so.
    central.escrow = EscrowTargets::default();
    level(&ledger, &mut central).await;
    assert_eq!((available(&ledger).await, rights(&ledger).await.unwrap().ceded), (1, 4));
    central.gives_back(900, 4);
    level(&ledger, &mut central).await;
    assert_eq!((available(&ledger).await, rights(&ledger).await.unwrap().ceded), (5, 0));
    assert_eq!(ledger.unbalanced(5).await.unwrap(), vec![]);
}

#[tokio::test]
async fn a_manager_asks_for_units_back_and_no_more_are_ceded() {
    let (ledger, mut central, _disk) = wanted(4).await;
    ledger.leave_central(&sku("A"), Some(1)).await.unwrap();
    let cut = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!(cut.asked_back, [EscrowTarget { sku: sku("A"), units: 1 }]);
    central.gives_back(900, 3);
    level(&ledger, &mut central).await;
    run(&ledger, "k1", moves(MovementKind::Receipt, "A", 9)).await.unwrap();
    assert_eq!((available(&ledger).await, rights(&ledger).await.unwrap().ceded), (13, 1));
    assert_eq!(ledger.cut(at(NOW)).await.unwrap().asked_back, []);
    ledger.leave_central(&sku("A"), None).await.unwrap();
    level(&ledger, &mut central).await;
    assert_eq!(rights(&ledger).await.unwrap().ceded, 4);
}

#[tokio::test]
async fn a_box_cedes_nothing_before_it_was_level_since_it_started() {
    let (ledger, mut central, mut disk) = wanted(2).await;
    close(ledger, &disk).await;
    let again = disk.enrolled();
    central.escrow = wants(5);
    run(&again, "k1", moves(MovementKind::Receipt, "A", 9)).await.unwrap();
    run(&again, "k2", moves(MovementKind::Sale, "A", 9)).await.unwrap();
    assert_eq!(rights(&again).await.unwrap().ceded, 2);
    // It may be a disk that was put back: what is free here may have been ceded already.
    let cut = again.cut(at(NOW)).await.unwrap();
    let mut behind = central.sync(&cut);
    (behind.rehydrate, behind.root) = (true, holdfast_shared::set_hash::SetHash::EMPTY);
    assert_eq!(available(&again).await, 3);
    again.absorb(&behind, at(NOW)).await.unwrap();
    let lacking = rights(&again).await.unwrap();
    assert!(lacking.in_doubt && lacking.ceded == 2, "{lacking:?}");
    assert_eq!(available(&again).await, 0, "nor are they for the till");
    level(&again, &mut central).await;
    level(&again, &mut central).await;
    assert_eq!(rights(&again).await.unwrap().ceded, 5);
}

#[tokio::test]
async fn an_older_central_is_ceded_nothing() {
    let (ledger, mut central, _disk) = wanted(2).await;
    central.version = 3;
    sync(&ledger, &mut central).await;
    run(&ledger, "k1", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    central.escrow = wants(5);
    run(&ledger, "k2", moves(MovementKind::Receipt, "A", 9)).await.unwrap();
    assert_eq!(rights(&ledger).await.unwrap().ceded, 2);
    assert_eq!(ledger.cut(at(NOW)).await.unwrap().escrow, EscrowTargets::default().digest());
}

#[tokio::test]
async fn only_central_says_that_units_come_back() {
    let (ledger, mut central, _disk) = wanted(4).await;
    let forged = format!(r#"{{"k":"returned","s":"A","d":0,"r":-4,"t":"{NOW:x}-0","a":"amy"}}"#);
    let other: DocumentId = "stock/leeds/leeds-b/b1/1".parse().unwrap();
    let replica = "leeds-b".parse().unwrap();
    let mut bag = Bag::new(WriterId::new(&replica, [7; 8]));
    bag.record(&[("leeds-b.1.1".parse().unwrap(), forged)]).unwrap();
    let cut = ledger.cut(at(NOW)).await.unwrap();
    let mut response = central.sync(&cut);
    let empty = Heads::empty();
    response.documents.push(DocumentFrame::new(
        &other,
        &empty,
        &bag.heads(),
        bag.changes_since(&empty).unwrap(),
    ));
    let absorbed = ledger.absorb(&response, at(NOW)).await.unwrap();
    assert!(absorbed.problems.iter().any(|told| told.contains("only central")), "{:?}", absorbed.problems);
    assert_eq!(rights(&ledger).await.unwrap().ceded, 4);
}

#[tokio::test]
async fn rights_of_sealed_documents_are_in_their_sum_and_come_back_with_it() {
    let (ledger, mut central, mut disk) = wanted(4).await;
    central.sealed = central.bags.keys().cloned().collect();
    level(&ledger, &mut central).await;
    assert_eq!(ledger.unbalanced(5).await.unwrap(), vec![]);
    ledger.examine().await.unwrap();
    close(ledger, &disk).await;
    // Damage of the rows that they are kept in is noticed, and mended from what is sound.
    meddle(&disk, "UPDATE rights SET units = 1");
    let ledger = disk.enrolled();
    assert!(ledger.examine().await.is_err(), "damage was taken for sound");
    close(ledger, &disk).await;
    let ledger = disk.enrolled();
    assert_eq!(rights(&ledger).await.unwrap().ceded, 4);
    for _ in 0..4 {
        sync(&ledger, &mut central).await;
    }
    assert_eq!(rights(&ledger).await.unwrap().ceded, 4);
    close(ledger, &disk).await;
    // A box with a new disk has them from central.
    let mut new = Disk::new();
    let ledger = new.enrolled();
    for _ in 0..4 {
        sync(&ledger, &mut central).await;
    }
    assert_eq!((rights(&ledger).await.unwrap().ceded, units(&ledger, "A").await.0), (4, 5));
    assert_eq!(ledger.unbalanced(5).await.unwrap(), vec![]);
}
