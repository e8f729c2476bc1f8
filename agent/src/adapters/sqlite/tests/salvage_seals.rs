//! Sealed documents have no changes of their own, and their facts are in the baseline: neither is damage.

use super::salvage::{meddle, sell, told};
use super::support::{Disk, FakeCentral, NOW, close, stock, sync, units};
use crate::adapters::sqlite::SqliteLedger;
use crate::core::testing::at;
use crate::ports::ledger::{Housekeeping, Replica, Retention};
use holdfast_platform::sqlite::StorageError;

const SEALED: &str = "SELECT count(*) FROM document WHERE sealed_at IS NOT NULL";
const ARCHIVES: &str = "SELECT count(*) FROM document_archive";
const FACTS: &str = "SELECT count(*) FROM fact";

async fn count(ledger: &SqliteLedger, statement: &'static str) -> i64 {
    ledger
        .read(move |connection| {
            Ok(connection.query_row(statement, [], |row| row.get(0)).map_err(StorageError::from)?)
        })
        .await
        .unwrap()
}

/// Eleven facts in a sealed document, three in an open one; central has all of them.
async fn with_a_seal(disk: &mut Disk, central: &mut FakeCentral) -> SqliteLedger {
    let ledger = disk.enrolled();
    stock(&ledger, &[("A", 100), ("B", 7)]).await;
    sell(&ledger, 0, 9).await;
    assert!(sync(&ledger, central).await);
    central.sealed = central.bags.keys().cloned().collect();
    assert!(sync(&ledger, central).await);
    assert_eq!((count(&ledger, SEALED).await, count(&ledger, ARCHIVES).await), (1, 1));
    sell(&ledger, 9, 3).await;
    assert!(sync(&ledger, central).await);
    ledger
}

/// Level with central, and every number is what it must be.
async fn is_right(ledger: &SqliteLedger, central: &mut FakeCentral, what: &str) {
    let mut level = false;
    for _ in 0..4 {
        level = sync(ledger, central).await;
    }
    assert!(level, "{what}: not level");
    assert_eq!((units(ledger, "A").await.0, units(ledger, "B").await.0), (88, 7), "{what}");
    assert_eq!(ledger.unbalanced(5).await.unwrap(), vec![], "{what}");
    assert_eq!(told(ledger).await.unsynced, 0, "{what}");
    // Of a document that does not load nobody knows which of its facts central has: all go again.
    let again = if what == "an open document" { 3 } else { 0 };
    assert_eq!(central.stock_facts(), 14 + again, "{what}");
    assert_eq!(count(ledger, SEALED).await, 1, "{what}");
    ledger.examine().await.unwrap();
}

#[tokio::test]
async fn a_box_with_sealed_documents_passes_its_own_examination() {
    let (mut disk, mut central) = (Disk::new(), FakeCentral::new());
    let ledger = with_a_seal(&mut disk, &mut central).await;
    ledger.examine().await.unwrap();
    // Retention takes the archive and the facts, and neither is missed.
    let retention = Retention { archives_ms: -1, facts_ms: -1 };
    while ledger.keep_house(retention).await.unwrap().more {}
    assert_eq!((count(&ledger, ARCHIVES).await, count(&ledger, FACTS).await), (0, 3));
    ledger.examine().await.unwrap();
    close(ledger, &disk).await;
    is_right(&disk.enrolled(), &mut central, "after retention").await;

    // A fact that nobody deleted by rule is missed all the same.
    let ledger = disk.enrolled();
    meddle(&disk, "UPDATE agent SET facts_dropped = facts_dropped - 1");
    assert!(ledger.examine().await.is_err());
}

