//! A store that comes back with work that was moved away gets it back, or is told to put it back.

use super::agent::Agent;
use super::world::{
    LINE, assigned, at, order_id, placed, position, sound, state, stocked, store_id, tenant, units,
};
use holdfast_central::core::arranged::Arrangement;
use holdfast_central::core::exception::Category;
use holdfast_central::core::fleet::{Closure, ClosureCause, PlannedClosure};
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::work::{RecallOutcome, TakeBackOutcome};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{Phase, Status, TaskEvent};
use holdfast_shared::ids::{Actor, ReplicaId, TaskId};

/// Leeds knows of the task, and then falls silent; its work is moved away at 30.
async fn recalled(storage: &dyn Storage) -> (Agent, TaskId, Fence) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    let outcome = storage.recall(&tenant(), &task, fence, "dark", at(30)).await.unwrap();
    assert_eq!(outcome, RecallOutcome::Recalled);
    (leeds, task, fence)
}

async fn told(storage: &dyn Storage, kind: &str) -> usize {
    let timeline = storage.timeline(&tenant(), &order_id("o1")).await.unwrap();
    timeline.iter().filter(|event| event.kind == kind).count()
}

async fn raised(storage: &dyn Storage, category: Category) -> usize {
    let page = PageRequest { cursor: None, limit: 99 };
    let rows = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    rows.iter().filter(|exception| exception.category == category).count()
}

pub async fn work_that_nobody_else_began_is_given_back(storage: &dyn Storage) {
    let (mut leeds, task, fence) = recalled(storage).await;
    assert_eq!(units(storage, "o1").await, (2, 0, 0));
    leeds.pack(&task);
    leeds.sync(storage, at(40)).await;
    let back = leeds.task(&task).unwrap();
    assert_eq!(back.status(), Status::Ready, "given back, and released in the same round");
    assert!(back.fence > fence);
    assert_eq!(storage.task(&tenant(), &task).await.unwrap(), Some(back));
    assert_eq!(units(storage, "o1").await, (0, 0, 0));
    assert_eq!(position(storage, "leeds").await.reserved, 2, "the hold never ended");
    assert_eq!((told(storage, "readopted").await, told(storage, "recall_stands").await), (1, 0));
    leeds.hand_over(&task);
    leeds.sync(storage, at(50)).await;
    assert_eq!(state(storage, "o1").await, OrderState::Shipped);
    assert_eq!(storage.recall(&tenant(), &task, fence, "late", at(60)).await.unwrap(), RecallOutcome::Moot);
    sound(storage, 0).await;
}

pub async fn an_acknowledgement_that_came_too_late_still_counts_while_nobody_began(storage: &dyn Storage) {
    let (mut leeds, task, _) = recalled(storage).await;
    let mut york = stocked(storage, "york", 5).await;
    let (second, _) = assigned(storage, "o1", "york").await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.sync(storage, at(40)).await;
    assert_eq!(leeds.task(&task).unwrap().status(), Status::Accepted);
    let replaced = storage.task(&tenant(), &second).await.unwrap().unwrap();
    assert_eq!(replaced.status(), Status::PuttingBack, "it was only offered");
    assert_eq!(units(storage, "o1").await, (0, 0, 0));
    york.sync(storage, at(50)).await;
    york.put_back(&second);
    york.sync(storage, at(60)).await;
    york.sync(storage, at(61)).await;
    assert_eq!(units(storage, "o1").await, (0, 0, 0), "the answer opens nothing twice");
    sound(storage, 1).await;
}

