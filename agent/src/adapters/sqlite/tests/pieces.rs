use super::support::{Disk, FakeCentral, NOW, line, run, stock, sync};
use crate::adapters::sqlite::SqliteLedger;
use crate::core::command::{Command, MovementKind, MovementRequest, TaskAct};
use crate::core::testing::{acts, at, moves};
use crate::ports::ledger::{Cut, Import, Ledger, Replica};
use holdfast_shared::ids::DocumentId;
use holdfast_shared::limits::{EPOCH_FACTS_MAX, SYNC_DOCUMENTS_MAX, SYNC_PIECE_BYTES, SYNC_SMALL_BYTES};
use holdfast_shared::wire::sync::SyncMessage;
use std::collections::BTreeSet;

fn changes(cut: &Cut) -> usize {
    cut.documents.iter().map(|frame| frame.changes.len()).sum()
}

fn bytes(cut: &Cut) -> usize {
    cut.documents.iter().map(|frame| frame.change_bytes()).sum()
}

fn names(cut: &Cut) -> Vec<String> {
    cut.documents.iter().map(|frame| frame.name().to_owned()).collect()
}

/// Sales with notes that do not compress into nothing: `facts` of about 600 bytes.
async fn wordy(ledger: &SqliteLedger, key: &str, facts: usize) {
    let sale = |n: usize| {
        let seed = blake3::hash(format!("{key}{n}").as_bytes()).to_hex().to_string();
        MovementRequest {
            kind: MovementKind::Receipt,
            sku: "A".parse().unwrap(),
            quantity: 1,
            peer: None,
            note: Some(seed.repeat(7)),
        }
    };
    for (part, numbers) in (0..facts).collect::<Vec<_>>().chunks(500).enumerate() {
        let sales = numbers.iter().map(|n| sale(*n)).collect();
        run(ledger, &format!("{key}-{part}"), Command::Move(sales)).await.unwrap();
    }
}

#[tokio::test]
async fn while_nobody_answers_nothing_is_carried_and_the_probe_is_small() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 500)]).await;
    assert!(sync(&ledger, &mut central).await);
    run(&ledger, "first", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    let first = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!(changes(&first), 1);
    for n in 0..40 {
        run(&ledger, &format!("s{n}"), moves(MovementKind::Sale, "A", 1)).await.unwrap();
        let probe = ledger.cut(at(NOW)).await.unwrap();
        assert_eq!(probe.documents, first.documents, "attempt {n}");
        assert_eq!((probe.unsynced, probe.more), (n + 2, true));
        // Root and digest are those of the last cut, together, and so are the heartbeat's.
        assert_eq!((probe.root, probe.stock_digest), (first.root, first.stock_digest));
        let told = ledger.summary().await.unwrap();
        assert_eq!((told.root, told.stock_digest), (first.root.hex(), first.stock_digest.hex()));
    }
    let probe = ledger.cut(at(NOW)).await.unwrap();
    let absorbed = ledger.absorb(&central.sync(&probe), at(NOW)).await.unwrap();
    assert!(!absorbed.level);
    let rest = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!((changes(&rest), rest.more), (1, false), "all forty in one change");
    assert!(ledger.absorb(&central.sync(&rest), at(NOW)).await.unwrap().level);
    assert_eq!(central.stock_facts(), 42);
}

#[tokio::test]
async fn what_a_probe_has_no_room_for_waits_for_the_answer() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    wordy(&ledger, "w", 1_500).await;
    let whole = ledger.cut(at(NOW)).await.unwrap();
    assert!(bytes(&whole) > 2 * SYNC_SMALL_BYTES && !whole.more, "{}", bytes(&whole));
    // Each answer is heard, and each conversation breaks off after it: it goes on where it was.
    let mut rounds = 0;
    loop {
        let probe = ledger.cut(at(NOW)).await.unwrap();
        let level = ledger.absorb(&central.sync(&probe), at(NOW)).await.unwrap().level;
        rounds += 1;
        if level {
            break;
        }
        drop(ledger.cut(at(NOW)).await.unwrap());
    }
    assert!(rounds > 1, "one change of half a thousand facts a probe");
    assert_eq!(central.stock_facts(), 1_501);
}

#[tokio::test]
async fn answers_to_tasks_do_not_wait_for_a_backlog() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    central.offer("o-1", &[("A", 1)]);
    sync(&ledger, &mut central).await;
    wordy(&ledger, "w", 3_000).await;
    run(&ledger, "accept", acts("o-1", TaskAct::Accept)).await.unwrap();
    let first = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!(names(&first).first().map(String::as_str), Some("task/o-1"));
    assert!(first.more && bytes(&first) < SYNC_SMALL_BYTES + 400_000, "{} bytes", bytes(&first));
    ledger.absorb(&central.sync(&first), at(NOW)).await.unwrap();
    assert_eq!(central.facts_of("task/o-1"), 2);
    let rest = ledger.cut(at(NOW)).await.unwrap();
    assert!(bytes(&rest) > 1_000_000 && !rest.more);
    assert!(ledger.absorb(&central.sync(&rest), at(NOW)).await.unwrap().level);
}

