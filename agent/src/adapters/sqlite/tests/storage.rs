use super::support::{Disk, FakeCentral, NOW, close, code, line, run, stock, sync, units};
use crate::adapters::sqlite::SqliteLedger;
use crate::adapters::sqlite::hand::Hand;
use crate::adapters::sqlite::sql;
use crate::core::command::MovementKind;
use crate::core::testing::{at, moves};
use crate::ports::ledger::{Import, Ledger, LedgerError, Replica};
use holdfast_platform::sqlite::{Options, Place, StorageError};
use holdfast_shared::error::Code;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

async fn pages_max(ledger: &SqliteLedger, spare: Option<u32>) {
    ledger
        .write(move |connection, _| {
            let now: u32 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            let most = spare.map_or(1_000_000, |spare| now + spare);
            connection.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(()))?;
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn long_answers_are_forgotten_before_they_fill_the_disk() {
    let mut disk = Disk::new();
    let ledger = disk.enrolled();
    stock(&ledger, &[("A", 500)]).await;
    for n in 0..40 {
        run(&ledger, &format!("s{n}"), moves(MovementKind::Sale, "A", 1)).await.unwrap();
    }
    let kept = |bytes: i64| {
        ledger.write(move |connection, _| {
            let over = connection.execute(sql::KEYS_OVER, [bytes, 1_000]).map_err(StorageError::from)?;
            let left = "SELECT count(*), coalesce(sum(octet_length(answer)), 0), coalesce(max(n), 0) FROM idempotency";
            let left = connection.query_row(left, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
            Ok((over, left.map_err(StorageError::from)?))
        })
    };
    let (over, (all, bytes, newest)): (usize, (i64, i64, i64)) = kept(i64::MAX).await.unwrap();
    assert_eq!((over, all), (0, 40));
    let (over, (left, half, last)) = kept(bytes / 2).await.unwrap();
    assert!((15..=25).contains(&left) && half <= bytes / 2, "{left} of {half} bytes");
    assert_eq!((over, last), (usize::try_from(all - left).unwrap(), newest), "the oldest went");
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_crash() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 100)]).await;
    for n in 0..20 {
        run(&ledger, &format!("k{n}"), moves(MovementKind::Sale, "A", 1)).await.unwrap();
    }
    // A crash closes nothing: the files are taken as they lie.
    let mut copy = Disk::new();
    for file in ["agent.db", "agent.db-wal"] {
        std::fs::copy(disk.dir.path().join(file), copy.dir.path().join(file)).unwrap();
    }
    let after = copy.alone();
    assert_eq!(units(&after, "A").await.0, 80);
    let again = run(&after, "k7", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    assert!(again.replayed);
}

#[tokio::test]
async fn minted_ids_are_not_given_again_by_a_disk_that_went_back() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 100)]).await;
    close(ledger, &disk).await;
    let mut restored = Disk::new();
    std::fs::copy(disk.path(), restored.path()).unwrap();
    let first = run(&disk.alone(), "k", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    restored.alone();
    restored.alone();
    let second = run(&restored.alone(), "k", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    assert_ne!(first.answer, second.answer);
}

#[tokio::test]
async fn a_full_disk_writes_nothing_and_works_again_afterwards() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 100_000)]).await;
    sync(&ledger, &mut central).await;
    pages_max(&ledger, Some(2)).await;
    let mut done = 0;
    let refused = loop {
        match run(&ledger, &format!("k{done}"), moves(MovementKind::Sale, "A", 1)).await {
            Ok(_) => done += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&refused, LedgerError::Unavailable { code: Code::DiskFull, .. }), "{refused:?}");
    let items = (0..500).map(|n| line(&format!("SKU-{n}"), Some(1))).collect();
    let refused = ledger.import(items, Box::new(|_| {}), at(NOW)).await.unwrap_err();
    assert!(matches!(&refused, LedgerError::Unavailable { code: Code::DiskFull, .. }), "{refused:?}");
    let summary = ledger.summary().await.unwrap();
    assert_eq!((summary.facts, summary.skus, summary.damaged), (done + 1, 1, None));
    assert_eq!(units(&ledger, "A").await.0, 100_000 - i64::try_from(done).unwrap());
    pages_max(&ledger, None).await;
    assert!(!run(&ledger, &format!("k{done}"), moves(MovementKind::Sale, "A", 1)).await.unwrap().replayed);
    assert!(sync(&ledger, &mut central).await);
    assert_eq!(u64::try_from(central.stock_facts()).unwrap(), done + 2);
}

