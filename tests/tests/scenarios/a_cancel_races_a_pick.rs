use holdfast_agent::core::command::TaskAct;
use holdfast_central::core::order::OrderState;
use holdfast_shared::domain::task::{FulfilmentKind, Status};
use holdfast_tests::conformance::world;
use holdfast_tests::stage::Stage;

async fn offered_to_leeds(kind: FulfilmentKind) -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 3)]).await;
    stage.place("o1", world::request(kind, &[("A", 2)])).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage
}

#[tokio::test]
async fn the_cancel_is_first_and_the_goods_go_back() {
    for kind in FulfilmentKind::ALL {
        let mut stage = offered_to_leeds(kind).await;
        stage.cancel("o1").await;
        stage.pack("leeds", "o1-1").await;
        stage.sync("leeds").await;
        let stopped = stage.task_at("leeds", "o1-1").await;
        assert_eq!((stopped.status(), stopped.lines[0].picked), (Status::PuttingBack, 2), "{kind:?}");
        assert_eq!(stage.cancel_answers().await, [""; 0], "nothing is refunded before the store answers");
        assert!(stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.is_err());

        stage.act("leeds", "o1-1", TaskAct::PutBack).await.unwrap();
        stage.sync("leeds").await;

        assert_eq!(stage.cancel_answers().await, ["put_back"]);
        assert_eq!(stage.state("o1").await, OrderState::Cancelled);
        assert_eq!(stage.on_hand_at("leeds", "A").await, 3);
        assert_eq!(stage.exceptions().await, [""; 0]);
        assert_eq!(stage.sound().await.open_holds, 0);
    }
}

#[tokio::test]
async fn the_goods_are_first_and_the_cancel_becomes_a_return() {
    for kind in FulfilmentKind::ALL {
        let mut stage = offered_to_leeds(kind).await;
        stage.work("leeds", "o1-1").await;
        stage.cancel("o1").await;

        stage.sync("leeds").await;

        assert_eq!(stage.cancel_answers().await, ["handed_over"], "{kind:?}");
        let ended = stage.state("o1").await;
        assert!(matches!(ended, OrderState::Shipped | OrderState::Collected), "{kind:?}: {ended:?}");
        let told = stage.exceptions().await;
        assert!(matches!(told.as_slice(), [one] if one.contains("was cancelled")), "{told:?}");
        assert_eq!(stage.on_hand_at("leeds", "A").await, 1);
        assert_eq!(stage.sound().await.open_holds, 0);
    }
}

#[tokio::test]
async fn a_cancel_that_a_dark_store_does_not_answer_is_told_once() {
    let mut stage = offered_to_leeds(FulfilmentKind::Ship).await;
    stage.store("york", &[]).await;
    stage.pack("leeds", "o1-1").await;
    stage.sync("leeds").await;
    stage.cancel("o1").await;
    stage.live_without("leeds", 29 * 60_000).await;
    let waiting = |told: &[String]| told.iter().filter(|detail| detail.contains("has not answered")).count();
    assert_eq!(waiting(&stage.exceptions().await), 0);
    stage.live_without("leeds", 120_000).await;
    assert_eq!(waiting(&stage.exceptions().await), 1);
    assert_eq!(stage.cancel_answers().await, [""; 0]);

    stage.back("leeds").await;
    stage.act("leeds", "o1-1", TaskAct::PutBack).await.unwrap();
    stage.sync("leeds").await;
    stage.decide().await;

    assert_eq!((waiting(&stage.exceptions().await), stage.cancel_answers().await.len()), (0, 1));
    assert_eq!(stage.state("o1").await, OrderState::Cancelled);
}
