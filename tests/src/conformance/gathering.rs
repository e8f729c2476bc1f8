//! Orders that come together at one store: nothing is promised twice, and every step that is lost is made up.

use super::agent::Agent;
use super::world::{
    assigned, assignment, at, decision, demand, described, new_order, order_id, position, request, sku,
    sound, stocked, store_id, tenant, units,
};
use holdfast_central::core::gathering::{Gathering, GatheringEnd};
use holdfast_central::core::order::OrderState;
use holdfast_central::core::routing::decision::{Choice, DemandLine, Gather, Parcel};
use holdfast_central::ports::Storage;
use holdfast_central::ports::gatherings::{GatherOutcome, NewGathering};
use holdfast_central::ports::promises::{CartHeld, CartUnits, NewCart};
use holdfast_central::ports::work::AssignOutcome;
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::TaskId;
use holdfast_shared::limits::CART_HOLD_S_MAX;
use std::collections::BTreeMap;

/// Until when what is on its way is waited for: longer than any cart is held.
pub(super) const DUE_MS: i64 = 3 * CART_HOLD_S_MAX * 1_000;

/// The demand, to come together at leeds: so many are there, and others send so many each.
pub(super) async fn planned(
    storage: &dyn Storage,
    order: &str,
    own: i64,
    feeders: &[(&str, i64)],
) -> NewGathering {
    let demand = demand(storage, order).await.unwrap();
    let part = |units: i64| DemandLine { quantity: units, ..demand.lines[0].clone() };
    let parcel = |(store, units): &(&str, i64)| Parcel {
        store: store_id(store),
        lines: vec![part(*units)],
        words: String::new(),
        journey: None,
    };
    let gather = Gather {
        store: store_id("leeds"),
        own: (own > 0).then(|| part(own)).into_iter().collect(),
        feeders: feeders.iter().map(parcel).collect(),
        arrives_by: None,
        until: at(DUE_MS).utc,
        words: "gathered at leeds".to_owned(),
    };
    let choice = Choice::Backorder { why: "no stock".to_owned() };
    let mut decided = decision(&demand.order, demand.lines.clone(), choice, at(15).utc);
    decided.gather = Some(gather.clone());
    NewGathering { demand, gather, place: described("leeds").place, decision: decided }
}

async fn ordered(storage: &dyn Storage, order: &str, kind: FulfilmentKind, units: i64) {
    storage.place(new_order(order, order, request(kind, &[("A", units)]))).await.unwrap();
}

/// A pickup of three at leeds, which has one; york sends two.
pub(super) async fn begun(storage: &dyn Storage) -> (Agent, Agent) {
    begun_as(storage, FulfilmentKind::Pickup).await
}

pub(super) async fn begun_as(storage: &dyn Storage, kind: FulfilmentKind) -> (Agent, Agent) {
    let (leeds, york) = (stocked(storage, "leeds", 1).await, stocked(storage, "york", 5).await);
    ordered(storage, "o1", kind, 3).await;
    let new = planned(storage, "o1", 1, &[("york", 2)]).await;
    let child = order_id("o1-g");
    assert_eq!(storage.gather(&new, at(20).utc).await.unwrap(), GatherOutcome::Begun { child });
    (leeds, york)
}

/// York has handed over what travels.
pub(super) async fn left(storage: &dyn Storage, york: &mut Agent) -> TaskId {
    let (task, _) = assigned(storage, "o1-g", "york").await;
    york.sync(storage, at(30)).await;
    york.pack(&task);
    york.sync(storage, at(31)).await;
    york.hand_over(&task);
    york.sync(storage, at(32)).await;
    task
}

pub(super) async fn comes(storage: &dyn Storage, leeds: &mut Agent, units: i64, ms: i64) {
    leeds.stock(&sku("A"), units, Movement::TransferIn { from: store_id("york") });
    leeds.sync(storage, at(ms)).await;
}

