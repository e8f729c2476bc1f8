use super::support::{Disk, FakeCentral, NOW, code, identity, run, stock, sync, units};
use crate::core::command::{MovementKind, TaskAct};
use crate::core::testing::{acts, at, moves};
use crate::ports::ledger::{Ledger, LedgerError, Replica};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{DocumentId, LineNo};
use holdfast_shared::limits::EPOCH_FACTS_MAX;
use holdfast_shared::wire::sync::SEALS_SINCE;
use std::collections::BTreeSet;

#[tokio::test]
async fn both_sides_are_level_after_a_round_and_nothing_is_sent_twice() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    assert_eq!(ledger.summary().await.unwrap().unsynced, 1);
    central.offer("o-1", &[("A", 1)]);
    let cut = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!((cut.documents.len(), cut.unsynced, cut.more), (1, 1, false));
    let absorbed = ledger.absorb(&central.sync(&cut), at(NOW)).await.unwrap();
    assert!(absorbed.level && absorbed.facts == 1 && absorbed.tasks == ["o-1".parse().unwrap()]);
    let summary = ledger.summary().await.unwrap();
    assert_eq!((summary.unsynced, summary.oldest_unsynced_at), (0, None));
    let idle = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!((idle.documents.len(), idle.root), (0, central.root().hash()));
    assert_eq!((summary.root, summary.stock_digest), (idle.root.hex(), idle.stock_digest.hex()));
}

#[tokio::test]
async fn an_answer_to_a_task_goes_before_stock() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    central.offer("o-1", &[("A", 1)]);
    sync(&ledger, &mut central).await;
    run(&ledger, "1", moves(MovementKind::Receipt, "A", 4)).await.unwrap();
    run(&ledger, "2", acts("o-1", TaskAct::Accept)).await.unwrap();
    let cut = ledger.cut(at(NOW)).await.unwrap();
    let names: Vec<_> = cut.documents.iter().map(|frame| frame.document().unwrap()).collect();
    assert!(matches!(names.as_slice(), [DocumentId::Task(_), DocumentId::Stock { .. }]), "{names:?}");
}

#[tokio::test]
async fn a_lost_response_and_a_response_twice_change_nothing() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    central.offer("o-1", &[("A", 2)]);
    let lost = ledger.cut(at(NOW)).await.unwrap();
    central.sync(&lost);
    let again = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!(again.documents, lost.documents);
    let response = central.sync(&again);
    ledger.absorb(&response, at(NOW)).await.unwrap();
    run(&ledger, "1", acts("o-1", TaskAct::Accept)).await.unwrap();
    let repeated = ledger.absorb(&response, at(NOW)).await.unwrap();
    assert_eq!((repeated.facts, repeated.problems), (0, vec![]));
    assert_eq!(units(&ledger, "A").await, (5, 2, 3));
    assert!(sync(&ledger, &mut central).await);
    assert_eq!((central.stock_facts(), central.facts_of("task/o-1")), (1, 2));
}

#[tokio::test]
async fn a_restart_between_cut_and_answer_goes_on_under_a_new_writer() {
    let mut disk = Disk::new();
    let mut central = FakeCentral::new();
    central.offer("o-1", &[("A", 3)]);
    let ledger = disk.enrolled();
    sync(&ledger, &mut central).await;
    run(&ledger, "0", acts("o-1", TaskAct::Accept)).await.unwrap();
    let mut names = BTreeSet::new();
    let mut ledger = Some(ledger);
    for (n, act) in (1..).zip([TaskAct::StartPicking, TaskAct::Pick { line: LineNo(1), quantity: 3 }]) {
        let current = ledger.take().unwrap();
        run(&current, &format!("s{n}"), moves(MovementKind::Receipt, "A", 1)).await.unwrap();
        let told = current.cut(at(NOW)).await.unwrap();
        names.extend(told.documents.iter().map(|frame| frame.name().to_owned()));
        // Central has it, and the answer never arrives.
        central.sync(&told);
        drop(current);
        let next = disk.enrolled();
        run(&next, &format!("t{n}"), acts("o-1", act)).await.unwrap();
        ledger = Some(next);
    }
    let ledger = ledger.unwrap();
    assert!(sync(&ledger, &mut central).await);
    assert_eq!(names.iter().filter(|name| name.starts_with("stock/")).count(), 2);
    assert_eq!((central.facts_of("task/o-1"), central.stock_facts()), (4, 2));
}

#[tokio::test]
async fn facts_of_before_enrolment_are_carried_after_it() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 5)]).await;
    run(&ledger, "1", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    let early = ledger.cut(at(NOW)).await.unwrap_err();
    assert!(matches!(early, LedgerError::Unavailable { code: Code::Unauthenticated, .. }));
    ledger.enrolled(identity("leeds", &"b1".parse().unwrap())).await.unwrap();
    run(&ledger, "2", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    let mut central = FakeCentral::new();
    assert!(sync(&ledger, &mut central).await);
    assert_eq!(central.stock_facts(), 3);
}

#[tokio::test]
async fn a_long_backlog_goes_in_epochs() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    let skus: Vec<_> = (0..EPOCH_FACTS_MAX + 700).map(|n| format!("SKU-{n}")).collect();
    let items: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    stock(&ledger, &items).await;
    let cut = ledger.cut(at(NOW)).await.unwrap();
    let names: Vec<_> = cut.documents.iter().map(|frame| frame.name().to_owned()).collect();
    assert_eq!(names, ["stock/leeds/leeds-a/b1/1"], "a message ends where a document does");
    assert!(cut.more && !ledger.absorb(&central.sync(&cut), at(NOW)).await.unwrap().level);
    while !sync(&ledger, &mut central).await {}
    assert_eq!(central.stock_facts(), skus.len());
    let full = central.facts_of("stock/leeds/leeds-a/b1/1");
    assert!((EPOCH_FACTS_MAX..=EPOCH_FACTS_MAX + 500).contains(&full), "{full}");
}

/// A central that does not know closings would refuse the whole document for one.
#[tokio::test]
async fn a_day_is_closed_only_for_a_central_that_knows_what_that_is() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    for (version, closed) in [(SEALS_SINCE - 1, false), (SEALS_SINCE, true)] {
        let mut disk = Disk::new();
        let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
        central.version = version;
        sync(&ledger, &mut central).await;
        stock(&ledger, &[("A", 5)]).await;
        sync(&ledger, &mut central).await;
        let cut = ledger.cut(at(NOW + DAY_MS)).await.unwrap();
        assert_eq!(!cut.documents.is_empty(), closed, "version {version}");
        run(&ledger, "1", moves(MovementKind::Sale, "A", 1)).await.unwrap();
        // The cut above got no answer, so the first round only probes.
        sync(&ledger, &mut central).await;
        assert!(sync(&ledger, &mut central).await);
        let first = &central.bags[&"stock/leeds/leeds-a/b1/1".parse().unwrap()];
        assert_eq!(first.facts().any(|(_, text)| text.contains("closed")), closed);
        assert_eq!(central.stock_facts(), 2);
    }
}

#[tokio::test]
async fn a_movement_that_is_refused_is_not_carried() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    assert_eq!(code(run(&ledger, "1", moves(MovementKind::Sale, "ghost", 1)).await), Code::UnknownSku);
    assert!(sync(&ledger, &mut central).await);
    assert_eq!(central.bags.len(), 0);
}
