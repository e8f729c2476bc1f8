//! What follows from the facts of a store about its tasks.

use super::world::{
    FAR, LINE, assigned, assignment, at, demand, enrolled, new_order, placed, position, request, sound,
    state, stocked, tenant, units,
};
use holdfast_central::core::exception::{Category, Severity};
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::{FulfilmentKind, Phase, ReleasePoint, Status, TaskEvent};

pub async fn a_packed_task_is_released_in_the_same_round(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.sync(storage, at(30)).await;
    assert_eq!(state(storage, "o1").await, OrderState::Accepted);
    assert!(leeds.task(&task).unwrap().release.is_none(), "policy says: at packing");
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.say(&task, TaskEvent::Picked { line: LINE, quantity: 2 });
    leeds.say(&task, TaskEvent::Packed);
    let exchanged = leeds.sync(storage, at(40)).await;
    assert_eq!(exchanged.changed_tasks, std::slice::from_ref(&task));
    let released = leeds.task(&task).unwrap();
    assert_eq!(released.status(), Status::Ready);
    assert_eq!(released.release.unwrap().replica, leeds.identity.replica);
    assert_eq!(state(storage, "o1").await, OrderState::Ready);
    let timeline = storage.timeline(&tenant(), &super::world::order_id("o1")).await.unwrap();
    let told: Vec<_> = timeline.iter().map(|event| event.kind.as_str()).collect();
    let expected = ["placed", "allocated", "accepted", "picking_started", "picked", "packed", "released"];
    assert_eq!(told, expected);
}

pub async fn a_hand_over_consumes_hold_and_stock(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    assert_eq!(position(storage, "leeds").await.on_hand, 5, "picked units are on hand until they leave");
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    let left = position(storage, "leeds").await;
    assert_eq!((left.on_hand, left.reserved, left.available), (3, 0, 3));
    assert_eq!(units(storage, "o1").await, (0, 2, 0));
    assert_eq!(state(storage, "o1").await, OrderState::Shipped);
    leeds.sync(storage, at(50)).await;
    assert_eq!(sound(storage, 0).await.open_tasks, 0);
    let last = storage.recent_events(&tenant(), 1).await.unwrap().remove(0);
    assert_eq!((last.kind.as_str(), last.class.as_str()), ("OrderShipped", "confirm"));
}

pub async fn a_decline_opens_the_order_again(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 1).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Declined { reason: "no staff".to_owned() });
    leeds.sync(storage, at(30)).await;
    let again = demand(storage, "o1").await.unwrap();
    assert_eq!((again.assignments, again.lines[0].quantity), (1, 1));
    assert!(again.tried.contains(&leeds.identity.store));
    assert_eq!(position(storage, "leeds").await.reserved, 0);
    assert_eq!(state(storage, "o1").await, OrderState::Placed);
    sound(storage, 0).await;
}

pub async fn a_short_line_opens_the_rest(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 3).await;
    placed(storage, "o1", &[("A", 3)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.say(&task, TaskEvent::Picked { line: LINE, quantity: 2 });
    leeds.short(&task, LINE, 1);
    leeds.say(&task, TaskEvent::Packed);
    leeds.sync(storage, at(30)).await;
    let left = position(storage, "leeds").await;
    assert_eq!((left.on_hand, left.reserved), (2, 2));
    assert_eq!(demand(storage, "o1").await.unwrap().lines[0].quantity, 1);
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    assert_eq!(units(storage, "o1").await, (1, 2, 0));
    assert_eq!(state(storage, "o1").await, OrderState::Placed, "the rest still needs a node");
    sound(storage, 0).await;
}

pub async fn a_pickup_is_released_with_its_offer(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let order = new_order("o1", "o1", request(FulfilmentKind::Pickup, &[("A", 1)]));
    storage.place(order).await.unwrap();
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(30)).await;
    assert!(leeds.task(&task).unwrap().may_leave());
    let outcome = storage.recall(&tenant(), &task, fence, "dark", at(40)).await.unwrap();
    assert_eq!(outcome, holdfast_central::ports::work::RecallOutcome::ReleasedAlready);
    assert!(
        storage.expired_offers(at(99_999).utc, FAR, 9).await.unwrap().is_empty(),
        "silence moves no pickup"
    );
    leeds.pack(&task);
    leeds.hand_over(&task);
    leeds.sync(storage, at(50)).await;
    assert_eq!(state(storage, "o1").await, OrderState::Collected);
    sound(storage, 0).await;
}

pub async fn among_several_replicas_the_first_to_ask_gets_the_release(storage: &dyn Storage) {
    let mut first = stocked(storage, "leeds", 5).await;
    let mut second = enrolled(storage, "leeds", "second").await;
    placed(storage, "o1", &[("A", 1)]).await;
    let mut early = assignment(&demand(storage, "o1").await.unwrap(), "leeds", at(20));
    early.release_point = ReleasePoint::Offered;
    storage.assign(&early, at(20)).await.unwrap();
    let task = storage.open_tasks(None, None, 1).await.unwrap().remove(0).state;
    assert!(task.release.is_none());
    second.sync(storage, at(30)).await;
    first.sync(storage, at(31)).await;
    for agent in [&first, &second] {
        let release = agent.task(&task.task).unwrap().release.unwrap();
        assert_eq!(release.replica, second.identity.replica);
    }
}

pub async fn goods_that_left_twice_are_told(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let mut york = stocked(storage, "york", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    storage.recall(&tenant(), &task, fence, "dark", at(30)).await.unwrap();
    let (second, _) = assigned(storage, "o1", "york").await;
    york.sync(storage, at(40)).await;
    york.pack(&second);
    york.sync(storage, at(41)).await;
    york.hand_over(&second);
    york.sync(storage, at(42)).await;
    // The first store hands over although it never had a release.
    leeds.pack(&task);
    leeds.hand_over(&task);
    leeds.sync(storage, at(50)).await;
    let page = PageRequest { cursor: None, limit: 9 };
    let raised = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    let high = |category| raised.iter().any(|e| e.category == category && e.severity == Severity::High);
    assert!(high(Category::Contradiction), "{raised:?}");
    assert!(storage.audit(Some(&tenant())).await.unwrap().double_shipped > 0);
    assert_eq!(units(storage, "o1").await, (0, 1, 0));
    assert_eq!(storage.task(&tenant(), &task).await.unwrap().unwrap().phase, Phase::HandedOver);
}