#[tokio::test]
async fn damage_beside_a_seal_costs_nothing_that_central_or_the_seal_has() {
    for (statements, what, facts) in [
        (&["UPDATE fact SET sum = sum + 1 WHERE seq = 13"][..], "a fact of an open document", 14),
        (&["UPDATE fact SET sum = sum + 1 WHERE seq = 1"], "a fact of a sealed document", 14),
        (&["UPDATE agent SET sum = sum + 1"], "what the box knows of itself", 14),
        (&["UPDATE document_change SET bytes = x'00' WHERE n = 1"], "an open document", 14),
        (&["UPDATE document_archive SET changes = x'00'"], "an archive", 14),
        (
            &["DELETE FROM baseline WHERE sku = 'B'", "UPDATE fact SET sum = sum + 1 WHERE seq = 13"],
            "a sum of what was sealed",
            14,
        ),
        (
            &["UPDATE document_archive SET changes = x'00'", "UPDATE fact SET sum = sum + 1 WHERE seq = 1"],
            "a sealed fact that nothing keeps",
            13,
        ),
    ] {
        let (mut disk, mut central) = (Disk::new(), FakeCentral::new());
        let ledger = with_a_seal(&mut disk, &mut central).await;
        for statement in statements {
            meddle(&disk, statement);
        }
        assert!(ledger.examine().await.is_err(), "{what} was taken for sound");
        close(ledger, &disk).await;
        let ledger = disk.enrolled();
        assert_eq!(told(&ledger).await.losses.len(), 1, "{what}: not salvaged");
        is_right(&ledger, &mut central, what).await;
        assert_eq!(count(&ledger, FACTS).await, facts, "{what}");
        assert!(!told(&ledger).await.rehydrating, "{what}");
    }
}

#[tokio::test]
async fn a_file_that_is_gone_begins_with_the_baseline() {
    let (mut disk, mut central) = (Disk::new(), FakeCentral::new());
    let ledger = with_a_seal(&mut disk, &mut central).await;
    close(ledger, &disk).await;
    std::fs::write(disk.path(), vec![b'x'; 20_000]).unwrap();
    is_right(&disk.enrolled(), &mut central, "everything").await;
}

/// Stock is not known before the last piece, whatever else is level.
#[tokio::test]
async fn a_box_takes_no_order_work_while_pieces_of_the_baseline_are_on_their_way() {
    let (mut disk, mut central) = (Disk::new(), FakeCentral::new());
    let ledger = with_a_seal(&mut disk, &mut central).await;
    close(ledger, &disk).await;
    std::fs::write(disk.path(), vec![b'x'; 20_000]).unwrap();
    let ledger = disk.enrolled();
    loop {
        let cut = ledger.cut(at(NOW)).await.unwrap();
        let mut answer = central.sync(&cut);
        if let (Some(piece), Some(ask)) = (&mut answer.baseline, &cut.baseline) {
            piece.positions.retain(|position| Some(&position.sku) > ask.after.as_ref());
            let rest = piece.positions.split_off(piece.positions.len().min(1));
            let last = piece.positions.last().map(|position| position.sku.clone());
            piece.next = last.filter(|_| !rest.is_empty());
        }
        ledger.absorb(&answer, at(NOW)).await.unwrap();
        let begun = answer.baseline.is_some_and(|piece| piece.next.is_none());
        assert_eq!(told(&ledger).await.rehydrating, !begun);
        if begun {
            break;
        }
    }
    is_right(&ledger, &mut central, "in pieces").await;
}

#[tokio::test]
async fn the_terms_of_what_was_sealed_are_under_a_sum_too() {
    let (mut disk, mut central) = (Disk::new(), FakeCentral::new());
    let ledger = with_a_seal(&mut disk, &mut central).await;
    // A flipped bit fires no trigger.
    let behind = rusqlite::Connection::open(disk.path()).unwrap();
    behind
        .execute_batch(
            "DROP TRIGGER agent_sum_check; DROP TRIGGER agent_sum_update;
            UPDATE agent SET sealed_root = zeroblob(32);",
        )
        .unwrap();
    drop(behind);
    assert!(ledger.examine().await.is_err());
    close(ledger, &disk).await;
    is_right(&disk.enrolled(), &mut central, "the sealed root").await;
}
