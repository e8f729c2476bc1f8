//! Gatherings that end before all has come, and units that are kept until then.

use super::gathering::{DUE_MS, begun, begun_as, comes, gathering, left, planned, reserved};
use super::world::{
    FAR, assigned, at, decision, demand, new_order, order_id, position, request, sound, stocked, store_id,
    tenant, units,
};
use holdfast_central::core::exception::Category;
use holdfast_central::core::gathering::GatheringEnd;
use holdfast_central::core::routing::decision::{Choice, DemandLine};
use holdfast_central::ports::gatherings::GatherOutcome;
use holdfast_central::ports::orders::CancelOutcome;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::Actor;
use holdfast_shared::limits::{CART_HOLD_S_MAX, GATHER_WITHIN_MS_MAX};

async fn cancel(storage: &dyn Storage, order: &str, ms: i64) -> CancelOutcome {
    let actor = Actor::new("support").unwrap();
    storage.cancel(&tenant(), &order_id(order), "changed mind", &actor, at(ms).utc).await.unwrap()
}

async fn open_of(storage: &dyn Storage, category: Category) -> usize {
    let page = PageRequest { cursor: None, limit: 100 };
    let open = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    open.iter().filter(|exception| exception.category == category).count()
}

async fn ends(storage: &dyn Storage, ms: i64) -> u32 {
    storage.end_gatherings_over(at(ms).utc).await.unwrap().ended
}

pub async fn the_units_of_a_gathering_outlive_any_cart(storage: &dyn Storage) {
    let (_leeds, mut york) = begun(storage).await;
    left(storage, &mut york).await;
    let longer = at(DUE_MS - 1).utc;
    assert_eq!(storage.sweep_promises(longer, 1).await.unwrap().expired, 0);
    assert_eq!(reserved(storage, "leeds").await, 1, "they wait for the rest");
    assert_eq!(ends(storage, DUE_MS - 1).await, 0);
    assert_eq!(ends(storage, DUE_MS).await, 1);
    // The order has time to be routed, and not for ever.
    assert_eq!(storage.sweep_promises(at(DUE_MS + 1).utc, 1).await.unwrap().expired, 0);
    let keeps_ms = CART_HOLD_S_MAX * 1_000;
    assert_eq!(storage.sweep_promises(at(DUE_MS + keeps_ms).utc, FAR.0).await.unwrap().expired, 1);
    assert_eq!(reserved(storage, "leeds").await, 0);
    sound(storage, 0).await;
}

pub async fn what_is_late_is_not_waited_for_and_a_person_is_told_of_a_parcel_that_never_came(
    storage: &dyn Storage,
) {
    let (mut leeds, mut york) = begun(storage).await;
    left(storage, &mut york).await;
    assert_eq!(ends(storage, DUE_MS).await, 1);
    assert_eq!(ends(storage, DUE_MS + 1).await, 0, "once");
    assert_eq!(gathering(storage).await.ended_by, Some(GatheringEnd::Late));
    assert_eq!(demand(storage, "o1").await.unwrap().lines[0].quantity, 3, "routed anew");
    assert_eq!(open_of(storage, Category::ParcelMissing).await, 1);
    assert_eq!(open_of(storage, Category::ReturnDue).await, 0, "nobody bought what travelled");
    comes(storage, &mut leeds, 2, DUE_MS + 10).await;
    assert_eq!(open_of(storage, Category::ParcelMissing).await, 0, "it came after all");
    assert_eq!(reserved(storage, "leeds").await, 1, "stock of the store, as any other");
    sound(storage, 0).await;
}

pub async fn an_order_is_gathered_once_at_most(storage: &dyn Storage) {
    begun(storage).await;
    assert_eq!(ends(storage, DUE_MS).await, 1);
    let again = planned(storage, "o1", 1, &[("york", 2)]).await;
    assert_eq!(storage.gather(&again, at(DUE_MS + 1).utc).await.unwrap(), GatherOutcome::Refused);
    assert_eq!(demand(storage, "o1-g").await, None, "what had not left is asked back");
    sound(storage, 0).await;
}

pub async fn when_nobody_sends_the_rest_it_ends_before_its_time(storage: &dyn Storage) {
    let (_leeds, mut york) = begun(storage).await;
    assert_eq!(ends(storage, 21).await, 0, "york has not been asked yet");
    let (task, _) = assigned(storage, "o1-g", "york").await;
    york.sync(storage, at(30)).await;
    york.say(&task, holdfast_shared::domain::task::TaskEvent::Accepted);
    york.say(&task, holdfast_shared::domain::task::TaskEvent::PickingStarted);
    york.short(&task, super::world::LINE, 2);
    york.say(&task, holdfast_shared::domain::task::TaskEvent::PutBack);
    york.sync(storage, at(31)).await;
    let travels = demand(storage, "o1-g").await.unwrap();
    assert_eq!(ends(storage, 32).await, 0, "another may have it");
    let choice = Choice::Backorder { why: "no stock".to_owned() };
    let decided = decision(&travels.order, travels.lines.clone(), choice, at(33).utc);
    storage.backorder(&travels, &decided, at(33)).await.unwrap();
    assert_eq!(ends(storage, 34).await, 1);
    assert_eq!(gathering(storage).await.ended_by, Some(GatheringEnd::Short));
    assert_eq!(units(storage, "o1-g").await, (0, 0, 2));
    assert!(demand(storage, "o1").await.is_some());
    assert_eq!(reserved(storage, "leeds").await, 1, "its units there are kept for it");
    sound(storage, 0).await;
}

