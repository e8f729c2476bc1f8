//! Documents end: what is over is closed, sealed, summed up and deleted, and nothing is lost by it.

use holdfast_agent::ports::ledger::{self, Housekeeping as _, Ledger as _};
use holdfast_central::ports::housekeeping::{Housekeeping as _, Retention};
use holdfast_tests::stage::Stage;
use holdfast_tests::year::{Life, live};
use std::path::Path;

const HOUR_MS: i64 = 60 * 60 * 1_000;
const DAY_MS: i64 = 24 * HOUR_MS;

pub(super) fn count(file: &Path, sql: &str) -> i64 {
    let database = rusqlite::Connection::open(file).unwrap();
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn at_box(stage: &mut Stage, name: &str, sql: &str) -> i64 {
    count(stage.shop(name).file(), sql)
}

pub(super) fn at_central(stage: &Stage, sql: &str) -> i64 {
    count(stage.office.file(), sql)
}

const OPEN_STOCK: &str = "SELECT count(*) FROM document WHERE name LIKE 'stock/%' AND sealed_at IS NULL";
const SEALED: &str = "SELECT count(*) FROM document WHERE sealed_at IS NOT NULL";
pub(super) const SEALS: &str = "SELECT count(*) FROM seal";

/// Conversations until there is nothing left to say.
async fn settle(stage: &mut Stage, name: &str) {
    for _ in 0..4 {
        let told = stage.sync(name).await;
        assert!(told.failed.is_none(), "{:?}", told.failed);
    }
}

/// A business day with a sale in it, and the first conversation of the next.
async fn day(stage: &mut Stage, name: &str) {
    stage.sell(name, "A", 1).await;
    stage.sync(name).await;
    stage.wait(DAY_MS);
    settle(stage, name).await;
}

async fn balanced(stage: &mut Stage, name: &str) {
    stage.level(name).await;
    stage.sound().await;
    assert_eq!(stage.shop(name).ledger().clone().unbalanced(5).await.unwrap(), vec![]);
}

async fn keep_house(stage: &Stage, retention: Retention) {
    let now = stage.now();
    while stage.office.store().keep_house(retention, now).await.unwrap().more {}
}

#[tokio::test]
async fn a_days_document_is_sealed_on_both_sides_and_its_sum_stays() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100)]).await;
    for n in 1..=3 {
        day(&mut stage, "leeds").await;
        assert_eq!((at_box(&mut stage, "leeds", SEALED), at_central(&stage, SEALS)), (n, n));
        assert_eq!(at_box(&mut stage, "leeds", OPEN_STOCK), 0);
        balanced(&mut stage, "leeds").await;
    }
    assert_eq!(at_box(&mut stage, "leeds", "SELECT units FROM baseline"), 97);
    assert_eq!(at_central(&stage, "SELECT units FROM baseline"), 97);
    assert_eq!(at_central(&stage, "SELECT count(*) FROM document_change"), 0);
    assert_eq!(stage.position("leeds", "A").await.on_hand, 97);
}

#[tokio::test]
async fn a_document_rolls_and_is_closed_while_central_is_out_of_reach() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100)]).await;
    stage.shop("leeds").cut_off = true;
    stage.wait(DAY_MS);
    stage.sync("leeds").await;
    stage.shop("leeds").cut_off = false;
    stage.sell("leeds", "A", 1).await;
    settle(&mut stage, "leeds").await;
    assert_eq!(at_central(&stage, SEALS), 1);
    assert_eq!(at_box(&mut stage, "leeds", OPEN_STOCK), 1);
    balanced(&mut stage, "leeds").await;
}

#[tokio::test]
async fn documents_of_earlier_boots_are_closed_once_central_was_heard() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100)]).await;
    for _ in 0..3 {
        stage.sell("leeds", "A", 1).await;
        stage.sync("leeds").await;
        stage.restart("leeds");
    }
    stage.sell("leeds", "A", 1).await;
    stage.shop("leeds").cut_off = true;
    stage.sync("leeds").await;
    assert_eq!(at_box(&mut stage, "leeds", "SELECT count(*) FROM document WHERE closed = 1"), 0);
    stage.shop("leeds").cut_off = false;
    settle(&mut stage, "leeds").await;
    assert_eq!(at_central(&stage, SEALS), 3);
    assert_eq!(at_box(&mut stage, "leeds", OPEN_STOCK), 1);
    balanced(&mut stage, "leeds").await;
}