pub(super) async fn gathering(storage: &dyn Storage) -> Gathering {
    storage.gathering(&tenant(), &order_id("o1")).await.unwrap().unwrap()
}

pub(super) async fn reserved(storage: &dyn Storage, store: &str) -> i64 {
    position(storage, store).await.reserved
}

async fn kinds(storage: &dyn Storage, order: &str) -> Vec<String> {
    let timeline = storage.timeline(&tenant(), &order_id(order)).await.unwrap();
    timeline.into_iter().map(|event| event.kind).collect()
}

pub async fn an_order_that_comes_together_is_set_aside_everywhere_and_not_routed(storage: &dyn Storage) {
    begun(storage).await;
    assert_eq!((reserved(storage, "leeds").await, reserved(storage, "york").await), (1, 2));
    assert!(demand(storage, "o1").await.is_none(), "it waits");
    let travels = demand(storage, "o1-g").await.unwrap();
    assert_eq!((travels.kind, travels.feeds), (FulfilmentKind::Ship, Some(store_id("leeds"))));
    assert_eq!(travels.lines[0].quantity, 2);
    assert_eq!(storage.decisions(&tenant(), &order_id("o1")).await.unwrap().len(), 1);
    assert_eq!(kinds(storage, "o1").await, ["placed", "gathering"]);
    let events = storage.unpublished(99).await.unwrap();
    let told = events.iter().find(|event| event.kind == "OrderGathering").unwrap();
    assert!(!told.body.to_string().contains("leeds"), "a storefront never learns of stores: {}", told.body);
    sound(storage, 0).await;
}

pub async fn whoever_decided_before_it_began_assigns_nothing(storage: &dyn Storage) {
    let (_leeds, _york) = (stocked(storage, "leeds", 1).await, stocked(storage, "york", 5).await);
    ordered(storage, "o1", FulfilmentKind::Ship, 3).await;
    let before = demand(storage, "o1").await.unwrap();
    let new = planned(storage, "o1", 1, &[("york", 2)]).await;
    storage.gather(&new, at(20).utc).await.unwrap();
    let late = storage.assign(&assignment(&before, "york", at(21)), at(21)).await.unwrap();
    assert_eq!(late, AssignOutcome::OrderMoved);
    let choice = Choice::Backorder { why: "no stock".to_owned() };
    let decided = decision(&before.order, before.lines.clone(), choice, at(22).utc);
    storage.backorder(&before, &decided, at(22)).await.unwrap();
    assert_eq!(super::world::state(storage, "o1").await, OrderState::Placed);
    sound(storage, 0).await;
}

pub async fn an_order_that_moved_on_is_not_gathered(storage: &dyn Storage) {
    stocked(storage, "leeds", 9).await;
    ordered(storage, "o1", FulfilmentKind::Pickup, 3).await;
    let new = planned(storage, "o1", 1, &[("york", 2)]).await;
    assigned(storage, "o1", "leeds").await;
    assert_eq!(storage.gather(&new, at(30).utc).await.unwrap(), GatherOutcome::OrderMoved);
    assert!(storage.gathering(&tenant(), &order_id("o1")).await.unwrap().is_none());
    sound(storage, 1).await;
}

pub async fn of_two_that_want_the_same_units_one_is_gathered(storage: &dyn Storage) {
    begun(storage).await;
    ordered(storage, "o2", FulfilmentKind::Pickup, 4).await;
    let second = planned(storage, "o2", 0, &[("york", 4)]).await;
    assert_eq!(
        storage.gather(&second, at(21).utc).await.unwrap(),
        GatherOutcome::StockGone { sku: sku("A") }
    );
    assert_eq!(storage.order(&tenant(), &order_id("o2-g")).await.unwrap(), None, "all or nothing");
    assert_eq!(reserved(storage, "york").await, 2);
    sound(storage, 0).await;
}

