//! A manager plans maintenance on a handheld while the line is down. Central hears of it when the line is
//! mended, gives the store no orders from then until then by itself, and says who wanted it.

use holdfast_agent::core::command::{Command, PlanCause, PlanRequest};
use holdfast_central::ports::PageRequest;
use holdfast_central::ports::fleet::Fleet;
use holdfast_tests::conformance::world;
use holdfast_tests::stage::{BEGIN, Stage};

const SECOND: i64 = 1_000;

/// Leeds and York stand side by side; of equals Leeds is asked first. Leeds plans from 100 s to 200 s.
async fn planned_without_a_line(hard: bool) -> Stage {
    let mut stage = Stage::open().await;
    for name in ["leeds", "york"] {
        stage.store(name, &[("A", 9)]).await;
    }
    stage.live(20 * SECOND).await;
    stage.shop("leeds").cut_off = true;
    let (from, until) = (BEGIN.plus(100 * SECOND), BEGIN.plus(200 * SECOND));
    let plan = PlanRequest { hard, cause: PlanCause::Maintenance, from, until };
    stage.say("leeds", Command::Plan(plan)).await.unwrap();
    stage.restart("leeds");
    stage.back("leeds").await;
    stage.live(20 * SECOND).await;
    stage
}

/// Where an order goes that comes now.
async fn goes_to(stage: &mut Stage, order: &str) -> String {
    stage.order(order, &[("A", 1)]).await;
    stage.decide().await;
    stage.task(&format!("{order}-1")).await.store.to_string()
}

async fn why_closed(stage: &Stage) -> String {
    let page = PageRequest { cursor: None, limit: 10 };
    let (tenant, leeds) = (world::tenant(), world::store_id("leeds"));
    let history = stage.office.store().eligibility_history(&tenant, &leeds, &page).await.unwrap();
    history.rows[0].eligibility.why().to_owned()
}

#[tokio::test]
async fn a_closure_planned_offline_begins_and_ends_by_itself() {
    let mut stage = planned_without_a_line(false).await;
    assert_eq!(goes_to(&mut stage, "o1").await, "leeds", "it has not begun");
    stage.live(65 * SECOND).await;
    assert_eq!(goes_to(&mut stage, "o2").await, "york");
    let why = why_closed(&stage).await;
    assert!(why.starts_with("closed softly by amy because of maintenance, until "), "{why}");
    assert!(why.ends_with("as planned at the store"), "{why}");
    assert!(stage.task("o1-1").await.recall.is_none(), "softly: what it has, it finishes");
    stage.live(100 * SECOND).await;
    assert_eq!(goes_to(&mut stage, "o3").await, "leeds", "it is over");
    stage.sound().await;
}

#[tokio::test]
async fn a_hard_one_moves_its_work_and_one_that_is_taken_back_ends_at_once() {
    let mut stage = planned_without_a_line(true).await;
    assert_eq!(goes_to(&mut stage, "o1").await, "leeds");
    stage.live(65 * SECOND).await;
    assert!(stage.task("o1-1").await.recall.is_some(), "all order traffic stops there");
    assert_eq!(goes_to(&mut stage, "o2").await, "york");
    stage.say("leeds", Command::Unplan(1)).await.unwrap();
    stage.live(5 * SECOND).await;
    assert_eq!(goes_to(&mut stage, "o3").await, "leeds");
}
