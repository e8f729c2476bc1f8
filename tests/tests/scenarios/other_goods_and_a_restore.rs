//! Other goods stood in for those that were ordered after the backup from which central is restored.

use super::central_is_restored::{receive, recovery, replay, restore};
use super::other_goods_stand_in::{chain, lines, order};
use holdfast_central::core::order::{Consent, OrderState};
use holdfast_central::ports::orders::{Orders, Placed};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::guard::Guard;
use holdfast_shared::money::Money;
use holdfast_tests::conformance::world;
use holdfast_tests::stage::Stage;

/// Every task of the order is brought to its end by the store that has it.
async fn all_hand_over(stage: &mut Stage, order: &str) {
    for task in stage.the_order(order).await.tasks {
        let name = stage.task(task.as_str()).await.store.to_string();
        stage.sync(&name).await;
        stage.work(&name, task.as_str()).await;
        stage.sync(&name).await;
    }
}

fn line(sku: &str, units: [i64; 4], of: Option<u32>) -> (String, [i64; 4], Option<u32>) {
    (sku.to_owned(), units, of)
}

/// Two stores send a unit each, and central knows of neither any more.
#[tokio::test]
async fn a_stand_in_that_two_stores_shared_is_whole_again() {
    let mut stage = chain(&[("B", 1)]).await;
    stage.store("york", &[("B", 1)]).await;
    order(&mut stage, "o1", 2, Consent::Allow).await;
    let backup = stage.back_up_central();
    stage.decide().await;
    assert_eq!(stage.the_order("o1").await.tasks.len(), 2);
    all_hand_over(&mut stage, "o1").await;

    restore(&mut stage, &backup);
    for name in ["leeds", "york", "leeds", "york"] {
        replay(&mut stage, name).await;
    }
    assert!(recovery(&stage).await.unwrap().over);
    let expected = [line("A", [2, 0, 0, 2], None), line("B", [2, 0, 2, 0], Some(1))];
    assert_eq!(lines(&stage, "o1").await, expected);
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    let told = stage.exceptions().await;
    assert!(!told.iter().any(|detail| detail.contains("more units")), "{told:?}");
    assert_eq!(stage.sound().await.open_holds, 0);
}

/// York has what was ordered again, and has not told yet what it did; leeds tells that it sends other goods.
async fn told_by_leeds_alone() -> Stage {
    let mut stage = chain(&[("B", 1)]).await;
    stage.store("york", &[("A", 0)]).await;
    order(&mut stage, "o1", 1, Consent::Allow).await;
    let backup = stage.back_up_central();
    stage.decide().await;
    stage.sync("leeds").await;
    stage.pack("leeds", "o1-1").await;
    receive(&mut stage, "york", "A", 1).await;
    stage.sync("york").await;
    restore(&mut stage, &backup);
    replay(&mut stage, "leeds").await;
    stage
}

#[tokio::test]
async fn what_other_goods_stand_in_for_is_neither_cancelled_for_good_nor_sent_as_well() {
    let mut stage = told_by_leeds_alone().await;
    assert!(!recovery(&stage).await.unwrap().over);
    let ordered = &stage.the_order("o1").await.lines[0];
    assert_eq!((ordered.open, ordered.replaced_units(), ordered.given_up()), (0, 1, 0));
    replay(&mut stage, "york").await;
    stage.live(60_000).await;
    stage.sync("leeds").await;
    stage.act("leeds", "o1-1", holdfast_agent::core::command::TaskAct::HandOver { to: None }).await.unwrap();
    stage.sync("leeds").await;
    stage.live(10_000).await;
    assert_eq!(stage.the_order("o1").await.tasks.len(), 1, "york was asked for nothing");
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    stage.sound().await;
}

/// What the count is good for: without it york is asked for what leeds sends.
#[tokio::test]
async fn without_the_count_of_stand_ins_both_would_be_sent() {
    Guard::take_away(Some(Guard::StandInsCount));
    let mut stage = told_by_leeds_alone().await;
    Guard::take_away(None);
    replay(&mut stage, "york").await;
    stage.live(60_000).await;
    assert_eq!(stage.the_order("o1").await.tasks.len(), 2);
}

/// Nobody but the stores knows of the order, and each of its parts.
#[tokio::test]
async fn a_lost_order_that_two_stores_shared_asks_for_no_third_unit() {
    let mut stage = chain(&[("A", 1)]).await;
    stage.store("york", &[("A", 1)]).await;
    let backup = stage.back_up_central();
    order(&mut stage, "o1", 2, Consent::None).await;
    stage.decide().await;
    assert_eq!(stage.the_order("o1").await.tasks.len(), 2);
    all_hand_over(&mut stage, "o1").await;
    restore(&mut stage, &backup);
    for name in ["leeds", "york", "leeds", "york"] {
        replay(&mut stage, name).await;
    }
    assert_eq!(lines(&stage, "o1").await, [line("A", [2, 0, 2, 0], None)]);
    let asked = world::request(FulfilmentKind::Ship, &[("A", 2)]);
    let again = stage.office.store().place(world::new_order("o1", "o1", asked)).await.unwrap();
    assert!(matches!(again, Placed::Replayed { .. }), "{again:?}");
    receive(&mut stage, "york", "A", 5).await;
    replay(&mut stage, "york").await;
    stage.live(60_000).await;
    assert_eq!(lines(&stage, "o1").await, [line("A", [2, 0, 2, 0], None)]);
    assert_eq!(stage.the_order("o1").await.tasks.len(), 2);
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    let told = stage.exceptions().await;
    assert!(
        !told.iter().any(|detail| detail.contains("more units") || detail.contains("units more")),
        "{told:?}"
    );
    stage.sound().await;
}

/// What the other goods were sold for is lost with the record of them, and without a price nothing could be charged.
#[tokio::test]
async fn other_goods_that_central_forgot_cost_what_those_ordered_would_have() {
    let mut stage = chain(&[("B", 1)]).await;
    let mut asked = world::request(FulfilmentKind::Ship, &[("A", 1)]);
    asked.substitution = Some(Consent::Allow);
    let price = Money { minor: 500, currency: "EUR".parse().unwrap() };
    asked.lines[0].unit_price = Some(price);
    stage.place("o1", asked).await;
    let backup = stage.back_up_central();
    stage.decide().await;
    all_hand_over(&mut stage, "o1").await;
    restore(&mut stage, &backup);
    for _ in 0..2 {
        replay(&mut stage, "leeds").await;
    }
    assert_eq!(lines(&stage, "o1").await, [line("A", [1, 0, 0, 1], None), line("B", [1, 0, 1, 0], Some(1))]);
    let lines = stage.the_order("o1").await.lines;
    assert!(lines.iter().all(|line| line.unit_price == Some(price)), "{lines:?}");
}