pub async fn when_all_has_come_the_order_is_routed_from_there(storage: &dyn Storage) {
    let (mut leeds, mut york) = begun(storage).await;
    left(storage, &mut york).await;
    assert!(demand(storage, "o1").await.is_none(), "handed over is not arrived");
    comes(storage, &mut leeds, 1, 40).await;
    assert_eq!((reserved(storage, "leeds").await, gathering(storage).await.units[0].arrived), (2, 1));
    assert!(demand(storage, "o1").await.is_none(), "one is still on its way");
    comes(storage, &mut leeds, 1, 41).await;
    assert_eq!(gathering(storage).await.ended_by, Some(GatheringEnd::Complete));
    assert_eq!(reserved(storage, "leeds").await, 3, "all of it is the order's");
    let whole = demand(storage, "o1").await.unwrap();
    assert_eq!(whole.lines[0].quantity, 3);
    let carts = storage.carts_of_orders(&tenant()).await.unwrap();
    let cart = &carts[&order_id("o1")];
    assert_eq!((cart[0].store.as_str(), cart[0].quantity, cart[0].gathered), ("leeds", 3, 2));
    let (task, _) = assigned(storage, "o1", "leeds").await;
    sound(storage, 1).await;
    leeds.sync(storage, at(50)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(51)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(52)).await;
    assert_eq!(units(storage, "o1").await, (0, 3, 0));
    assert_eq!(super::world::state(storage, "o1").await, OrderState::Collected);
    assert_eq!(super::world::state(storage, "o1-g").await, OrderState::Shipped);
    let events = storage.unpublished(99).await.unwrap();
    assert!(events.iter().any(|event| event.kind == "OrderGathered"));
    sound(storage, 0).await;
}

pub async fn what_comes_for_an_order_is_not_the_buffers(storage: &dyn Storage) {
    let mut kept = described("leeds");
    kept.buffer_units = 5;
    let (mut leeds, mut york) = (stocked(storage, "leeds", 0).await, stocked(storage, "york", 5).await);
    storage.put_store(&tenant(), &kept, at(2).utc).await.unwrap();
    leeds.opening("A", 0);
    ordered(storage, "o1", FulfilmentKind::Pickup, 2).await;
    let new = planned(storage, "o1", 0, &[("york", 2)]).await;
    storage.gather(&new, at(20).utc).await.unwrap();
    left(storage, &mut york).await;
    comes(storage, &mut leeds, 2, 40).await;
    assert_eq!(reserved(storage, "leeds").await, 2);
    assigned(storage, "o1", "leeds").await;
    assert_eq!(reserved(storage, "leeds").await, 2);
    sound(storage, 1).await;
}

pub async fn the_same_arrival_twice_has_the_effect_of_once(storage: &dyn Storage) {
    let (mut leeds, mut york) = begun(storage).await;
    left(storage, &mut york).await;
    leeds.stock(&sku("A"), 1, Movement::TransferIn { from: store_id("york") });
    leeds.sync_unheard(storage, at(40)).await;
    leeds.sync_unheard(storage, at(41)).await;
    leeds.sync(storage, at(42)).await;
    assert_eq!((reserved(storage, "leeds").await, gathering(storage).await.units[0].arrived), (2, 1));
    sound(storage, 0).await;
}

pub async fn an_arrival_that_is_heard_of_before_the_hand_over_counts(storage: &dyn Storage) {
    let (mut leeds, mut york) = begun(storage).await;
    let (task, _) = assigned(storage, "o1-g", "york").await;
    york.sync(storage, at(30)).await;
    york.pack(&task);
    york.sync(storage, at(31)).await;
    york.hand_over(&task);
    comes(storage, &mut leeds, 2, 40).await;
    assert!(demand(storage, "o1").await.is_some(), "it is there, whoever told of it first");
    york.sync(storage, at(41)).await;
    assert_eq!(gathering(storage).await.ended_by, Some(GatheringEnd::Complete));
    sound(storage, 0).await;
}

