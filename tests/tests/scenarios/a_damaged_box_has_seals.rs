use super::epochs::{SEALS, at_central, count};
use holdfast_agent::core::command::{Command, MovementKind, MovementRequest};
use holdfast_agent::ports::ledger::{Housekeeping as _, Ledger as _};
use holdfast_central::ports::housekeeping::{Housekeeping as _, Retention};
use holdfast_shared::limits::{MOVEMENTS_MAX, NOTE_CHARS_MAX};
use holdfast_tests::conformance::world;
use holdfast_tests::stage::Stage;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const SEALED: &str = "SELECT count(*) FROM document WHERE sealed_at IS NOT NULL";

async fn settle(stage: &mut Stage) {
    for _ in 0..4 {
        let told = stage.sync("leeds").await;
        assert!(told.failed.is_none(), "{:?}", told.failed);
    }
}

/// Three days of a sale each, all sealed, and a sale of today.
async fn three_days() -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 100), ("B", 7)]).await;
    for _ in 0..3 {
        stage.sell("leeds", "A", 1).await;
        stage.sync("leeds").await;
        stage.wait(DAY_MS);
        settle(&mut stage).await;
    }
    stage.sell("leeds", "A", 1).await;
    settle(&mut stage).await;
    assert_eq!((at_box(&mut stage, SEALED), at_central(&stage, SEALS)), (3, 3));
    stage
}

fn at_box(stage: &mut Stage, sql: &str) -> i64 {
    count(stage.shop("leeds").file(), sql)
}

/// As a flipped bit does it: no sum is kept.
fn damage(stage: &mut Stage, statement: &str) {
    let behind = rusqlite::Connection::open(stage.shop("leeds").file()).unwrap();
    assert_eq!(behind.execute(statement, []).unwrap(), 1);
}

/// Level, and the same at the shelf, at central and in every sum.
async fn is_right(stage: &mut Stage) {
    settle(stage).await;
    let ledger = stage.shop("leeds").ledger().clone();
    assert_eq!((stage.on_hand_at("leeds", "A").await, stage.on_hand_at("leeds", "B").await), (96, 7));
    assert_eq!(stage.position("leeds", "A").await.on_hand, 96);
    assert!(!ledger.summary().await.unwrap().rehydrating);
    stage.level("leeds").await;
    stage.sound().await;
    assert_eq!(ledger.unbalanced(5).await.unwrap(), vec![]);
    // A new start ends the document of the one before, too.
    let sealed = at_box(stage, SEALED);
    assert!(sealed >= 3 && sealed == at_central(stage, SEALS), "{sealed}");
    ledger.examine().await.unwrap();
}

/// A bit flips in today's sale. The box finds it, starts again from what is sound, and misses nothing.
#[tokio::test]
async fn a_box_with_sealed_days_heals_and_counts_nothing_twice() {
    let mut stage = three_days().await;
    stage.shop("leeds").ledger().clone().examine().await.unwrap();
    for statement in [
        "UPDATE fact SET sum = sum + 1 WHERE seq = (SELECT max(seq) FROM fact)",
        "UPDATE fact SET sum = sum + 1 WHERE seq = 1",
        "UPDATE agent SET sum = sum + 1",
    ] {
        damage(&mut stage, statement);
        assert!(stage.shop("leeds").ledger().clone().examine().await.is_err(), "{statement}");
        stage.restart("leeds");
        is_right(&mut stage).await;
    }
    let told = stage.shop("leeds").ledger().summary().await.unwrap().losses;
    assert!(told.iter().all(|loss| loss.noted), "{told:?}");
    stage.sell("leeds", "A", 1).await;
    stage.wait(DAY_MS);
    settle(&mut stage).await;
    assert_eq!(stage.position("leeds", "A").await.on_hand, 95);
    stage.level("leeds").await;
}

/// Which facts were sealed is not known any more: they are carried again, and leave central's sum
/// for the document that carries them.
#[tokio::test]
async fn a_box_that_forgot_which_documents_were_sealed_counts_nothing_twice() {
    for wordy in [false, true] {
        let mut stage = Stage::open().await;
        stage.store("leeds", &[("A", 20_000), ("B", 7)]).await;
        for _ in 0..3 {
            // More than one message holds, when it is carried again at once.
            sell_much(&mut stage, if wordy { 5 } else { 1 }).await;
            settle(&mut stage).await;
            stage.wait(DAY_MS);
            settle(&mut stage).await;
        }
        let units = stage.on_hand_at("leeds", "A").await;
        assert_eq!(at_box(&mut stage, SEALED), 3);
        let behind = rusqlite::Connection::open(stage.shop("leeds").file()).unwrap();
        behind
            .execute_batch(
                "PRAGMA foreign_keys = OFF; DELETE FROM document WHERE sealed_at IS NOT NULL;
                UPDATE fact SET sum = sum + 1 WHERE seq = (SELECT max(seq) FROM fact);",
            )
            .unwrap();
        drop(behind);
        assert!(stage.shop("leeds").ledger().clone().examine().await.is_err());
        stage.restart("leeds");
        stage.sell("leeds", "B", 1).await;

        settle(&mut stage).await;

        assert_eq!((stage.on_hand_at("leeds", "A").await, stage.on_hand_at("leeds", "B").await), (units, 6));
        stage.level("leeds").await;
        stage.sound().await;
        let ledger = stage.shop("leeds").ledger().clone();
        assert_eq!(ledger.unbalanced(5).await.unwrap(), vec![]);
        assert!(!ledger.summary().await.unwrap().rehydrating);
        ledger.examine().await.unwrap();
        let told = stage.exceptions().await;
        assert!(told.iter().all(|told| told.contains("damaged")), "{told:?}");
        stage.wait(DAY_MS);
        settle(&mut stage).await;
        stage.level("leeds").await;
        stage.sound().await;
    }
}

async fn sell_much(stage: &mut Stage, times: usize) {
    for _ in 0..times {
        let sale = MovementRequest {
            kind: MovementKind::Sale,
            sku: world::sku("A"),
            quantity: 1,
            peer: None,
            note: Some("x".repeat(NOTE_CHARS_MAX)),
        };
        stage.say("leeds", Command::Move(vec![sale; MOVEMENTS_MAX])).await.unwrap();
    }
}

/// Nothing of the file can be read, and central has only the sum of the days that are over.
#[tokio::test]
async fn a_box_that_lost_its_file_goes_on_from_centrals_sum() {
    let mut stage = three_days().await;
    let (store, now) = (stage.office.store(), stage.now());
    let retention = Retention { archives_ms: -1, ..Retention::default() };
    while store.keep_house(retention, now).await.unwrap().more {}
    let file = stage.shop("leeds").file().to_owned();
    stage.shop("leeds").stop();
    std::fs::write(&file, vec![b'x'; 20_000]).unwrap();
    stage.shop("leeds").boot();
    is_right(&mut stage).await;
}
