//! A store takes orders until half past two in the night, and the clock on its wall jumps over that
//! hour, or shows it twice. Orders reach it until its wall says so, and no minute longer.

use holdfast_central::core::fleet::{OpeningHours, Weekday};
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::fleet::Fleet;
use holdfast_shared::time::UtcMs;
use holdfast_tests::conformance::world;
use holdfast_tests::stage::{BEGIN, Stage};

const MINUTE: i64 = 60_000;
/// Berlin, 31 March 2024: 01:59:59 is followed by 03:00:00, at one in the night of Greenwich.
const FORWARD: UtcMs = UtcMs(1_711_846_800_000);
/// Berlin, 27 October 2024: 02:59:59 is followed by 02:00:00, at the same hour.
const BACK: UtcMs = UtcMs(1_729_990_800_000);

/// A store that is open from Saturday evening until 02:30 of Sunday, half an hour before `at`.
async fn open_late(at: UtcMs) -> Stage {
    let mut stage = Stage::open().await;
    stage.store("berlin", &[("A", 9)]).await;
    let mut described = world::described("berlin");
    described.zone = "Europe/Berlin".to_owned();
    described.hours =
        vec![OpeningHours { day: Weekday::Saturday, opens_minute: 20 * 60, closes_minute: 26 * 60 + 30 }];
    stage.office.store().put_store(&world::tenant(), &described, stage.now().utc).await.unwrap();
    stage.wait(at.since(BEGIN) - 30 * MINUTE);
    stage.sync("berlin").await;
    stage.live(20 * MINUTE).await;
    stage
}

/// Whether an order that is placed now goes to the store.
async fn takes(stage: &mut Stage, order: &str) -> bool {
    stage.order(order, &[("A", 1)]).await;
    stage.decide().await;
    match stage.state(order).await {
        OrderState::Allocated => true,
        OrderState::Backordered => false,
        other => panic!("{order} is {other:?}"),
    }
}

#[tokio::test]
async fn a_cutoff_on_a_dst_day() {
    let mut stage = open_late(FORWARD).await;
    assert!(takes(&mut stage, "at-0150").await);
    stage.live(9 * MINUTE).await;
    assert!(takes(&mut stage, "at-0159").await);
    stage.live(MINUTE).await;
    assert!(!takes(&mut stage, "at-0300").await, "half past two never came, and is over");
    stage.sound().await;
}

#[tokio::test]
async fn a_cutoff_that_comes_twice() {
    let mut stage = open_late(BACK).await;
    // It is 02:50 for the first time: closed since 02:30.
    assert!(!takes(&mut stage, "at-0250").await);
    stage.live(11 * MINUTE).await;
    assert!(takes(&mut stage, "again-0201").await, "the wall says that it is open, and so are its people");
    stage.live(30 * MINUTE).await;
    assert!(!takes(&mut stage, "again-0231").await);
    stage.sound().await;
}