pub async fn work_that_another_store_began_is_put_back(storage: &dyn Storage) {
    let (mut leeds, task, _) = recalled(storage).await;
    let mut york = stocked(storage, "york", 5).await;
    let (second, _) = assigned(storage, "o1", "york").await;
    york.sync(storage, at(35)).await;
    york.say(&second, TaskEvent::Accepted);
    york.sync(storage, at(36)).await;
    leeds.pack(&task);
    for ms in [40, 41] {
        leeds.sync(storage, at(ms)).await;
        assert_eq!(leeds.task(&task).unwrap().status(), Status::PuttingBack);
    }
    assert_eq!((told(storage, "readopted").await, told(storage, "recall_stands").await), (0, 1));
    assert_eq!(leeds.task(&task).unwrap().lines[0].picked, 2, "what there is to put back");
    assert_eq!(position(storage, "leeds").await.reserved, 2);
    leeds.put_back(&task);
    leeds.sync(storage, at(50)).await;
    assert_eq!(position(storage, "leeds").await.reserved, 0);
    assert_eq!(storage.task(&tenant(), &second).await.unwrap().unwrap().status(), Status::Accepted);
    assert_eq!(raised(storage, Category::Contradiction).await, 0);
}

pub async fn a_store_that_is_closed_hard_gets_nothing_back(storage: &dyn Storage) {
    let (mut leeds, task, _) = recalled(storage).await;
    let closure = Closure {
        hard: true,
        cause: ClosureCause::Weather,
        author: Actor::new("ops").unwrap(),
        since: at(31).utc,
        until: None,
        from_store: false,
    };
    storage.close(&tenant(), &store_id("leeds"), &closure).await.unwrap();
    leeds.pack(&task);
    leeds.sync(storage, at(40)).await;
    assert_eq!(leeds.task(&task).unwrap().status(), Status::PuttingBack);
    assert_eq!(units(storage, "o1").await, (2, 0, 0));
    assert_eq!(told(storage, "recall_stands").await, 1);
}

/// Maintenance that was planned is in force when the store comes back.
pub async fn a_store_that_is_closed_hard_as_planned_gets_nothing_back(storage: &dyn Storage) {
    let (mut leeds, task, _) = recalled(storage).await;
    let planned = PlannedClosure {
        number: 0,
        hard: true,
        cause: ClosureCause::Maintenance,
        author: Actor::new("ops").unwrap(),
        from: at(35).utc,
        until: at(3_600_000).utc,
    };
    let arranged =
        storage.arrange(&tenant(), &store_id("leeds"), &Arrangement::Plan(planned), at(31).utc).await;
    arranged.unwrap().unwrap().unwrap();
    leeds.pack(&task);
    leeds.sync(storage, at(40)).await;
    assert_eq!(leeds.task(&task).unwrap().status(), Status::PuttingBack);
    assert_eq!((units(storage, "o1").await, told(storage, "recall_stands").await), ((2, 0, 0), 1));
}

pub async fn a_decline_that_crossed_the_recall_gives_its_units_back(storage: &dyn Storage) {
    let (mut leeds, task, _) = recalled(storage).await;
    leeds.say(&task, TaskEvent::Declined { reason: "no staff".to_owned() });
    leeds.sync(storage, at(40)).await;
    leeds.sync(storage, at(41)).await;
    let ended = storage.task(&tenant(), &task).await.unwrap().unwrap();
    assert_eq!(ended.phase, Phase::Declined);
    assert_eq!(units(storage, "o1").await, (2, 0, 0));
    assert_eq!(sound(storage, 0).await.open_tasks, 0);
}

async fn take_back(storage: &dyn Storage, task: &TaskId, ms: i64) -> TakeBackOutcome {
    let actor = Actor::new("key:ann").unwrap();
    storage.take_back(&tenant(), task, "the van broke down", &actor, at(ms)).await.unwrap()
}

