//! What status pages and heartbeats tell without counting.

use super::support::{Disk, FakeCentral, NOW, line, run, stock, sync};
use crate::adapters::sqlite::{SqliteLedger, sql};
use crate::core::command::{Answer, MovementKind, TaskAct};
use crate::core::testing::{acts, at, intent, moves};
use crate::ports::ledger::{Import, Ledger, Pulse, Replica};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, StatementStatus};

/// Items, items with stock, and what central lacks: as told, and counted row by row.
async fn told_and_counted(ledger: &SqliteLedger, disk: &Disk) -> ([u64; 3], [u64; 3]) {
    let told = ledger.summary().await.unwrap();
    let rows = Connection::open(disk.path()).unwrap();
    let count = |sql: &str| rows.query_row(sql, [], |row| row.get::<_, u32>(0).map(u64::from)).unwrap();
    let counted = [
        count("SELECT count(*) FROM item"),
        count("SELECT count(*) FROM item WHERE moved_at IS NOT NULL"),
        count("SELECT count(*) FROM fact WHERE document IS NULL")
            + count("SELECT coalesce(sum(facts), 0) FROM document_change WHERE acked = 0"),
    ];
    ([told.skus, told.positions, told.unsynced], counted)
}

#[tokio::test]
async fn counts_are_those_of_a_recount_whatever_happened() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 10), ("B", 0)]).await;
    ledger.import(vec![line("C", None), line("A", Some(3))], Box::new(|_| {}), at(NOW)).await.unwrap();
    run(&ledger, "1", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    run(&ledger, "2", moves(MovementKind::Sale, "UNKNOWN", 1)).await.unwrap_err();
    let (told, counted) = told_and_counted(&ledger, &disk).await;
    assert_eq!((told, counted), ([3, 2, 3], [3, 2, 3]));
    // Carried and not acknowledged; then acknowledged; then an answer that is owed again.
    let cut = ledger.cut(at(NOW)).await.unwrap();
    let (told, counted) = told_and_counted(&ledger, &disk).await;
    assert_eq!((told, counted), ([3, 2, 3], [3, 2, 3]));
    ledger.absorb(&central.sync(&cut), at(NOW)).await.unwrap();
    central.offer("o-1", &[("A", 1), ("NEW", 1)]);
    sync(&ledger, &mut central).await;
    run(&ledger, "3", acts("o-1", TaskAct::Accept)).await.unwrap();
    let (told, counted) = told_and_counted(&ledger, &disk).await;
    assert_eq!((told, counted), ([4, 2, 1], [4, 2, 1]));
    // Central was restored: all is offered anew.
    central.incarnation += 1;
    ledger.absorb(&central.sync(&ledger.cut(at(NOW)).await.unwrap()), at(NOW)).await.unwrap();
    let (told, counted) = told_and_counted(&ledger, &disk).await;
    assert_eq!(told, counted);
}

#[tokio::test]
async fn a_summary_costs_the_same_with_a_hundred_times_the_stock() {
    let mut steps = Vec::new();
    for items in [20, 2_000] {
        let mut disk = Disk::new();
        let ledger = disk.alone();
        let lines = (0..items).map(|n| line(&format!("S{n}"), Some(1))).collect();
        ledger.import(lines, Box::new(|_| {}), at(NOW)).await.unwrap();
        let rows = Connection::open(disk.path()).unwrap();
        let mut summary = rows.prepare(sql::SUMMARY).unwrap();
        summary.query_row([0], |_| Ok(())).unwrap();
        steps.push(summary.get_status(StatementStatus::VmStep));
    }
    assert_eq!(steps[0], steps[1]);
}

#[tokio::test]
async fn a_pulse_ends_with_the_writer() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    assert_eq!(ledger.pulse(), Pulse { lives: true, damaged: false });
    ledger.stop().await;
    // The answer to the stop is the thread's last word but one.
    while ledger.pulse().lives {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_was_sold_while_the_clock_was_ahead_is_not_fresh_for_ever() {
    let year = 365 * 86_400_000;
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 10), ("B", 10), ("C", 10)]).await;
    let sell = async |key: &str, sku: &str, ms: i64| {
        let answer =
            ledger.execute(intent(key), moves(MovementKind::Sale, sku, 1), at(ms)).await.unwrap().answer;
        let Answer::Moved { positions, .. } = answer else { panic!("{answer:?}") };
        positions[0].as_of
    };
    assert_eq!(sell("1", "A", NOW + year).await, Some(UtcMs(NOW + year)));
    // It is set right: the stamps of facts go on from there, positions do not.
    assert_eq!(sell("2", "B", NOW + 5_000).await, Some(UtcMs(NOW + 5_000)));
    assert_eq!(ledger.summary().await.unwrap().last_movement_at, Some(UtcMs(NOW + 5_000)));
    assert_eq!(sell("3", "A", NOW + 6_000).await, Some(UtcMs(NOW + 6_000)), "and what was wrong is mended");
    // It is put back, and lives on from there.
    assert_eq!(sell("4", "C", 70).await, Some(UtcMs(70)));
    assert_eq!(ledger.summary().await.unwrap().last_movement_at, Some(UtcMs(70)));
}
