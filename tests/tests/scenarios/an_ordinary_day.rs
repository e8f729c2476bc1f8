use holdfast_central::core::order::OrderState;
use holdfast_shared::domain::task::Status;
use holdfast_tests::stage::Stage;

#[tokio::test]
async fn an_order_is_offered_picked_released_and_handed_over() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 3)]).await;
    stage.order("o1", &[("A", 2)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::Offered);

    stage.work("leeds", "o1-1").await;
    stage.sync("leeds").await;

    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!((stage.position("leeds", "A").await.on_hand, stage.on_hand_at("leeds", "A").await), (1, 1));
    stage.level("leeds").await;
    assert_eq!(stage.sound().await.open_holds, 0);
}
