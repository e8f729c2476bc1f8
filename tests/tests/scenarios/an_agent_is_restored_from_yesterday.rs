use holdfast_agent::core::command::{Command, MovementKind, MovementRequest, TaskAct};
use holdfast_agent::ports::ledger::{Ledger, LedgerError};
use holdfast_shared::domain::task::Status;
use holdfast_shared::error::Code;
use holdfast_shared::limits::{MOVEMENTS_MAX, NOTE_CHARS_MAX};
use holdfast_tests::conformance::world;
use holdfast_tests::stage::Stage;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What a picker's screen is told.
fn code(refused: &LedgerError) -> Option<Code> {
    match refused {
        LedgerError::Refused(refusal) => Some(refusal.code()),
        LedgerError::KeyReused | LedgerError::Unavailable { .. } => None,
    }
}

/// A store that sold and shipped since its backup was made.
async fn a_day_after_the_backup(stage: &mut Stage) -> std::path::PathBuf {
    stage.store("leeds", &[("A", 50), ("B", 50)]).await;
    stage.order("o1", &[("A", 2)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    let yesterday = stage.copy_disk("leeds");
    stage.wait(DAY_MS);
    stage.work("leeds", "o1-1").await;
    stage.sell("leeds", "B", 3).await;
    stage.sync("leeds").await;
    stage.level("leeds").await;
    yesterday
}

#[tokio::test]
async fn an_agent_is_restored_from_yesterday() {
    let mut stage = Stage::open().await;
    let yesterday = a_day_after_the_backup(&mut stage).await;
    stage.put_back_disk("leeds", &yesterday);
    // It knows nothing of today yet, and what it records keeps its ids.
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::Offered);
    stage.sell("leeds", "B", 1).await;

    let told = stage.sync("leeds").await;

    assert!(told.failed.is_none() && told.level, "{told:?}");
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::HandedOver);
    assert_eq!((stage.on_hand_at("leeds", "A").await, stage.on_hand_at("leeds", "B").await), (48, 46));
    stage.level("leeds").await;
    assert_eq!(stage.exceptions().await, Vec::<String>::new());
    stage.order("o2", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.work("leeds", "o2-1").await;
    stage.sync("leeds").await;
    stage.sound().await;
}

#[tokio::test]
async fn until_it_has_everything_it_takes_no_order_work() {
    let mut stage = Stage::open().await;
    let yesterday = a_day_after_the_backup(&mut stage).await;
    stage.put_back_disk("leeds", &yesterday);
    // Central asks whether it is alive, and tells it; the third message is lost.
    stage.shop("leeds").cut_off_after(2);
    stage.sync("leeds").await;
    assert!(stage.shop("leeds").ledger().clone().summary().await.unwrap().rehydrating);

    let refused = stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap_err();

    assert_eq!(code(&refused), Some(Code::Rehydrating), "{refused}");
    stage.sell("leeds", "B", 1).await;
    // Neither a crash in the middle nor another start makes it forget that it lacks something.
    stage.restart("leeds");
    assert!(stage.act("leeds", "o1-1", TaskAct::Accept).await.is_err());
    stage.sync("leeds").await;
    stage.level("leeds").await;
    assert!(!stage.shop("leeds").ledger().clone().summary().await.unwrap().rehydrating);
    assert_eq!(stage.on_hand_at("leeds", "B").await, 46);
}

/// What the box did since, it cannot know without central; that it did something, its witness says.
#[tokio::test]
async fn a_box_that_its_witness_knows_to_be_older_waits_for_central_before_order_work() {
    let mut stage = Stage::open().await;
    let yesterday = a_day_after_the_backup(&mut stage).await;
    stage.put_back_database("leeds", &yesterday);
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::Offered);

    for _ in 0..2 {
        let refused = stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap_err();
        assert_eq!(code(&refused), Some(Code::Rehydrating), "{refused}");
        stage.sell("leeds", "B", 1).await;
        // The second start finds a witness that says the same as the database.
        stage.restart("leeds");
    }
    stage.sync("leeds").await;

    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::HandedOver);
    stage.level("leeds").await;
    assert_eq!(stage.on_hand_at("leeds", "B").await, 45);
    stage.order("o2", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.work("leeds", "o2-1").await;
    stage.sound().await;
}

/// More than one answer holds: long receipts.
async fn sell_much(stage: &mut Stage, name: &str) {
    for _ in 0..18 {
        let sale = MovementRequest {
            kind: MovementKind::Sale,
            sku: world::sku("A"),
            quantity: 1,
            peer: None,
            note: Some("x".repeat(NOTE_CHARS_MAX)),
        };
        stage.say(name, Command::Move(vec![sale; MOVEMENTS_MAX])).await.unwrap();
    }
}

#[tokio::test]
async fn what_does_not_fit_one_answer_comes_in_the_next() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 20_000)]).await;
    let yesterday = stage.copy_disk("leeds");
    stage.wait(DAY_MS);
    sell_much(&mut stage, "leeds").await;
    stage.sync("leeds").await;
    stage.put_back_disk("leeds", &yesterday);
    // Asked whether it is alive, and given the first part; then the wire is cut.
    stage.shop("leeds").cut_off_after(2);
    stage.sync("leeds").await;
    let part = stage.on_hand_at("leeds", "A").await;
    assert!(part < 20_000 && part > 11_000, "a part of it: {part}");
    stage.restart("leeds");
    assert!(stage.shop("leeds").ledger().clone().summary().await.unwrap().rehydrating);
    stage.sync("leeds").await;
    assert_eq!(stage.on_hand_at("leeds", "A").await, 11_000);
    assert!(!stage.shop("leeds").ledger().clone().summary().await.unwrap().rehydrating);
    stage.level("leeds").await;
}
