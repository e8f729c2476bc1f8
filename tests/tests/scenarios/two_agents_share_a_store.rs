use super::central_is_restored::replay;
use holdfast_agent::core::command::TaskAct;
use holdfast_central::core::fleet::Store;
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::fleet::Fleet;
use holdfast_shared::domain::task::{ReleasePoint, Status};
use holdfast_tests::conformance::world;
use holdfast_tests::stage::Stage;

#[tokio::test]
async fn two_agents_share_a_store() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 30)]).await;
    stage.enrol("leeds", "standby").await;
    stage.sync("standby").await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    for name in ["leeds", "standby"] {
        stage.sync(name).await;
    }
    // Work begins at one and goes on at the other; each is cut off for a while and sells on.
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.shop("standby").cut_off = true;
    for name in ["leeds", "standby", "leeds"] {
        stage.sell(name, "A", 2).await;
        stage.sync(name).await;
    }
    stage.shop("standby").cut_off = false;
    stage.sync("standby").await;
    assert_eq!(stage.status_at("standby", "o1-1").await, Status::Accepted);
    stage.act("standby", "o1-1", TaskAct::StartPicking).await.unwrap();
    let line = stage.task_at("standby", "o1-1").await.lines[0].line;
    stage.act("standby", "o1-1", TaskAct::Pick { line, quantity: 1 }).await.unwrap();
    stage.act("standby", "o1-1", TaskAct::Pack).await.unwrap();
    stage.sync("standby").await;
    stage.sync("leeds").await;
    // The release names the box that packed; the other says which one it is.
    let refused = stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.unwrap_err().to_string();
    assert!(refused.contains("leeds-b"), "{refused}");
    stage.act("standby", "o1-1", TaskAct::HandOver { to: None }).await.unwrap();
    for name in ["standby", "leeds", "standby"] {
        stage.sync(name).await;
    }
    for name in ["leeds", "standby"] {
        stage.level(name).await;
        assert_eq!(stage.on_hand_at(name, "A").await, 23);
    }
    assert_eq!(stage.exceptions().await, Vec::<String>::new());
    assert_eq!(stage.sound().await.open_holds, 0);
}

/// The seals of a standby's first answers are in its root before the stock that they stand for.
#[tokio::test]
async fn a_standby_that_waits_for_the_baseline_tells_no_stock() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 30)]).await;
    stage.restart("leeds");
    stage.sync("leeds").await;
    for messages in 1..4 {
        let name = format!("standby-{messages}");
        stage.enrol("leeds", &name).await;
        stage.shop(&name).cut_off_after(messages);
        stage.sync(&name).await;
        stage.beat(&name).await;
        assert_eq!(stage.exceptions().await, Vec::<String>::new(), "cut off after {messages} messages");
        stage.sync(&name).await;
        stage.level(&name).await;
        assert_eq!(stage.on_hand_at(&name, "A").await, 30);
    }
}

/// A store with two boxes, both of which know of an order for so many units that nobody has begun.
async fn both_know_the_order(units: i64, point: ReleasePoint) -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 5)]).await;
    stage.enrol("leeds", "standby").await;
    let leeds = Store { release_point: point, ..world::described("leeds") };
    stage.office.store().put_store(&world::tenant(), &leeds, stage.now().utc).await.unwrap();
    stage.sync("standby").await;
    stage.order("o1", &[("A", units)]).await;
    stage.decide().await;
    for name in ["leeds", "standby"] {
        stage.sync(name).await;
    }
    stage
}

/// Both know that one of them has begun to pick; from now on the standby is cut off, and york could help out.
async fn one_has_begun(point: ReleasePoint) -> Stage {
    let mut stage = both_know_the_order(2, point).await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.act("leeds", "o1-1", TaskAct::StartPicking).await.unwrap();
    for name in ["leeds", "standby"] {
        stage.sync(name).await;
    }
    stage.store("york", &[("A", 5)]).await;
    stage.shop("standby").cut_off = true;
    stage
}

fn decline() -> TaskAct {
    TaskAct::Decline { reason: String::from("too busy") }
}