#[tokio::test]
async fn todays_stock_goes_before_history_and_a_piece_is_never_too_large() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    let skus: Vec<_> = (0..EPOCH_FACTS_MAX).map(|n| format!("SKU-{n}")).collect();
    let items: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    stock(&ledger, &items).await;
    stock(&ledger, &[("A", 5)]).await;
    wordy(&ledger, "w", 8_000).await;
    let (mut rounds, mut told) = (0, BTreeSet::new());
    loop {
        let cut = ledger.cut(at(NOW)).await.unwrap();
        assert!(bytes(&cut) < SYNC_PIECE_BYTES + 1_048_576 && cut.documents.len() <= SYNC_DOCUMENTS_MAX);
        rounds += 1;
        for change in cut.documents.iter().flat_map(|frame| &frame.changes) {
            assert!(told.insert(change.clone()), "sent twice");
        }
        if ledger.absorb(&central.sync(&cut), at(NOW)).await.unwrap().level {
            break;
        }
        if rounds == 1 {
            let todays = central.stock_texts().filter(|text| text.len() > 400).count();
            assert!(todays * 2 > central.stock_facts(), "{todays} of {}", central.stock_facts());
        }
    }
    assert_eq!(central.stock_facts(), EPOCH_FACTS_MAX + 1 + 8_000);
}

#[tokio::test]
async fn what_is_carried_ahead_is_the_next_message() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    let skus: Vec<_> = (0..2 * EPOCH_FACTS_MAX + 700).map(|n| format!("SKU-{n}")).collect();
    let items: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    stock(&ledger, &items).await;
    let mut told = Vec::new();
    loop {
        let cut = ledger.cut(at(NOW)).await.unwrap();
        // Twice: one message is as far ahead as it goes.
        ledger.carry_ahead(at(NOW)).await.unwrap();
        ledger.carry_ahead(at(NOW)).await.unwrap();
        told.push(names(&cut));
        if ledger.absorb(&central.sync(&cut), at(NOW)).await.unwrap().level {
            break;
        }
    }
    assert_eq!(told, [1, 2, 3].map(|n| [format!("stock/leeds/leeds-a/b1/{n}")]));
    assert_eq!(central.stock_facts(), skus.len());
}

#[tokio::test]
async fn after_lost_answers_todays_stock_still_goes_first() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    sync(&ledger, &mut central).await;
    for part in 0..3 {
        let skus: Vec<_> = (0..EPOCH_FACTS_MAX).map(|n| format!("SKU-{part}-{n}")).collect();
        let items: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
        let later = at(NOW + part * 1_000);
        let items = items.iter().map(|(sku, units)| line(sku, Some(*units))).collect();
        ledger.import(items, Box::new(|_| {}), later).await.unwrap();
    }
    let lost = ledger.cut(at(NOW)).await.unwrap();
    ledger.carry_ahead(at(NOW)).await.unwrap();
    let probe = ledger.cut(at(NOW)).await.unwrap();
    ledger.absorb(&central.sync(&probe), at(NOW)).await.unwrap();
    let next = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!(names(&lost), ["stock/leeds/leeds-a/b1/1"]);
    let order = names(&next);
    assert_eq!(order.first().map(String::as_str), Some("stock/leeds/leeds-a/b1/1"), "{order:?}");
    while !sync(&ledger, &mut central).await {}
    assert_eq!(central.stock_facts(), 3 * EPOCH_FACTS_MAX);
}

#[tokio::test]
async fn more_documents_than_a_message_holds_go_in_two() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    let tasks: Vec<_> = (0..SYNC_DOCUMENTS_MAX + 3).map(|n| format!("o-{n}")).collect();
    for task in &tasks {
        central.offer(task, &[("A", 1)]);
    }
    // A message of the other side holds no more either: what it offers comes in two as well.
    let all = central.sync(&ledger.cut(at(NOW)).await.unwrap());
    assert!(all.encode().is_err(), "it is over the limit");
    for piece in all.documents.chunks(SYNC_DOCUMENTS_MAX) {
        let part = holdfast_shared::wire::sync::SyncResponse { documents: piece.to_vec(), ..all.clone() };
        assert_eq!(ledger.absorb(&part, at(NOW)).await.unwrap().problems, Vec::<String>::new());
    }
    for task in &tasks {
        run(&ledger, task, acts(task, TaskAct::Accept)).await.unwrap();
    }
    let cut = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!((cut.documents.len(), cut.more), (SYNC_DOCUMENTS_MAX, true));
    assert!(cut.documents.iter().all(|frame| matches!(frame.document(), Ok(DocumentId::Task(_)))));
    let mut answer = central.sync(&cut);
    answer.documents.clear();
    ledger.absorb(&answer, at(NOW)).await.unwrap();
    let rest = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!((rest.documents.len(), rest.more), (3, false));
}
