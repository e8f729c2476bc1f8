use holdfast_agent::core::command::{Command, MovementKind, MovementRequest, TaskAct};
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::orders::{CancelOutcome, Orders, Placed};
use holdfast_central::ports::recovery::{OverrideOutcome, Recoveries, Recovery};
use holdfast_shared::domain::task::{FulfilmentKind, Status};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::Actor;
use holdfast_tests::conformance::world;
use holdfast_tests::stage::Stage;
use std::path::Path;

const HOUR_MS: i64 = 3_600_000;

pub(super) async fn recovery(stage: &Stage) -> Option<Recovery> {
    stage.office.store().recovery(&world::tenant()).await.unwrap()
}

pub(super) async fn waits_for(stage: &Stage) -> Vec<String> {
    let told = recovery(stage).await.unwrap();
    told.stores.iter().filter(|store| store.is_waited_for()).map(|store| store.store.to_string()).collect()
}

async fn override_for(stage: &Stage, store: &str) -> OverrideOutcome {
    let actor = Actor::new("amy").unwrap();
    let (tenant, now) = (world::tenant(), stage.now().utc);
    let central = stage.office.store();
    central.override_recovery(&tenant, &world::store_id(store), "burnt down", &actor, now).await.unwrap()
}

/// As a box does by itself: at once, and again as soon as it is asked to.
pub(super) async fn replay(stage: &mut Stage, name: &str) {
    stage.sync(name).await;
    stage.wait(1_000);
    stage.sync(name).await;
    stage.beat(name).await;
}

pub(super) async fn receive(stage: &mut Stage, name: &str, sku: &str, quantity: i64) {
    let receipt = MovementRequest {
        kind: MovementKind::Receipt,
        sku: world::sku(sku),
        quantity,
        peer: None,
        note: None,
    };
    stage.say(name, Command::Move(vec![receipt])).await.unwrap();
}

/// The machine with all that lay on it, so that no witness tells: only the stores can.
pub(super) fn restore(stage: &mut Stage, backup: &Path) {
    stage.office.put_back_image(backup);
    stage.office.start();
}

async fn comes_back(stage: &mut Stage) {
    receive(stage, "hull", "A", 4).await;
    replay(stage, "hull").await;
    stage.level("hull").await;
    assert_eq!(stage.position("hull", "A").await.on_hand, 4);
}

/// From the acceptance on, with the word to central.
async fn finish_packing(stage: &mut Stage, name: &str, task: &str) {
    stage.act(name, task, TaskAct::StartPicking).await.unwrap();
    let line = stage.task_at(name, task).await.lines[0].line;
    stage.act(name, task, TaskAct::Pick { line, quantity: 1 }).await.unwrap();
    stage.act(name, task, TaskAct::Pack).await.unwrap();
    stage.sync(name).await;
}

