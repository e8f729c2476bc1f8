use super::support::{Disk, FakeCentral, NOW, close, code, run, stock, sync, units};
use crate::adapters::sqlite::SqliteLedger;
use crate::core::command::MovementKind;
use crate::core::testing::{at, moves};
use crate::ports::ledger::{Devices, Ledger, Role, Summary};
use holdfast_platform::sqlite::{aside, witness_path};
use holdfast_shared::error::Code;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

fn overwrite(path: &Path, from: u64, bytes: &[u8]) {
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(bytes).unwrap();
}

/// A statement on the file behind the ledger's back: as a flipped bit, it keeps no sum.
pub(super) fn meddle(disk: &Disk, statement: &str) {
    let behind = rusqlite::Connection::open(disk.path()).unwrap();
    assert_eq!(behind.execute(statement, []).unwrap(), 1, "{statement}");
}

pub(super) async fn sell(ledger: &SqliteLedger, from: usize, sales: usize) {
    for n in from..from + sales {
        run(ledger, &format!("k{n}"), moves(MovementKind::Sale, "A", 1)).await.unwrap();
    }
}

pub(super) async fn told(ledger: &SqliteLedger) -> Summary {
    ledger.summary().await.unwrap()
}

fn kept_beside(disk: &Disk) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(disk.dir.path()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.display().to_string().contains(".damaged-")).collect()
}

#[tokio::test]
async fn what_is_sound_of_a_damaged_file_goes_into_a_new_one_and_the_store_sells_on() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    ledger.offer_pairing([1; 32], Role::Pos, at(NOW + 1)).await.unwrap();
    let device = ledger.pair([1; 32], "till", [2; 32], at(NOW)).await.unwrap().unwrap();
    let items: Vec<_> = (0..2_000).map(|n| (format!("SKU-{n}"), 5)).collect();
    let items: Vec<_> = items.iter().map(|(sku, n)| (sku.as_str(), *n)).collect();
    stock(&ledger, &items).await;
    close(ledger, &disk).await;
    let middle = std::fs::metadata(disk.path()).unwrap().len() / 2 / 4096 * 4096;
    overwrite(&disk.path(), middle, &[0xa5; 8192]);

    let ledger = disk.alone();
    let after = told(&ledger).await;
    assert_eq!(after.damaged, None);
    let lost = 2_000 - after.facts;
    let covered = after.losses[0].facts.unwrap();
    assert!(covered >= lost, "{lost} facts are gone, and {covered} were told");
    assert!(after.facts > 1_500, "two pages took {lost} facts");
    assert_eq!(ledger.by_token([2; 32]).await.unwrap().map(|device| device.device), Some(device.device));
    stock(&ledger, &[("NEW", 3)]).await;
    run(&ledger, "k", moves(MovementKind::Sale, "NEW", 1)).await.unwrap();
    ledger.examine().await.unwrap();
    assert!(kept_beside(&disk).len() >= 2, "the damaged file and its witness are kept");
    drop(ledger);
    assert_eq!(told(&disk.alone()).await.losses.len(), 1, "a loss is found once");
}

#[tokio::test]
async fn a_file_that_is_no_database_loses_everything_and_says_how_much() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 100)]).await;
    sell(&ledger, 0, 9).await;
    close(ledger, &disk).await;
    std::fs::write(disk.path(), vec![b'x'; 20_000]).unwrap();
    let ledger = disk.alone();
    let after = told(&ledger).await;
    assert_eq!((after.damaged, after.facts, after.losses[0].facts), (None, 0, Some(10)));
    stock(&ledger, &[("A", 50)]).await;
    assert_eq!(units(&ledger, "A").await.0, 50);
}

#[tokio::test]
async fn what_central_has_comes_back_and_is_not_called_lost() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 100)]).await;
    sell(&ledger, 0, 9).await;
    assert!(sync(&ledger, &mut central).await);
    sell(&ledger, 9, 3).await;
    close(ledger, &disk).await;
    std::fs::write(disk.path(), vec![b'x'; 20_000]).unwrap();
    let ledger = disk.enrolled();
    assert_eq!(told(&ledger).await.losses[0].facts, Some(3));
    for _ in 0..3 {
        sync(&ledger, &mut central).await;
    }
    assert_eq!(units(&ledger, "A").await.0, 91);
    assert_eq!(told(&ledger).await.unsynced, 0);
}

#[tokio::test]
async fn a_loss_is_told_until_central_has_noted_it() {
    let mut disk = Disk::new();
    let ledger = disk.enrolled();
    stock(&ledger, &[("A", 100)]).await;
    close(ledger, &disk).await;
    std::fs::write(disk.path(), vec![b'x'; 20_000]).unwrap();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    use crate::ports::ledger::Replica;
    for noted in [false, true] {
        let cut = ledger.cut(at(NOW)).await.unwrap();
        assert_eq!(cut.losses.len(), 1);
        let mut response = central.sync(&cut);
        if noted {
            response.losses_noted = vec![cut.losses[0].id.clone()];
        }
        ledger.absorb(&response, at(NOW)).await.unwrap();
    }
    assert_eq!(ledger.cut(at(NOW)).await.unwrap().losses, []);
    assert!(told(&ledger).await.losses[0].noted);
}

