//! What customers brought back: the list of it, and whose trace it is.

use super::support::{Disk, FakeCentral, TRACE, run, run_as, stock, sync};
use crate::core::command::{BringBackLine, BringBackRequest, Command, Intent, MovementKind};
use crate::core::testing::{intent, moves};
use crate::ports::ledger::{BackFilter, Ledger};
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::time::UtcMs;

const OF_DEVICE: &str = "0af7651916cd43dd8448eb211c80319c";

fn back(of: ReturnRef, lines: &[(&str, i64, Condition)]) -> Command {
    let line = |(sku, units, condition): &(&str, i64, Condition)| BringBackLine {
        sku: sku.parse().unwrap(),
        units: *units,
        condition: *condition,
    };
    Command::BringBack(BringBackRequest { of, lines: lines.iter().map(line).collect(), note: None })
}

fn order(id: &str) -> ReturnRef {
    ReturnRef::Order(id.parse().unwrap())
}

fn slip(id: &str) -> ReturnRef {
    ReturnRef::Return(id.parse().unwrap())
}

/// SKU and units of each, the newest first.
async fn listed(ledger: &impl Ledger, filter: BackFilter) -> (Vec<(String, i64)>, Option<String>) {
    let page = ledger.brought_back(filter).await.unwrap();
    let row = |back: crate::ports::ledger::BroughtBack| (back.sku.to_string(), back.units);
    (page.brought_back.into_iter().map(row).collect(), page.next)
}

#[tokio::test]
async fn what_came_back_is_listed_page_by_page_and_nothing_else_is() {
    let mut disk = Disk::new();
    let ledger = disk.enrolled();
    stock(&ledger, &[("A", 10), ("B", 1)]).await;
    let two = [("A", 2, Condition::Sellable), ("B", 1, Condition::Damaged)];
    run(&ledger, "k1", back(order("o"), &two)).await.unwrap();
    run(&ledger, "k2", moves(MovementKind::Return, "A", 1)).await.unwrap();
    run(&ledger, "k3", back(slip("o-r1"), &[("A", 3, Condition::Missing)])).await.unwrap();
    run(&ledger, "k4", back(order("o-r"), &[("A", 4, Condition::Sellable)])).await.unwrap();
    let of = |sku: &str, units| (sku.to_owned(), units);
    let (first, next) = listed(&ledger, BackFilter { limit: 3, ..BackFilter::default() }).await;
    assert_eq!(first, [of("A", 4), of("A", 3), of("B", 1)]);
    let (rest, over) = listed(&ledger, BackFilter { cursor: next, limit: 3, ..BackFilter::default() }).await;
    assert_eq!((rest, over), (vec![of("A", 2)], None));
    let of_order = BackFilter { order: Some("o".parse().unwrap()), ..BackFilter::default() };
    assert_eq!(listed(&ledger, of_order).await.0, [of("A", 3), of("B", 1), of("A", 2)], "and of its returns");
    let later = BackFilter { since: UtcMs(i64::MAX), ..BackFilter::default() };
    assert_eq!(listed(&ledger, later).await.0, []);
    let cursor = BackFilter { cursor: Some("x".to_owned()), ..BackFilter::default() };
    assert!(ledger.brought_back(cursor).await.unwrap_err().to_string().contains("cursor"));
}

#[tokio::test]
async fn goods_of_an_order_that_this_store_had_belong_to_its_trace() {
    let (mut disk, mut central) = (Disk::new(), FakeCentral::new());
    let ledger = disk.enrolled();
    stock(&ledger, &[("A", 10)]).await;
    central.offer("o-1", &[("A", 1)]);
    sync(&ledger, &mut central).await;
    let own = |key: &str| Intent { trace: Some(OF_DEVICE.parse().unwrap()), ..intent(key) };
    for (key, of) in [("k1", order("o")), ("k2", slip("o-r1")), ("k3", order("of-another-store"))] {
        run_as(&ledger, own(key), back(of, &[("A", 1, Condition::Sellable)])).await.unwrap();
    }
    sync(&ledger, &mut central).await;
    let told: Vec<String> = central.stock_texts().filter(|text| text.contains("brought_back")).collect();
    let of = |trace: &str| told.iter().filter(|text| text.contains(trace)).count();
    assert_eq!((told.len(), of(TRACE), of(OF_DEVICE)), (3, 2, 1), "{told:?}");
}
