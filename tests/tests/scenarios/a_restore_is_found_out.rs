use super::central_is_restored::{receive, recovery, replay, restore, waits_for};
use holdfast_agent::core::command::TaskAct;
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::orders::Orders;
use holdfast_central::ports::recovery::Recoveries;
use holdfast_shared::domain::task::Status;
use holdfast_shared::ids::{Actor, LineNo};
use holdfast_tests::conformance::world;
use holdfast_tests::stage::Stage;

/// On another machine nothing lies beside the copy, and before anybody has spoken all waits.
#[tokio::test]
async fn a_database_without_its_witness_is_taken_for_an_older_one() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 9)]).await;
    stage.order("o1", &[("A", 1)]).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup.db");
    stage.office.back_up(&backup);
    stage.decide().await;
    stage.office.put_back(&backup);
    stage.office.lose_witness();
    stage.office.start();
    assert_eq!(waits_for(&stage).await, ["leeds"]);
    stage.live(60_000).await;
    replay(&mut stage, "leeds").await;
    assert!(recovery(&stage).await.unwrap().over);
    stage.office.stop();
    stage.office.start();
    assert_eq!(stage.office.store().restored(), None, "and from now on it has one");
}

/// A second restore tells its own losses, whatever stores brought back after the first.
#[tokio::test]
async fn what_a_second_restore_lost_is_counted_by_itself() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 9)]).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup.db");
    stage.office.back_up(&backup);
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.office.put_back(&backup);
    stage.office.start();
    replay(&mut stage, "leeds").await;
    assert_eq!(recovery(&stage).await.unwrap().lost.orders, Some(0), "leeds brought it back");
    stage.office.back_up(&backup);
    stage.order("o2", &[("A", 1)]).await;
    stage.office.put_back(&backup);
    stage.office.start();
    replay(&mut stage, "leeds").await;
    assert_eq!(recovery(&stage).await.unwrap().lost.orders, Some(1), "nobody has o2");
}

/// What was lost and handed over at leeds is asked for again, before leeds has said a word.
#[tokio::test]
async fn an_order_that_comes_again_in_the_window_does_not_leave_twice() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 1)]).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup.db");
    stage.store("york", &[("A", 0)]).await;
    stage.office.back_up(&backup);
    stage.order("lost", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    let task = "lost-1";
    stage.pack("leeds", task).await;
    stage.sync("leeds").await;
    stage.act("leeds", task, TaskAct::HandOver { to: None }).await.unwrap();
    stage.office.put_back(&backup);
    stage.office.start();
    receive(&mut stage, "york", "A", 2).await;
    replay(&mut stage, "york").await;
    stage.order("lost", &[("A", 1)]).await;
    stage.live(10_000).await;
    stage.sync("york").await;
    let again = "lost-2-1";
    stage.pack("york", again).await;
    stage.sync("york").await;
    assert_eq!(stage.status_at("york", again).await, Status::AwaitingRelease);
    replay(&mut stage, "leeds").await;
    stage.sync("york").await;
    assert_eq!(stage.status_at("york", again).await, Status::PuttingBack);
    assert_eq!(stage.state("lost").await, OrderState::Shipped);
}

/// What leeds puts back for a cancel may have left york before the restore.
#[tokio::test]
async fn a_cancel_that_one_store_answers_is_final_when_all_have_told() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 1)]).await;
    stage.store("york", &[]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.office.store().begin_recovery("a person said so", stage.now().utc).await.unwrap();
    let actor = Actor::new("amy").unwrap();
    let (tenant, order, now) = (world::tenant(), world::order_id("o1"), stage.now().utc);
    stage.office.store().cancel(&tenant, &order, "changed my mind", &actor, now).await.unwrap();
    replay(&mut stage, "leeds").await;
    stage.act("leeds", "o1-1", TaskAct::PutBack).await.unwrap();
    stage.sync("leeds").await;
    assert_ne!(stage.state("o1").await, OrderState::Cancelled);
    replay(&mut stage, "york").await;
    assert_eq!(stage.state("o1").await, OrderState::Cancelled);
    assert_eq!(stage.sound().await.open_holds, 0);
}

/// A central that was put back and has written little has fewer commits than another copy, or as many.
#[tokio::test]
async fn a_copy_that_is_put_back_upon_another_is_found_out_however_long_it_is() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 9)]).await;
    let folder = tempfile::tempdir().unwrap();
    let [early, late] = ["early.db", "late.db"].map(|name| folder.path().join(name));
    stage.office.back_up(&early);
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.office.back_up(&late);
    stage.order("o2", &[("A", 1)]).await;
    for (copy, begun) in [(&early, 2), (&early, 3), (&late, 4)] {
        stage.office.put_back(copy);
        stage.office.start();
        assert_eq!(stage.office.store().restored(), Some(begun));
        assert_eq!(waits_for(&stage).await, ["leeds"]);
    }
    stage.office.stop();
    stage.office.start();
    assert_eq!(stage.office.store().restored(), None);
}

/// The backup shows two units at leeds; since then one was told missing there and given to york, which
/// tells first. What leeds did with the other one is not known yet.
#[tokio::test]
async fn nobody_is_stopped_for_another_before_every_store_has_told() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 2)]).await;
    stage.store("york", &[("A", 0)]).await;
    stage.order("o1", &[("A", 2)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    let backup = stage.back_up_central();
    let line = LineNo(1);
    for act in [
        TaskAct::Accept,
        TaskAct::StartPicking,
        TaskAct::Short { line, missing: 1 },
        TaskAct::Pick { line, quantity: 1 },
        TaskAct::Pack,
    ] {
        stage.act("leeds", "o1-1", act).await.unwrap();
    }
    stage.sync("leeds").await;
    receive(&mut stage, "york", "A", 1).await;
    stage.sync("york").await;
    stage.live(20_000).await;
    stage.sync("york").await;
    stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.unwrap();
    restore(&mut stage, &backup);

    replay(&mut stage, "york").await;
    replay(&mut stage, "leeds").await;

    let told = stage.timeline("o1").await;
    assert!(told.iter().any(|words| words.starts_with("leeds handed the goods over")), "{told:?}");
    assert!(!told.iter().any(|words| words.starts_with("recalled")), "{told:?}");
    stage.pack("york", "o1-2").await;
    stage.sync("york").await;
    stage.act("york", "o1-2", TaskAct::HandOver { to: None }).await.unwrap();
    stage.sync("york").await;
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    stage.sound().await;
}

/// No answer to the store held the offer yet when the backup was made; since then it has begun.
#[tokio::test]
async fn units_that_a_store_may_have_been_offered_stay_set_aside() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 1)]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    let backup = stage.back_up_central();
    stage.sync("leeds").await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    restore(&mut stage, &backup);
    stage.office.store().begin_recovery("a person said so", stage.now().utc).await.unwrap();

    stage.take_back("o1-1", "the van broke down").await.unwrap();

    assert_eq!(stage.position("leeds", "A").await.reserved, 1);
    replay(&mut stage, "leeds").await;
    stage.act("leeds", "o1-1", TaskAct::PutBack).await.unwrap();
    replay(&mut stage, "leeds").await;
    assert_eq!(stage.position("leeds", "A").await.reserved, 0);
}