/// One box declines; the other has not heard of it, and goes on. york ships meanwhile.
#[tokio::test]
async fn what_one_box_ended_the_other_puts_back() {
    let mut stage = both_know_the_order(1, ReleasePoint::Packed).await;
    stage.store("york", &[("A", 5)]).await;
    stage.shop("standby").cut_off = true;
    stage.pack("standby", "o1-1").await;
    stage.wait(1_000);
    stage.act("leeds", "o1-1", decline()).await.unwrap();
    stage.sync("leeds").await;
    stage.live(10_000).await;
    stage.sync("york").await;
    stage.pack("york", "o1-2").await;
    stage.shop("standby").cut_off = false;
    stage.sync("standby").await;
    assert_eq!(stage.status_at("standby", "o1-1").await, Status::PuttingBack);
    stage.sync("york").await;
    stage.act("york", "o1-2", TaskAct::HandOver { to: None }).await.unwrap();
    stage.act("standby", "o1-1", TaskAct::PutBack).await.unwrap();
    for name in ["york", "standby", "leeds"] {
        stage.sync(name).await;
    }
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!(stage.sound().await.open_holds, 0);
}

/// One box tells a unit missing, and york is given it; the other box, which had not heard of it, finds
/// both. york has it now: the store puts back what it has, and is given anew what is left.
#[tokio::test]
async fn what_one_box_missed_and_the_other_found_leaves_once() {
    let mut stage = one_has_begun(ReleasePoint::Packed).await;
    let line = stage.task_at("standby", "o1-1").await.lines[0].line;
    stage.act("standby", "o1-1", TaskAct::Pick { line, quantity: 2 }).await.unwrap();
    stage.wait(1_000);
    stage.act("leeds", "o1-1", TaskAct::Short { line, missing: 1 }).await.unwrap();
    stage.sync("leeds").await;
    stage.live(10_000).await;
    stage.sync("york").await;
    stage.pack("york", "o1-2").await;
    stage.act("standby", "o1-1", TaskAct::Pack).await.unwrap();
    stage.shop("standby").cut_off = false;
    stage.sync("standby").await;
    assert_eq!(stage.status_at("standby", "o1-1").await, Status::PuttingBack);
    stage.sync("york").await;
    stage.act("york", "o1-2", TaskAct::HandOver { to: None }).await.unwrap();
    stage.act("standby", "o1-1", TaskAct::PutBack).await.unwrap();
    for name in ["york", "standby", "leeds"] {
        stage.sync(name).await;
    }
    stage.live(10_000).await;
    assert_eq!(stage.sound().await.open_tasks, 1, "the unit that is left is given anew");
}

/// The standby misses what the other box finds.
async fn one_finds_what_the_other_misses(point: ReleasePoint) -> Stage {
    let mut stage = one_has_begun(point).await;
    let line = stage.task_at("standby", "o1-1").await.lines[0].line;
    stage.act("standby", "o1-1", TaskAct::Short { line, missing: 1 }).await.unwrap();
    stage.wait(1_000);
    stage
}

/// All of it is handed over, and nobody else was given any.
async fn both_units_leave_once(mut stage: Stage) {
    stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.unwrap();
    for name in ["leeds", "standby", "leeds"] {
        stage.sync(name).await;
    }
    stage.live(10_000).await;
    assert_eq!(stage.task("o1-1").await.lines[0].picked, 2);
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!(stage.sound().await.open_tasks, 0);
    assert_eq!(stage.sound().await.open_holds, 0);
}

#[tokio::test]
async fn what_was_packed_and_released_is_not_given_away_by_what_another_box_missed() {
    let mut stage = one_finds_what_the_other_misses(ReleasePoint::Packed).await;
    let line = stage.task_at("leeds", "o1-1").await.lines[0].line;
    stage.act("leeds", "o1-1", TaskAct::Pick { line, quantity: 2 }).await.unwrap();
    stage.act("leeds", "o1-1", TaskAct::Pack).await.unwrap();
    stage.sync("leeds").await;
    stage.shop("standby").cut_off = false;
    stage.sync("standby").await;
    stage.live(10_000).await;
    assert_eq!(stage.sound().await.open_tasks, 1, "york was given nothing");
    stage.sync("leeds").await;
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::Ready);
    both_units_leave_once(stage).await;
}