/// One order is released, one is accepted, and leeds hands over offline.
async fn the_hour_that_is_lost(stage: &mut Stage) {
    stage.order("lost", &[("A", 2)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.pack("leeds", "lost-1").await;
    stage.sync("leeds").await;
    stage.sync("york").await;
    stage.act("york", "early-1", TaskAct::Accept).await.unwrap();
    stage.sync("york").await;
    stage.office.stop();
    stage.act("leeds", "lost-1", TaskAct::HandOver { to: None }).await.unwrap();
    stage.wait(HOUR_MS);
}

#[tokio::test]
async fn central_is_restored_from_an_hour_ago() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 9), ("C", 0)]).await;
    stage.store("york", &[("B", 9)]).await;
    stage.store("hull", &[("A", 0)]).await;
    stage.order("idle", &[("C", 1)]).await;
    stage.order("early", &[("B", 1)]).await;
    let backup = stage.back_up_central();

    the_hour_that_is_lost(&mut stage).await;
    restore(&mut stage, &backup);
    assert_eq!(recovery(&stage).await, None);

    // The first word of a store that has heard more proves it.
    stage.sync("leeds").await;
    assert!(recovery(&stage).await.unwrap().incarnation > 1);
    receive(&mut stage, "leeds", "C", 5).await;
    replay(&mut stage, "leeds").await;
    assert_eq!(waits_for(&stage).await, ["hull", "york"]);

    // The lost order is adopted, with its release and the goods that left.
    assert_eq!(stage.state("lost").await, OrderState::Shipped);
    assert!(stage.timeline("lost").await.iter().any(|words| words.starts_with("adopted from leeds")));
    let told = stage.exceptions().await;
    assert!(told.iter().any(|detail| detail.contains("customer, prices and payment are lost")), "{told:?}");
    assert_eq!(stage.position("leeds", "A").await.on_hand, 7);
    stage.level("leeds").await;

    // Its storefront repeats the request, and gets the same order.
    let request = world::request(FulfilmentKind::Ship, &[("A", 2)]);
    let again = stage.office.store().place(world::new_order("lost", "lost", request)).await.unwrap();
    assert!(matches!(again, Placed::Replayed { order, .. } if order == world::order_id("lost")));
    assert_eq!(recovery(&stage).await.unwrap().adopted_orders, 0);

    // What the backup shows as open waits, although leeds could serve it; what is new does not.
    stage.order("fresh", &[("A", 1)]).await;
    stage.live(60_000).await;
    assert_eq!(stage.state("idle").await, OrderState::Placed);
    assert_eq!(stage.state("early").await, OrderState::Placed);
    assert_eq!(stage.state("fresh").await, OrderState::Allocated);
    let incarnation = recovery(&stage).await.unwrap().incarnation;
    assert_eq!(stage.task(&format!("fresh-{incarnation}-1")).await.store, world::store_id("leeds"));

    // york tells that it has the other one; it is not released before everybody has told.
    replay(&mut stage, "york").await;
    assert_eq!(stage.state("early").await, OrderState::Accepted);
    assert_eq!(stage.position("york", "B").await.reserved, 1);
    finish_packing(&mut stage, "york", "early-1").await;
    assert_eq!(stage.status_at("york", "early-1").await, Status::AwaitingRelease);
    assert_eq!(waits_for(&stage).await, ["hull"]);

    // hull never comes back: a person says so, and everything moves.
    assert_eq!(override_for(&stage, "hull").await, OverrideOutcome::Overridden { replicas: 1 });
    assert_eq!(override_for(&stage, "hull").await, OverrideOutcome::NotWaitedFor);
    assert!(stage.timeline("early").await.iter().any(|words| words.ends_with("burnt down")));
    stage.sync("york").await;
    stage.act("york", "early-1", TaskAct::HandOver { to: None }).await.unwrap();
    stage.sync("york").await;
    stage.live(10_000).await;
    assert_eq!(stage.state("early").await, OrderState::Shipped);
    assert_eq!(stage.state("idle").await, OrderState::Allocated);
    assert!(recovery(&stage).await.unwrap().over);

    // And when it does come back, nothing of it is lost.
    comes_back(&mut stage).await;
    stage.sound().await;
}

/// The backup alone was put back, beside the witness of what was there before.
#[tokio::test]
async fn the_witness_beside_the_database_proves_the_restore() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 9)]).await;
    let backup = stage.back_up_central();
    for order in ["o1", "o2", "o3"] {
        stage.order(order, &[("A", 1)]).await;
    }
    stage.decide().await;
    stage.office.put_back(&backup);
    stage.office.start();

    // Nobody has spoken yet, and what nobody will bring back is listed.
    let told = recovery(&stage).await.unwrap();
    assert_eq!((told.incarnation, told.over), (2, false));
    assert_eq!((told.lost.fences, told.lost.orders), (vec!["1.1 to 1.3".to_owned()], Some(3)));
    replay(&mut stage, "leeds").await;
    assert!(recovery(&stage).await.unwrap().over);
    let exceptions = stage.exceptions().await;
    assert!(
        exceptions.iter().any(|detail| detail.contains("3 orders that no store reported")),
        "{exceptions:?}"
    );

    // The same backup once more, and then an ordinary start.
    stage.office.put_back(&backup);
    stage.office.start();
    assert_eq!(stage.office.store().restored(), Some(3));
    stage.office.stop();
    stage.office.start();
    assert_eq!(stage.office.store().restored(), None);
}

#[tokio::test]
async fn a_restored_central_gives_no_id_twice() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 9)]).await;
    let backup = stage.back_up_central();
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    let before = stage.task_at("leeds", "o1-1").await;

    let mut incarnations = vec![1];
    for round in 2..5 {
        restore(&mut stage, &backup);
        replay(&mut stage, "leeds").await;
        stage.order(&format!("o{round}"), &[("A", 1)]).await;
        stage.live(20_000).await;
        stage.sync("leeds").await;
        let incarnation = recovery(&stage).await.unwrap().incarnation;
        let after = stage.task_at("leeds", &format!("o{round}-{incarnation}-1")).await;
        assert!(after.fence > before.fence && after.fence.incarnation == incarnation, "{}", after.fence);
        assert!(after.newest.as_str().starts_with(&format!("central.{incarnation}.")), "{}", after.newest);
        incarnations.push(incarnation);
        stage.level("leeds").await;
        stage.sound().await;
    }
    assert!(incarnations.is_sorted_by(|earlier, later| earlier < later), "{incarnations:?}");
}