#[tokio::test]
async fn a_restored_disk_fetches_what_was_sealed_meanwhile_from_the_archive() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100)]).await;
    stage.sell("leeds", "A", 1).await;
    stage.sync("leeds").await;
    let yesterday = stage.copy_disk("leeds");
    day(&mut stage, "leeds").await;
    day(&mut stage, "leeds").await;
    stage.put_back_disk("leeds", &yesterday);
    settle(&mut stage, "leeds").await;
    settle(&mut stage, "leeds").await;
    assert_eq!(stage.on_hand_at("leeds", "A").await, 97);
    let facts = at_box(&mut stage, "leeds", "SELECT count(*) FROM fact");
    assert_eq!(facts, 4, "the lost facts are back, and not only their sum");
    balanced(&mut stage, "leeds").await;
}

#[tokio::test]
async fn a_new_box_becomes_level_by_the_baseline_with_archives_and_without() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100), ("B", 7)]).await;
    day(&mut stage, "leeds").await;
    day(&mut stage, "leeds").await;
    stage.sell("leeds", "B", 2).await;
    stage.sync("leeds").await;
    stage.enrol("leeds", "second").await;
    settle(&mut stage, "second").await;
    assert_eq!((stage.on_hand_at("second", "A").await, stage.on_hand_at("second", "B").await), (98, 5));
    balanced(&mut stage, "second").await;

    keep_house(&stage, Retention { archives_ms: -1, ..Retention::default() }).await;
    assert_eq!(at_central(&stage, "SELECT count(*) FROM archive"), 0);
    stage.enrol("leeds", "third").await;
    settle(&mut stage, "third").await;
    assert_eq!((stage.on_hand_at("third", "A").await, stage.on_hand_at("third", "B").await), (98, 5));
    balanced(&mut stage, "third").await;
    settle(&mut stage, "leeds").await;
    balanced(&mut stage, "leeds").await;
}

#[tokio::test]
async fn a_tasks_document_is_sealed_after_its_end_and_a_late_fact_opens_it_again() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 5)]).await;
    stage.enrol("leeds", "second").await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    settle(&mut stage, "second").await;
    stage.shop("second").cut_off = true;
    stage.act("second", "o1-1", holdfast_agent::core::command::TaskAct::Accept).await.unwrap();
    stage.sync("leeds").await;
    stage.work("leeds", "o1-1").await;
    settle(&mut stage, "leeds").await;

    keep_house(&stage, Retention::default()).await;
    let task_seals = "SELECT count(*) FROM seal WHERE document = 'task/o1-1'";
    assert_eq!(at_central(&stage, task_seals), 0, "its end is too near");
    stage.wait(8 * DAY_MS);
    settle(&mut stage, "leeds").await;
    keep_house(&stage, Retention::default()).await;
    assert_eq!(at_central(&stage, task_seals), 1);
    settle(&mut stage, "leeds").await;
    let sealed_here = "SELECT count(*) FROM document WHERE name = 'task/o1-1' AND sealed_at IS NOT NULL";
    assert_eq!(at_box(&mut stage, "leeds", sealed_here), 1);
    balanced(&mut stage, "leeds").await;

    stage.shop("second").cut_off = false;
    settle(&mut stage, "second").await;
    assert_eq!(at_central(&stage, task_seals), 0);
    assert!(stage.exceptions().await.iter().any(|told| told.contains("after it was sealed")));
    let accepted = "SELECT count(*) FROM fact WHERE task = 'o1-1' AND json_extract(text, '$.k') = 'accepted'";
    assert_eq!(at_central(&stage, accepted), 2);
    settle(&mut stage, "leeds").await;
    settle(&mut stage, "second").await;
    balanced(&mut stage, "leeds").await;
    balanced(&mut stage, "second").await;
}

