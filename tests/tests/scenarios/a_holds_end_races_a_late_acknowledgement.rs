use holdfast_agent::core::command::TaskAct;
use holdfast_central::core::order::OrderState;
use holdfast_shared::domain::task::Status;
use holdfast_tests::stage::Stage;

/// Longer than a store has to accept, counted from when central began to look.
const PAST_THE_DEADLINE_MS: i64 = 620_000;

/// Leeds has the offer on its handhelds.
async fn offered_to_leeds() -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 1)]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage
}

#[tokio::test]
async fn the_acknowledgement_comes_first() {
    let mut stage = offered_to_leeds().await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.sync("leeds").await;
    stage.live(PAST_THE_DEADLINE_MS).await;
    assert_eq!(stage.task("o1-1").await.status(), Status::Accepted);
    assert_eq!(stage.position("leeds", "A").await.reserved, 1);
}

#[tokio::test]
async fn the_offer_is_withdrawn_first_and_nobody_else_has_begun() {
    let mut stage = offered_to_leeds().await;
    stage.live(PAST_THE_DEADLINE_MS).await;
    assert_eq!(stage.task("o1-1").await.status(), Status::PuttingBack);
    assert_eq!(stage.position("leeds", "A").await.reserved, 1, "until Leeds answers");

    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.sync("leeds").await;

    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::Accepted, "given back under a new fence");
    assert_eq!(stage.task("o1-1").await, stage.task_at("leeds", "o1-1").await);
    assert_eq!(stage.state("o1").await, OrderState::Accepted);
    stage.decide().await;
    assert_eq!(stage.the_order("o1").await.tasks.len(), 1, "its unit is not offered a second time");
    stage.sound().await;
}

#[tokio::test]
async fn the_offer_is_withdrawn_first_and_another_store_has_begun() {
    let mut stage = offered_to_leeds().await;
    stage.store("york", &[("A", 1)]).await;
    stage.live(PAST_THE_DEADLINE_MS).await;
    stage.sync("york").await;
    stage.act("york", "o1-2", TaskAct::Accept).await.unwrap();
    stage.sync("york").await;

    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.sync("leeds").await;

    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::PuttingBack);
    assert_eq!(stage.position("leeds", "A").await.reserved, 1);
    stage.act("leeds", "o1-1", TaskAct::PutBack).await.unwrap();
    stage.sync("leeds").await;
    assert_eq!(stage.position("leeds", "A").await.reserved, 0);
    assert_eq!(stage.task("o1-2").await.status(), Status::Accepted);
    stage.sound().await;
}

#[tokio::test]
async fn an_untouched_offer_answers_for_itself_and_is_not_given_back() {
    let mut stage = offered_to_leeds().await;
    stage.live(PAST_THE_DEADLINE_MS).await;
    stage.sync("leeds").await;
    stage.sync("leeds").await;
    assert_eq!(stage.task("o1-1").await.status(), Status::PutBack);
    assert!(stage.act("leeds", "o1-1", TaskAct::Accept).await.is_err(), "too late, and said so");
    assert_eq!(stage.position("leeds", "A").await.reserved, 0);
    stage.sound().await;
}