/// The backup shows the work at leeds; meanwhile it moved to york, and only york knows.
#[tokio::test]
async fn work_that_moved_in_the_lost_hour_leaves_one_store_only() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 1)]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.store("york", &[("A", 1)]).await;
    let backup = stage.back_up_central();
    stage.shop("leeds").cut_off = true;
    // leeds falls silent, and is not alone in having work.
    for _ in 0..30 {
        stage.wait(5_000);
        stage.beat("york").await;
        stage.decide().await;
    }
    stage.sync("york").await;
    assert_eq!(stage.status_at("york", "o1-2").await, Status::Offered);
    stage.pack("york", "o1-2").await;
    stage.pack("leeds", "o1-1").await;

    restore(&mut stage, &backup);
    stage.shop("leeds").cut_off = false;
    stage.sync("york").await;
    replay(&mut stage, "leeds").await;
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::PuttingBack);
    replay(&mut stage, "york").await;
    stage.sync("york").await;
    assert_eq!(stage.status_at("york", "o1-2").await, Status::Ready);
    stage.act("york", "o1-2", TaskAct::HandOver { to: None }).await.unwrap();
    stage.sync("york").await;
    stage.act("leeds", "o1-1", TaskAct::PutBack).await.unwrap();
    stage.sync("leeds").await;
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!(stage.sound().await.open_holds, 0);
}

/// leeds packs before york has said a word: without the window it would get the release.
#[tokio::test]
async fn nothing_is_released_before_every_store_has_told() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 1)]).await;
    stage.store("york", &[]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    let backup = stage.back_up_central();
    stage.sync("leeds").await;
    stage.order("o2", &[("B", 1)]).await;
    stage.sell("leeds", "A", 1).await;
    receive(&mut stage, "leeds", "A", 1).await;
    stage.sync("leeds").await;
    restore(&mut stage, &backup);
    stage.office.store().begin_recovery("a person said so", stage.now().utc).await.unwrap();
    replay(&mut stage, "leeds").await;
    stage.pack("leeds", "o1-1").await;
    stage.sync("leeds").await;
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::AwaitingRelease);
    replay(&mut stage, "york").await;
    stage.sync("leeds").await;
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::Ready);
}

#[tokio::test]
async fn a_cancellation_is_final_only_when_every_store_has_told() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 1)]).await;
    stage.store("york", &[]).await;
    stage.order("o1", &[("C", 1)]).await;
    stage.decide().await;
    stage.office.store().begin_recovery("a person said so", stage.now().utc).await.unwrap();
    let actor = Actor::new("amy").unwrap();
    let (tenant, order, now) = (world::tenant(), world::order_id("o1"), stage.now().utc);
    let asked = stage.office.store().cancel(&tenant, &order, "changed my mind", &actor, now).await.unwrap();
    assert_eq!(asked, CancelOutcome::Requested { cancelled_units: 0, asked_stores: 0 });
    assert_ne!(stage.state("o1").await, OrderState::Cancelled);
    replay(&mut stage, "leeds").await;
    assert_ne!(stage.state("o1").await, OrderState::Cancelled);
    replay(&mut stage, "york").await;
    assert_eq!(stage.state("o1").await, OrderState::Cancelled);
}

#[tokio::test]
async fn a_box_with_thousands_of_facts_tells_them_all_again() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[]).await;
    let backup = stage.back_up_central();
    let names: Vec<String> = (0..4_000).map(|n| format!("S-{n}")).collect();
    let opening: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 3)).collect();
    stage.open_stock("leeds", &opening).await;
    stage.sync("leeds").await;
    stage.level("leeds").await;
    restore(&mut stage, &backup);
    replay(&mut stage, "leeds").await;
    stage.level("leeds").await;
    assert_eq!(stage.position("leeds", "S-3999").await.on_hand, 3);
    assert!(recovery(&stage).await.unwrap().over);
}

/// What the window is good for: without it leeds gets a release that york may have had.
#[tokio::test]
async fn without_the_window_goods_are_released_before_every_store_has_told() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 1)]).await;
    stage.store("york", &[]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.office.store().begin_recovery("a person said so", stage.now().utc).await.unwrap();
    replay(&mut stage, "leeds").await;
    stage.pack("leeds", "o1-1").await;
    stage.sync("leeds").await;
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::AwaitingRelease);
    Guard::take_away(Some(Guard::RecoveryBeforeRouting));
    stage.sync("leeds").await;
    Guard::take_away(None);
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::Ready);
}

/// What the echo is good for: without it a restored machine never finds out.
#[tokio::test]
async fn without_the_echo_a_restored_machine_does_not_find_out() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 1)]).await;
    let backup = stage.back_up_central();
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    restore(&mut stage, &backup);
    Guard::take_away(Some(Guard::IncarnationCheck));
    stage.sync("leeds").await;
    Guard::take_away(None);
    assert_eq!(recovery(&stage).await, None);
}
