//! A clock jumps while orders are under way: six hours, a year, to 1970 and back, at a store or at
//! central. No offer and no work is taken back for it, and every order ends as if nothing had been.

use holdfast_agent::core::command::TaskAct;
use holdfast_central::core::order::OrderState;
use holdfast_shared::domain::task::Status;
use holdfast_tests::stage::{BEGIN, Stage};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const YEAR: i64 = 365 * 24 * HOUR;
/// What a wall clock is wrong by that begins in 1970 again.
const LOST: i64 = -BEGIN.0;
const JUMPS: [i64; 6] = [6 * HOUR, -6 * HOUR, YEAR, LOST, -YEAR, 0];

#[derive(Debug, Clone, Copy)]
enum Whose {
    TheStores,
    Centrals,
}

async fn jump(stage: &mut Stage, whose: Whose, skew_ms: i64) {
    match whose {
        Whose::TheStores => stage.shop("leeds").skew_ms = skew_ms,
        Whose::Centrals => stage.office.skew_ms = skew_ms,
    }
    // At once, and for a minute after it.
    stage.decide().await;
    stage.live(MINUTE).await;
}

/// Two orders: one that the store has accepted when the clock jumps, one that it has not.
async fn two_orders_through_a_jump(stage: &mut Stage, whose: Whose, n: usize, skew_ms: i64) {
    let orders = [format!("offered-{n}"), format!("accepted-{n}")];
    for order in &orders {
        stage.order(order, &[("A", 1)]).await;
    }
    stage.decide().await;
    stage.sync("leeds").await;
    let [offered, accepted] = orders.clone().map(|order| format!("{order}-1"));
    stage.act("leeds", &accepted, TaskAct::Accept).await.unwrap();
    stage.sync("leeds").await;

    jump(stage, whose, skew_ms).await;
    assert_eq!(stage.task(&offered).await.status(), Status::Offered, "{whose:?} by {skew_ms}");
    assert_eq!(stage.task(&accepted).await.status(), Status::Accepted, "{whose:?} by {skew_ms}");

    stage.act("leeds", &accepted, TaskAct::StartPicking).await.unwrap();
    let line = stage.task_at("leeds", &accepted).await.lines[0].line;
    stage.act("leeds", &accepted, TaskAct::Pick { line, quantity: 1 }).await.unwrap();
    stage.act("leeds", &accepted, TaskAct::Pack).await.unwrap();
    stage.sync("leeds").await;
    stage.act("leeds", &accepted, TaskAct::HandOver { to: None }).await.unwrap();
    stage.work("leeds", &offered).await;
    stage.sync("leeds").await;
    stage.level("leeds").await;
    for order in &orders {
        assert_eq!(stage.state(order).await, OrderState::Shipped, "{whose:?} by {skew_ms}: {order}");
        // What people read can be written, whatever a clock said.
        serde_json::to_string(&stage.events(order).await).unwrap();
    }
    let as_of = stage.position("leeds", "A").await.as_of;
    let now = stage.office.clock(stage.now()).utc;
    assert!(whose_is_central(whose) || as_of == now, "{whose:?} by {skew_ms}: {as_of:?}, and it is {now:?}");
}

/// Central compares with its own clock, and cannot know better than that one.
const fn whose_is_central(whose: Whose) -> bool {
    matches!(whose, Whose::Centrals)
}

#[tokio::test]
async fn clocks_jump_and_nothing_moves() {
    for whose in [Whose::TheStores, Whose::Centrals] {
        let mut stage = Stage::open().await;
        stage.store("leeds", &[("A", 50)]).await;
        // Longer than an offer lives: what happens is not the doing of the start.
        stage.live(20 * MINUTE).await;
        for (n, skew_ms) in JUMPS.into_iter().enumerate() {
            two_orders_through_a_jump(&mut stage, whose, n, skew_ms).await;
        }
        stage.sound().await;
        assert_eq!(stage.on_hand_at("leeds", "A").await, 50 - 2 * 6);
        assert_eq!(stage.position("leeds", "A").await.on_hand, 50 - 2 * 6);
    }
}

#[tokio::test]
async fn an_offer_that_nobody_answers_ends_however_the_clock_of_central_jumps() {
    for skew_ms in JUMPS {
        let mut stage = Stage::open().await;
        stage.store("leeds", &[("A", 5)]).await;
        stage.live(20 * MINUTE).await;
        stage.order("o1", &[("A", 1)]).await;
        stage.decide().await;
        stage.sync("leeds").await;
        jump(&mut stage, Whose::Centrals, skew_ms).await;
        assert_eq!(stage.task("o1-1").await.status(), Status::Offered, "by {skew_ms}: not at once");
        let period = stage.office.routing.accept_within_ms;
        stage.live(period + MINUTE).await;
        assert!(stage.task("o1-1").await.recall.is_some(), "by {skew_ms}: and not never");
    }
}