/// Commands, syncs, imports, pairings: all go through the one door.
#[tokio::test]
async fn whatever_finds_no_room_lets_the_ballast_go_and_is_tried_once_more() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    for (full, done) in [(1, true), (9, false)] {
        assert!(ledger.hold_ballast().unwrap());
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        let job = move |_: &rusqlite::Connection, _: &mut Hand| match counted.fetch_add(1, Ordering::Relaxed)
        {
            n if n < full => Err(StorageError::DiskFull("no room".to_owned()).into()),
            _ => Ok(()),
        };
        assert_eq!(ledger.write(job).await.is_ok(), done);
        assert_eq!(tries.load(Ordering::Relaxed), 2);
        assert_eq!(ledger.summary().await.unwrap().ballast_held, Some(false));
    }
}

#[tokio::test]
async fn a_database_belongs_to_one_store() {
    let mut disk = Disk::new();
    drop(disk.enrolled());
    let boot: holdfast_shared::ids::BootId = "b9".parse().unwrap();
    let other = super::support::identity("york", &boot);
    let refused = SqliteLedger::open(&Place::File(disk.path()), Options::default(), boot, Some(other));
    assert!(refused.unwrap_err().to_string().contains("leeds"));
    drop(disk.enrolled());
}

#[tokio::test]
async fn damage_that_shows_while_running_ends_writing_too() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 1)]).await;
    close(ledger, &disk).await;
    let ledger = disk.alone();
    let mut file = std::fs::OpenOptions::new().write(true).open(disk.path()).unwrap();
    let rest = file.metadata().unwrap().len() - 4096;
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(rest).unwrap()]).unwrap();
    assert!(ledger.search("A", 5).await.is_err());
    assert_eq!(code(run(&ledger, "k", moves(MovementKind::Sale, "A", 1)).await), Code::ReadOnly);
    assert!(ledger.summary().await.unwrap().damaged.is_some());
}

/// The limit is walked page by page through the same work: wherever it strikes, what was answered is
/// there, what was refused left nothing, and everything goes on when there is room again.
#[tokio::test]
async fn a_disk_may_be_full_at_every_page() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 100_000)]).await;
    let (mut done, mut refused, mut keys) = (0_i64, 0, 0);
    for spare in 0..12 {
        pages_max(&ledger, Some(spare)).await;
        for _ in 0..40 {
            keys += 1;
            match run(&ledger, &format!("k{keys}"), moves(MovementKind::Sale, "A", 1)).await {
                Ok(_) => done += 1,
                Err(LedgerError::Unavailable { code: Code::DiskFull, .. }) => refused += 1,
                Err(other) => panic!("{spare} pages to spare: {other:?}"),
            }
        }
        assert_eq!(units(&ledger, "A").await.0, 100_000 - done, "{spare} pages to spare");
        assert_eq!(ledger.summary().await.unwrap().facts, u64::try_from(done).unwrap() + 1);
        // A sync that finds no room is refused as a whole, or was done.
        let _full = ledger.cut(at(NOW)).await;
        pages_max(&ledger, None).await;
        run(&ledger, &format!("room-{spare}"), moves(MovementKind::Sale, "A", 1)).await.unwrap();
        done += 1;
    }
    assert!(refused > 0, "the limit never struck");
    for _ in 0..4 {
        sync(&ledger, &mut central).await;
    }
    assert_eq!(i64::try_from(central.stock_facts()).unwrap(), done + 1);
    ledger.examine().await.unwrap();
}