pub async fn a_person_takes_released_work_back_and_answers_for_it(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let mut york = stocked(storage, "york", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    let store = store_id("leeds");
    let done = TakeBackOutcome::TakenBack { store: store.clone(), released: true };
    assert_eq!(take_back(storage, &task, 40).await, done);
    assert_eq!(take_back(storage, &task, 41).await, TakeBackOutcome::Stopping { store });
    assert_eq!((told(storage, "taken_back").await, raised(storage, Category::Override).await), (1, 1));
    assert_eq!(units(storage, "o1").await, (1, 0, 0));
    let (second, _) = assigned(storage, "o1", "york").await;
    york.sync(storage, at(50)).await;
    york.pack(&second);
    york.sync(storage, at(51)).await;
    york.hand_over(&second);
    york.sync(storage, at(52)).await;
    // Leeds had handed over before it heard of it: a person answers for the second parcel.
    leeds.hand_over(&task);
    leeds.sync(storage, at(60)).await;
    let audit = storage.audit(Some(&tenant())).await.unwrap();
    assert_eq!((audit.double_shipped, audit.overridden), (0, 1), "{audit:?}");
    assert!(raised(storage, Category::Contradiction).await > 0, "that it left is told all the same");
    assert_eq!(take_back(storage, &task, 70).await, TakeBackOutcome::Ended(Status::HandedOver));
}

pub async fn goods_that_a_manager_lets_go_are_told_and_their_replacement_stops(storage: &dyn Storage) {
    let (mut leeds, task, _) = recalled(storage).await;
    let mut york = stocked(storage, "york", 5).await;
    let (second, _) = assigned(storage, "o1", "york").await;
    york.sync(storage, at(35)).await;
    york.say(&second, TaskEvent::Accepted);
    york.sync(storage, at(36)).await;
    leeds.pack(&task);
    let replica: ReplicaId = leeds.identity.replica.clone();
    leeds.say(&task, TaskEvent::LetGo { replica, reason: "the driver waits".to_owned() });
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    assert_eq!(storage.task(&tenant(), &task).await.unwrap().unwrap().phase, Phase::HandedOver);
    let stopped = storage.task(&tenant(), &second).await.unwrap().unwrap();
    assert_eq!(stopped.status(), Status::PuttingBack);
    assert_eq!(units(storage, "o1").await, (0, 2, 0));
    assert_eq!(
        (raised(storage, Category::Override).await, raised(storage, Category::Contradiction).await),
        (1, 0)
    );
    york.sync(storage, at(50)).await;
    york.put_back(&second);
    york.sync(storage, at(51)).await;
    york.sync(storage, at(52)).await;
    leeds.sync(storage, at(53)).await;
    assert_eq!(units(storage, "o1").await, (0, 2, 0));
    sound(storage, 0).await;
}

/// Nothing stops what is released but a person, who has to know before it is too late.
pub async fn a_replacement_that_is_released_is_told_while_it_can_still_be_stopped(storage: &dyn Storage) {
    let (mut leeds, task, _) = recalled(storage).await;
    let mut york = stocked(storage, "york", 5).await;
    let (second, _) = assigned(storage, "o1", "york").await;
    york.sync(storage, at(35)).await;
    york.pack(&second);
    york.sync(storage, at(36)).await;
    leeds.pack(&task);
    let replica: ReplicaId = leeds.identity.replica.clone();
    leeds.say(&task, TaskEvent::LetGo { replica, reason: "the driver waits".to_owned() });
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    let page = PageRequest { cursor: None, limit: 9 };
    let rows = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    let told = rows.iter().find(|told| told.category == Category::Contradiction).unwrap();
    assert!(told.detail.ends_with(&format!("released elsewhere meanwhile: {second} at york")), "{told:?}");
    let store = store_id("york");
    let done = TakeBackOutcome::TakenBack { store, released: true };
    assert_eq!(take_back(storage, &second, 50).await, done);
    york.sync(storage, at(51)).await;
    york.put_back(&second);
    york.sync(storage, at(52)).await;
    assert_eq!(units(storage, "o1").await, (0, 2, 0));
    sound(storage, 0).await;
}

pub async fn a_short_line_stays_open_when_the_rest_is_given_back(storage: &dyn Storage) {
    let (mut leeds, task, _) = recalled(storage).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.say(&task, TaskEvent::Picked { line: LINE, quantity: 1 });
    leeds.short(&task, LINE, 1);
    leeds.say(&task, TaskEvent::Packed);
    leeds.sync(storage, at(40)).await;
    assert_eq!(leeds.task(&task).unwrap().status(), Status::Ready);
    assert_eq!(units(storage, "o1").await, (1, 0, 0));
    assert_eq!(position(storage, "leeds").await.reserved, 1);
}