#[tokio::test]
async fn commits_that_the_log_lost_are_told_and_the_store_goes_on() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 100)]).await;
    sell(&ledger, 0, 10).await;
    // A crash closes nothing: the files are taken as they lie, and the end of the log is torn.
    let mut copy = Disk::new();
    std::fs::copy(disk.path(), copy.path()).unwrap();
    std::fs::copy(witness_path(&disk.path()), witness_path(&copy.path())).unwrap();
    let log = |disk: &Disk| PathBuf::from(format!("{}-wal", disk.path().display()));
    let mut bytes = std::fs::read(log(&disk)).unwrap();
    let last_page = bytes.len() - 100;
    bytes[last_page] ^= 1;
    std::fs::write(log(&copy), &bytes).unwrap();
    let after = copy.alone();
    let told = told(&after).await;
    assert_eq!((told.facts, told.losses[0].facts), (10, Some(1)));
    assert_eq!(units(&after, "A").await.0, 91);
    assert!(!run(&after, "k9", moves(MovementKind::Sale, "A", 1)).await.unwrap().replayed);
}

#[tokio::test]
async fn a_value_that_is_not_what_was_written_is_never_given_out() {
    for (statement, what) in [
        ("UPDATE item SET sum = sum + 1 WHERE sku = 'A'", "a position"),
        ("UPDATE fact SET sum = sum + 1 WHERE seq = 1", "a fact"),
        ("UPDATE agent SET sum = sum + 1", "the counters"),
        ("UPDATE idempotency SET sum = sum + 1 WHERE n = 1", "an answer"),
    ] {
        let mut disk = Disk::new();
        let ledger = disk.alone();
        stock(&ledger, &[("A", 100)]).await;
        sell(&ledger, 0, 1).await;
        meddle(&disk, statement);
        let read = ledger.positions(&["A".parse().unwrap()]).await;
        assert_eq!(read.is_err(), what == "a position", "{what}");
        assert!(ledger.examine().await.is_err(), "{what} was taken for sound");
        assert_eq!(
            code(run(&ledger, "k", moves(MovementKind::Sale, "A", 1)).await),
            Code::ReadOnly,
            "{what}"
        );
        assert!(aside::marked(&disk.path()).is_some(), "{what}: the next start would not know");
        drop(ledger);
        let ledger = disk.alone();
        ledger.examine().await.unwrap();
        let kept = if what == "a fact" { 1 } else { 2 };
        assert_eq!(told(&ledger).await.facts, kept, "{what}");
        assert_eq!(told(&ledger).await.losses[0].facts, Some(2 - kept), "{what}");
        assert_eq!(units(&ledger, "A").await.0, if kept == 2 { 99 } else { -1 }, "{what}");
    }
}

#[tokio::test]
async fn a_position_that_is_older_than_its_facts_is_found() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 100), ("B", 1)]).await;
    // A page of another time: the row is sound, and not what the facts add up to.
    let behind = rusqlite::Connection::open(disk.path()).unwrap();
    behind.execute_batch("DROP TRIGGER item_sum_check; DROP TRIGGER item_sum_update;").unwrap();
    behind
        .execute(
            "UPDATE item SET on_hand = 99, sum = (SELECT sum FROM item WHERE sku = 'A') WHERE sku = 'B'",
            [],
        )
        .unwrap();
    assert!(ledger.examine().await.is_err());
    drop((ledger, behind));
    let ledger = disk.alone();
    assert_eq!((units(&ledger, "A").await.0, units(&ledger, "B").await.0), (100, 1));
    assert_eq!(told(&ledger).await.losses[0].facts, Some(0));
}

#[tokio::test]
async fn a_crash_while_files_change_places_is_finished_by_the_next_start() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 7)]).await;
    close(ledger, &disk).await;
    let new = aside::successor_path(&disk.path());
    // The successor is whole, and nothing was moved yet.
    std::fs::rename(disk.path(), &new).unwrap();
    std::fs::write(disk.path(), b"damaged").unwrap();
    let ready = format!("{}-ready", new.display());
    std::fs::write(&ready, "agent.db.damaged-1").unwrap();
    let ledger = disk.alone();
    assert_eq!(units(&ledger, "A").await.0, 7);
    assert!(!Path::new(&ready).exists() && !new.exists());
    assert_eq!(std::fs::read(disk.dir.path().join("agent.db.damaged-1")).unwrap(), b"damaged");
}

#[tokio::test]
async fn ballast_lets_the_till_go_on_when_the_disk_fills() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 100)]).await;
    assert!(ledger.hold_ballast().unwrap());
    assert_eq!(told(&ledger).await.ballast_held, Some(true));
    ledger
        .write(|connection, _| {
            let now: u32 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            Ok(connection.query_row(&format!("PRAGMA max_page_count = {now}"), [], |_| Ok(()))?)
        })
        .await
        .unwrap();
    let mut sold = 0;
    while run(&ledger, &format!("k{sold}"), moves(MovementKind::Sale, "A", 1)).await.is_ok() {
        sold += 1;
    }
    // This limit is not the disk's, so that what was let go does not help; a real disk is in the tests crate.
    assert_eq!(told(&ledger).await.ballast_held, Some(false));
    assert_eq!(told(&ledger).await.facts, sold + 1);
}