/// The one that was given the release early hears nothing any more, and finds what the other missed.
#[tokio::test]
async fn what_was_released_early_is_settled_when_it_is_handed_over() {
    let mut stage = one_finds_what_the_other_misses(ReleasePoint::Picking).await;
    stage.shop("leeds").cut_off = true;
    stage.shop("standby").cut_off = false;
    stage.sync("standby").await;
    assert_eq!(stage.task("o1-1").await.lines[0].short, 1);
    stage.decide().await;
    assert_eq!(stage.sound().await.open_tasks, 1, "york was given nothing");
    let line = stage.task_at("leeds", "o1-1").await.lines[0].line;
    stage.act("leeds", "o1-1", TaskAct::Pick { line, quantity: 2 }).await.unwrap();
    stage.act("leeds", "o1-1", TaskAct::Pack).await.unwrap();
    stage.shop("leeds").cut_off = false;
    both_units_leave_once(stage).await;
}

/// The release names one box; the other one, which has heard of nothing, declines. Only the answer of the
/// one that may hand over at any time ends the work.
#[tokio::test]
async fn what_is_released_to_one_box_is_not_ended_by_the_other() {
    let mut stage = both_know_the_order(1, ReleasePoint::Accepted).await;
    stage.store("york", &[("A", 5)]).await;
    stage.act("standby", "o1-1", decline()).await.unwrap();
    stage.wait(1_000);
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.sync("leeds").await;
    stage.sync("standby").await;
    stage.live(10_000).await;
    assert_eq!(stage.sound().await.open_tasks, 1, "york was given nothing");
    let refused = stage.act("standby", "o1-1", decline()).await.unwrap_err().to_string();
    assert!(refused.contains("leeds-a"), "{refused}");
    stage.act("leeds", "o1-1", decline()).await.unwrap();
    stage.sync("leeds").await;
    stage.live(10_000).await;
    stage.sync("york").await;
    assert_eq!(stage.status_at("york", "o1-2").await, Status::Offered);
}

/// One box has answered the recall by itself, as nobody had touched the goods there; the other one, which had
/// not heard of it, comes with the work in hand. It is not given back: the goods would be in two places.
#[tokio::test]
async fn work_that_one_box_began_is_not_given_back_while_the_other_may_have_ended_it() {
    let mut stage = both_know_the_order(1, ReleasePoint::Packed).await;
    stage.store("york", &[("A", 5)]).await;
    stage.shop("standby").stop();
    stage.live_without("leeds", 120_000).await;
    stage.shop("leeds").cut_off = false;
    stage.shop("leeds").cut_off_after(1);
    stage.sync("leeds").await;
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::PutBack);
    stage.shop("standby").boot();
    stage.act("standby", "o1-1", TaskAct::Accept).await.unwrap();
    stage.sync("standby").await;
    assert_eq!(stage.status_at("standby", "o1-1").await, Status::PuttingBack);
    let told = stage.timeline("o1").await;
    assert!(told.iter().any(|words| words.contains("another box of the store")), "{told:?}");
    stage.act("standby", "o1-1", TaskAct::PutBack).await.unwrap();
    stage.sync("york").await;
    stage.work("york", "o1-2").await;
    for name in ["york", "leeds", "standby"] {
        stage.sync(name).await;
    }
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!(stage.sound().await.open_holds, 0);
}

/// A standby brings back what central lost of the other box. Its message comes again when that box has
/// gone on and closed the document: nobody is accused.
#[tokio::test]
async fn what_a_standby_brought_back_may_arrive_again_after_it_was_sealed() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 30)]).await;
    stage.enrol("leeds", "standby").await;
    stage.sync("standby").await;
    let backup = stage.back_up_central();
    stage.sell("leeds", "A", 1).await;
    for name in ["leeds", "standby"] {
        stage.sync(name).await;
    }
    stage.office.put_back_image(&backup);
    stage.office.start();
    let mut late = Vec::new();
    for _ in 0..2 {
        stage.sync("standby").await;
        late.extend(stage.shop("standby").sent.clone());
        stage.wait(1_000);
    }
    assert!(late.iter().any(|request| !request.documents.is_empty()), "it brings what central lacks");
    replay(&mut stage, "leeds").await;
    stage.sell("leeds", "A", 1).await;
    stage.sync("leeds").await;
    stage.restart("leeds");
    replay(&mut stage, "leeds").await;
    replay(&mut stage, "standby").await;
    let from = stage.shop("standby").identity.clone();
    for request in &late {
        let answer = stage.arrives_again(&from, request).await;
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    }
    assert_eq!(stage.exceptions().await, Vec::<String>::new());
    assert_eq!(stage.position("leeds", "A").await.on_hand, 28);
}
