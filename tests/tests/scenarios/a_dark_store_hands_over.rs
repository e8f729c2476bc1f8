use holdfast_central::core::order::OrderState;
use holdfast_shared::domain::task::Status;
use holdfast_tests::stage::Stage;

/// Leeds works on the order; york could have taken it too, hull has come since.
async fn begun_at_leeds() -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 2)]).await;
    stage.store("york", &[("A", 2)]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.store("hull", &[("A", 2)]).await;
    stage
}

#[tokio::test]
async fn to_the_store_that_stood_second_from_the_start() {
    let mut stage = begun_at_leeds().await;
    stage.live_without("leeds", 120_000).await;
    assert_eq!(stage.the_order("o1").await.tasks.len(), 2);
    assert_eq!(
        stage.task("o1-2").await.store.as_str(),
        "york",
        "hull comes first by name, york was named before"
    );
    let told = stage.timeline("o1").await;
    let left = told.iter().find(|words| words.starts_with("o1-1 leaves leeds: no heartbeat")).unwrap();
    assert!(left.contains("What is offered leaves at once; no date was promised"), "{left}");
    assert!(
        told.contains(&"york takes over from leeds: it stood second when leeds got the work".to_owned()),
        "{told:?}"
    );

    stage.sync("york").await;
    stage.work("york", "o1-2").await;
    stage.sync("york").await;
    stage.back("leeds").await;
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::PutBack);
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    stage.sound().await;
}

#[tokio::test]
async fn or_to_another_when_that_one_has_sold_its_last_unit() {
    let mut stage = begun_at_leeds().await;
    stage.sell("york", "A", 2).await;
    stage.sync("york").await;
    stage.live_without("leeds", 120_000).await;
    assert_eq!(stage.task("o1-2").await.store.as_str(), "hull");
    let told = stage.timeline("o1").await;
    let words = told.iter().find(|words| words.starts_with("hull takes over from leeds")).unwrap();
    assert!(words.contains("york stood second, and york cannot take it any more: 0 of A to sell"), "{words}");
    stage.sound().await;
}