pub async fn goods_of_others_and_more_than_is_wanted_are_the_stores_own(storage: &dyn Storage) {
    let (mut leeds, mut york) = begun(storage).await;
    left(storage, &mut york).await;
    leeds.stock(&sku("A"), 4, Movement::TransferIn { from: store_id("hull") });
    leeds.stock(&sku("A"), 4, Movement::Receipt);
    leeds.sync(storage, at(40)).await;
    assert_eq!((reserved(storage, "leeds").await, gathering(storage).await.units[0].arrived), (1, 0));
    comes(storage, &mut leeds, 7, 41).await;
    assert_eq!((reserved(storage, "leeds").await, gathering(storage).await.units[0].arrived), (3, 2));
    sound(storage, 0).await;
}

pub async fn a_parcel_belongs_first_to_the_order_that_it_names(storage: &dyn Storage) {
    let (mut leeds, mut york) = begun(storage).await;
    ordered(storage, "o2", FulfilmentKind::Pickup, 1).await;
    let second = planned(storage, "o2", 0, &[("york", 1)]).await;
    storage.gather(&second, at(21).utc).await.unwrap();
    left(storage, &mut york).await;
    let (task, _) = assigned(storage, "o2-g", "york").await;
    leeds.transfer_in("A", 1, "york", &format!("parcel {task}"));
    leeds.sync(storage, at(40)).await;
    assert!(demand(storage, "o2").await.is_some());
    assert_eq!(gathering(storage).await.units[0].arrived, 0);
}

pub async fn units_that_a_checkout_held_elsewhere_travel(storage: &dyn Storage) {
    stocked(storage, "leeds", 1).await;
    stocked(storage, "york", 2).await;
    let held = |store: &str, quantity| CartUnits {
        store: store_id(store),
        sku: sku("A"),
        quantity,
        ceded: false,
        gathered: 0,
    };
    let cart = NewCart {
        tenant: tenant(),
        promise: "p1".parse().unwrap(),
        request_hash: [1; 32],
        kind: FulfilmentKind::Pickup,
        options: Vec::new(),
        units: vec![held("leeds", 1), held("york", 2)],
        made_at: at(5).utc,
        expires_at: at(1_000).utc,
    };
    assert_eq!(storage.hold_cart(cart).await.unwrap(), CartHeld::New);
    let mut wanted = request(FulfilmentKind::Pickup, &[("A", 3)]);
    wanted.promise = Some("p1".parse().unwrap());
    storage.place(new_order("o1", "o1", wanted)).await.unwrap();
    let new = planned(storage, "o1", 1, &[("york", 2)]).await;
    let begun = storage.gather(&new, at(20).utc).await.unwrap();
    assert_eq!(begun, GatherOutcome::Begun { child: order_id("o1-g") }, "they are its own");
    assert_eq!((reserved(storage, "leeds").await, reserved(storage, "york").await), (1, 2));
    assigned(storage, "o1-g", "york").await;
    sound(storage, 1).await;
}

/// What is kept says the same of both orders.
pub async fn both_orders_tell_of_each_other(storage: &dyn Storage) {
    begun(storage).await;
    let (of_order, of_child) = (
        storage.gathering(&tenant(), &order_id("o1")).await.unwrap(),
        storage.gathering(&tenant(), &order_id("o1-g")).await.unwrap(),
    );
    assert_eq!(of_order, of_child);
    let told = of_order.unwrap();
    assert_eq!((told.order, told.child, told.units.len()), (order_id("o1"), order_id("o1-g"), 1));
    let travels = super::world::the_order(storage, "o1-g").await;
    assert_eq!(travels.request.reference.as_deref(), Some("o1"));
    let lines: BTreeMap<_, _> = travels.lines.iter().map(|line| (line.sku.clone(), line.quantity)).collect();
    assert_eq!(lines, [(sku("A"), 2)].into());
}
