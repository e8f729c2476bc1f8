//! The box of a store is six hours ahead. Work goes on, its times are marked and reckoned with, a
//! person is told; and when somebody sets it right, nothing of the error stays.

use holdfast_central::core::order::OrderState;
use holdfast_tests::stage::Stage;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

#[tokio::test]
async fn a_store_clock_six_hours_off() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 5)]).await;
    stage.shop("leeds").skew_ms = 6 * HOUR;
    stage.wait(MINUTE);
    stage.sync("leeds").await;
    stage.live(MINUTE).await;
    let told = stage.exceptions().await;
    assert!(told.iter().any(|told| told == "the clock of leeds is 6 h ahead of central's"), "{told:?}");

    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.work("leeds", "o1-1").await;
    let handed_over = stage.now().utc;
    stage.wait(2 * MINUTE);
    stage.sync("leeds").await;
    assert_eq!(stage.state("o1").await, OrderState::Shipped, "work goes on");

    let events = stage.events("o1").await;
    let left = events.iter().find(|event| event.kind == "handed_over").unwrap();
    assert_eq!(left.at, handed_over, "when it was, by central's clock");
    let clock = left.store_clock.unwrap();
    assert_eq!(clock.words(), "the store's clock was 6 h ahead");
    assert_eq!((clock.said_at, clock.received_at), (handed_over.plus(6 * HOUR), stage.now().utc));
    let placed = events.iter().find(|event| event.kind == "placed").unwrap();
    assert_eq!(placed.store_clock, None, "central's own words are not marked");
    assert_eq!(stage.position("leeds", "A").await.as_of, handed_over, "stock is not fresh for six hours");

    // Somebody sets it. Stamps go on growing, so for six hours they stay where they were.
    stage.shop("leeds").skew_ms = 0;
    stage.sell("leeds", "A", 1).await;
    stage.sync("leeds").await;
    assert_eq!(stage.position("leeds", "A").await.as_of, stage.now().utc);
    stage.live(MINUTE).await;
    let told = stage.exceptions().await;
    assert!(told.iter().all(|told| !told.contains("clock")), "settled by itself: {told:?}");
    stage.wait(7 * HOUR);
    stage.sell("leeds", "A", 1).await;
    let sold = stage.now().utc;
    stage.wait(MINUTE);
    stage.sync("leeds").await;
    assert_eq!(stage.position("leeds", "A").await.as_of, sold, "and then all is as before");
    stage.level("leeds").await;
    stage.sound().await;
}