pub async fn a_cancelled_order_asks_back_what_has_not_left(storage: &dyn Storage) {
    let (_leeds, mut york) = begun(storage).await;
    let (task, _) = assigned(storage, "o1-g", "york").await;
    york.sync(storage, at(30)).await;
    let outcome = cancel(storage, "o1", 40).await;
    assert!(matches!(outcome, CancelOutcome::Requested { cancelled_units: 3, .. }), "{outcome:?}");
    assert_eq!(gathering(storage).await.ended_by, Some(GatheringEnd::Cancelled));
    assert_eq!(reserved(storage, "leeds").await, 0);
    york.sync(storage, at(41)).await;
    assert!(york.task(&task).unwrap().recall.is_some(), "york is asked to stop");
    york.put_back(&task);
    york.sync(storage, at(42)).await;
    assert_eq!(units(storage, "o1-g").await, (0, 0, 2));
    assert_eq!(ends(storage, DUE_MS).await, 0);
    sound(storage, 0).await;
}

pub async fn what_has_left_for_a_cancelled_order_becomes_stock_where_it_goes(storage: &dyn Storage) {
    let (mut leeds, mut york) = begun(storage).await;
    let (task, _) = assigned(storage, "o1-g", "york").await;
    york.sync(storage, at(30)).await;
    york.pack(&task);
    york.sync(storage, at(31)).await;
    york.hand_over(&task);
    cancel(storage, "o1", 40).await;
    york.sync(storage, at(41)).await;
    comes(storage, &mut leeds, 2, 42).await;
    assert_eq!(position(storage, "leeds").await.available, 3);
    assert_eq!((open_of(storage, Category::ReturnDue).await, units(storage, "o1").await), (0, (0, 0, 3)));
    assert!(demand(storage, "o1").await.is_none());
    sound(storage, 0).await;
}

pub async fn a_store_that_serves_nobody_ends_what_others_can_serve(storage: &dyn Storage) {
    begun_as(storage, FulfilmentKind::Ship).await;
    assert_eq!(storage.gathering_stores().await.unwrap(), [(tenant(), store_id("leeds"))]);
    let ended = storage.end_gatherings_at(&tenant(), &store_id("leeds"), at(50).utc).await.unwrap();
    assert_eq!((ended.ended, gathering(storage).await.ended_by), (1, Some(GatheringEnd::StoreLost)));
    assert!(demand(storage, "o1").await.is_some(), "routed anew");
    assert_eq!(demand(storage, "o1-g").await, None);
    assert_eq!(storage.gathering_stores().await.unwrap(), []);
    sound(storage, 0).await;
}

pub async fn a_pickup_stays_with_the_store_that_the_customer_chose(storage: &dyn Storage) {
    begun(storage).await;
    let ended = storage.end_gatherings_at(&tenant(), &store_id("leeds"), at(50).utc).await.unwrap();
    assert_eq!((ended.ended, gathering(storage).await.ended_by), (0, None));
}

pub async fn a_clock_that_was_put_back_lets_no_order_wait_for_ever(storage: &dyn Storage) {
    begun(storage).await;
    assert_eq!(ends(storage, DUE_MS - GATHER_WITHIN_MS_MAX - 1).await, 1);
    sound(storage, 0).await;
}

pub async fn a_clock_that_was_put_back_by_an_hour_lets_no_order_wait_an_hour_more(storage: &dyn Storage) {
    begun(storage).await;
    assert_eq!(ends(storage, -30_000).await, 0, "a small step is forgiven");
    assert_eq!(ends(storage, -3_600_000).await, 1);
    sound(storage, 0).await;
}

/// A stand-in may be of a SKU that was ordered beside it.
pub async fn two_lines_of_one_sku_are_both_set_aside(storage: &dyn Storage) {
    stocked(storage, "leeds", 2).await;
    stocked(storage, "york", 5).await;
    let asked = request(FulfilmentKind::Pickup, &[("A", 2), ("A", 2)]);
    storage.place(new_order("o1", "o1", asked)).await.unwrap();
    let mut new = planned(storage, "o1", 1, &[("york", 1)]).await;
    let lines = new.demand.lines.clone();
    let each = |units: i64| lines.iter().map(|line| DemandLine { quantity: units, ..line.clone() }).collect();
    (new.gather.own, new.gather.feeders[0].lines) = (each(1), each(1));
    assert!(matches!(storage.gather(&new, at(20).utc).await.unwrap(), GatherOutcome::Begun { .. }));
    assert_eq!((reserved(storage, "leeds").await, reserved(storage, "york").await), (2, 2));
    sound(storage, 0).await;
}