#[tokio::test]
async fn a_central_that_lost_a_seal_gets_the_document_again_from_the_archive() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100)]).await;
    day(&mut stage, "leeds").await;
    let backup = stage.office.file().with_extension("backup");
    stage.office.back_up(&backup);
    day(&mut stage, "leeds").await;
    day(&mut stage, "leeds").await;
    assert_eq!(at_central(&stage, SEALS), 3);
    stage.office.put_back(&backup);
    stage.office.start();
    assert_eq!(stage.office.store().restored(), Some(2));
    assert_eq!(at_central(&stage, SEALS), 1);
    for _ in 0..3 {
        settle(&mut stage, "leeds").await;
    }
    assert_eq!(at_central(&stage, SEALS), 3);
    assert_eq!(stage.position("leeds", "A").await.on_hand, 97);
    balanced(&mut stage, "leeds").await;
}

#[tokio::test]
async fn only_what_retention_lets_go_is_deleted_and_the_sums_stay() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100)]).await;
    day(&mut stage, "leeds").await;
    let file = stage.shop("leeds").file().to_owned();
    let by_hand = rusqlite::Connection::open(&file).unwrap();
    assert!(by_hand.execute("DELETE FROM fact", []).is_err());
    drop(by_hand);
    let ledger = stage.shop("leeds").ledger().clone();
    let soon = ledger::Retention { archives_ms: 10 * DAY_MS, facts_ms: 20 * DAY_MS };
    let kept = ledger.keep_house(soon).await.unwrap();
    assert_eq!((kept.archives, kept.facts), (0, 0));
    stage.wait(15 * DAY_MS);
    settle(&mut stage, "leeds").await;
    let kept = ledger.keep_house(soon).await.unwrap();
    assert_eq!((kept.archives, kept.facts), (1, 0));
    stage.wait(15 * DAY_MS);
    settle(&mut stage, "leeds").await;
    let kept = ledger.keep_house(soon).await.unwrap();
    assert_eq!(
        (kept.facts, count(&file, "SELECT count(*) FROM fact")),
        (1, 1),
        "the newest keeps its number"
    );
    let central = Retention { archives_ms: 10 * DAY_MS, facts_ms: 20 * DAY_MS, ..Retention::default() };
    keep_house(&stage, central).await;
    assert_eq!(at_central(&stage, "SELECT count(*) FROM fact"), 0);
    assert_eq!(ledger.summary().await.unwrap().facts, 2);
    assert_eq!(stage.on_hand_at("leeds", "A").await, 99);
    day(&mut stage, "leeds").await;
    balanced(&mut stage, "leeds").await;
}

/// The short form of the year: `cargo bench -p holdfast-tests --bench year` lives all of it.
#[tokio::test]
async fn what_is_kept_does_not_grow_with_age() {
    let months = live(Life { days: 20, movements: 500, skus: 50, told_every: 5 }).await.unwrap();
    let (second, last) = (months.get(1).unwrap(), months.last().unwrap());
    assert_eq!(last.day, 20);
    assert!(last.open_documents <= 2 && second.open_documents <= 2, "{months:?}");
    assert!(last.live_changes <= second.live_changes + 40, "{months:?}");
    // The test keeps facts for six days, the agent has at most those and the day before.
    assert!(last.facts_here <= 8 * 500 && last.facts_at_central <= 8 * 500, "{months:?}");
    assert!(last.archives <= 8, "{months:?}");
}

/// A standby knows only the sum of what the other box did before. The central that sealed that is gone:
/// what it told of it comes again as facts, and counts once.
#[tokio::test]
async fn a_sum_of_a_central_that_was_restored_since_does_not_count_again() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100)]).await;
    stage.enrol("leeds", "standby").await;
    stage.sell("leeds", "A", 1).await;
    stage.sync("leeds").await;
    let backup = stage.back_up_central();
    stage.sell("leeds", "A", 1).await;
    stage.sync("leeds").await;
    stage.restart("leeds");
    settle(&mut stage, "leeds").await;
    settle(&mut stage, "standby").await;
    assert_eq!(at_box(&mut stage, "standby", SEALED), 1);
    assert_eq!(stage.on_hand_at("standby", "A").await, 98);
    stage.office.put_back_image(&backup);
    stage.office.start();
    for name in ["standby", "leeds", "standby"] {
        settle(&mut stage, name).await;
    }
    assert_eq!(stage.exceptions().await, Vec::<String>::new());
    for name in ["leeds", "standby"] {
        assert_eq!(stage.on_hand_at(name, "A").await, 98, "{name}");
        balanced(&mut stage, name).await;
    }
}
