//! Cancelling is a wish: what physically happened wins.

use super::world::{assigned, at, demand, order_id, placed, position, sound, state, stocked, tenant, units};
use holdfast_central::core::exception::Category;
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::orders::CancelOutcome;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::Status;
use holdfast_shared::ids::Actor;

async fn cancel(storage: &dyn Storage, order: &str, ms: i64) -> CancelOutcome {
    let actor = Actor::new("support").unwrap();
    storage.cancel(&tenant(), &order_id(order), "changed my mind", &actor, at(ms).utc).await.unwrap()
}

pub async fn units_without_a_node_end_at_once(storage: &dyn Storage) {
    placed(storage, "o1", &[("A", 2)]).await;
    assert_eq!(cancel(storage, "nope", 20).await, CancelOutcome::Unknown);
    let done = CancelOutcome::Requested { cancelled_units: 2, asked_stores: 0 };
    assert_eq!(cancel(storage, "o1", 20).await, done);
    assert_eq!(units(storage, "o1").await, (0, 0, 2));
    assert_eq!(state(storage, "o1").await, OrderState::Cancelled);
    assert_eq!(cancel(storage, "o1", 21).await, CancelOutcome::TooLate(OrderState::Cancelled));
    assert!(demand(storage, "o1").await.is_none());
}

pub async fn units_at_a_store_end_when_it_answers(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    let asked = CancelOutcome::Requested { cancelled_units: 0, asked_stores: 1 };
    assert_eq!(cancel(storage, "o1", 30).await, asked);
    assert_eq!(cancel(storage, "o1", 31).await, asked, "asking again asks the same store");
    assert_eq!(units(storage, "o1").await, (0, 0, 0));
    leeds.sync(storage, at(40)).await;
    assert_eq!(leeds.task(&task).unwrap().status(), Status::PuttingBack);
    leeds.put_back(&task);
    leeds.sync(storage, at(50)).await;
    assert_eq!(units(storage, "o1").await, (0, 0, 2));
    assert_eq!(position(storage, "leeds").await.reserved, 0);
    assert_eq!(state(storage, "o1").await, OrderState::Cancelled);
    assert!(demand(storage, "o1").await.is_none());
    assert_eq!(answers(storage).await, ["put_back"]);
    sound(storage, 0).await;
}

/// The outcomes of answered cancels, oldest first.
async fn answers(storage: &dyn Storage) -> Vec<String> {
    let mut events = storage.recent_events(&tenant(), 99).await.unwrap();
    events.reverse();
    let answered = events.into_iter().filter(|event| event.kind == "CancelAnswered");
    answered
        .map(|event| {
            assert_eq!(event.class.as_str(), "compensate");
            event.body["outcome"].as_str().unwrap().to_owned()
        })
        .collect()
}

async fn raised(storage: &dyn Storage) -> Vec<Category> {
    let page = PageRequest { cursor: None, limit: 9 };
    let rows = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    rows.into_iter().map(|exception| exception.category).collect()
}

pub async fn a_cancel_that_no_store_answers_is_told_once(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    cancel(storage, "o1", 30).await;
    for (asked_before, told) in [(30, 0), (31, 1), (32, 0)] {
        let now = at(1_000 + asked_before);
        assert_eq!(storage.tell_unanswered_cancels(at(asked_before).utc, 9, now).await.unwrap(), told);
    }
    assert_eq!(raised(storage).await, [Category::CancelUnanswered]);
    leeds.sync(storage, at(2_000)).await;
    leeds.put_back(&task);
    leeds.sync(storage, at(2_001)).await;
    assert_eq!(raised(storage).await, [], "the answer settles it");
}

pub async fn a_shipped_order_is_too_late_to_cancel(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    assert_eq!(cancel(storage, "o1", 50).await, CancelOutcome::TooLate(OrderState::Shipped));
}

pub async fn a_hand_over_wins_against_a_cancel(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    cancel(storage, "o1", 40).await;
    // The store has not heard of it: released goods leave.
    leeds.hand_over(&task);
    leeds.sync(storage, at(50)).await;
    assert_eq!(units(storage, "o1").await, (0, 2, 0));
    assert_eq!(state(storage, "o1").await, OrderState::Shipped);
    assert_eq!(raised(storage).await, [Category::ReturnDue], "and nothing else");
    assert_eq!(answers(storage).await, ["handed_over"]);
    sound(storage, 0).await;
}
