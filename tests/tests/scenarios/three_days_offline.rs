use holdfast_agent::core::command::TaskAct;
use holdfast_central::core::order::OrderState;
use holdfast_shared::domain::task::Status;
use holdfast_tests::stage::Stage;

const THREE_DAYS_MS: i64 = 3 * 24 * 3_600_000;

/// Leeds accepts, loses its line, and packs all the same; central moves the work when the lease is over.
async fn leeds_is_dark_with_goods_picked(york_has: i64) -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 3)]).await;
    stage.order("o1", &[("A", 2)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.store("york", &[("A", york_has)]).await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.sync("leeds").await;
    stage.live_without("leeds", 55_000).await;
    assert_eq!(stage.task("o1-1").await.recall, None, "the lease protects what was accepted");
    stage.act("leeds", "o1-1", TaskAct::StartPicking).await.unwrap();
    let line = stage.task_at("leeds", "o1-1").await.lines[0].line;
    stage.act("leeds", "o1-1", TaskAct::Pick { line, quantity: 2 }).await.unwrap();
    stage.act("leeds", "o1-1", TaskAct::Pack).await.unwrap();
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::AwaitingRelease);
    stage.live_without("leeds", 60_000).await;
    assert_eq!(stage.task("o1-1").await.status(), Status::PuttingBack);
    assert_eq!(stage.position("leeds", "A").await.reserved, 2, "the units may be in a tote");
    stage
}

#[tokio::test]
async fn three_days_offline_with_goods_picked() {
    let mut stage = leeds_is_dark_with_goods_picked(0).await;
    assert_eq!(stage.state("o1").await, OrderState::Backordered);
    stage.wait(THREE_DAYS_MS);
    stage.decide().await;
    assert!(
        stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.is_err(),
        "no release, no goods"
    );

    stage.back("leeds").await;

    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::Ready, "given back, and released");
    let told = stage.timeline("o1").await;
    assert!(told.iter().any(|words| words.starts_with("given back to leeds")), "{told:?}");
    stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.unwrap();
    stage.sync("leeds").await;
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!(stage.on_hand_at("leeds", "A").await, 1);
    stage.level("leeds").await;
    assert_eq!(stage.sound().await.open_holds, 0);
}

#[tokio::test]
async fn three_days_offline_and_another_store_has_begun() {
    let mut stage = leeds_is_dark_with_goods_picked(5).await;
    stage.sync("york").await;
    stage.pack("york", "o1-2").await;
    stage.sync("york").await;
    stage.wait(THREE_DAYS_MS);
    stage.decide().await;

    stage.back("leeds").await;

    let stopped = stage.task_at("leeds", "o1-1").await;
    assert_eq!((stopped.status(), stopped.lines[0].picked), (Status::PuttingBack, 2));
    let told = stage.timeline("o1").await;
    assert!(told.iter().any(|words| words.contains("it puts it back")), "{told:?}");
    assert!(stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.is_err());
    stage.act("leeds", "o1-1", TaskAct::PutBack).await.unwrap();
    stage.sync("leeds").await;
    stage.act("york", "o1-2", TaskAct::HandOver { to: None }).await.unwrap();
    stage.sync("york").await;
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!((stage.on_hand_at("leeds", "A").await, stage.on_hand_at("york", "A").await), (3, 3));
    assert_eq!(stage.exceptions().await, [""; 0], "nobody has to look");
    assert_eq!(stage.sound().await.open_holds, 0);
}
