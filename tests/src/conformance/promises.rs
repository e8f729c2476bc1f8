//! Units that are set aside for carts: never twice, never for long, never more than a store has.

use super::world::{
    assignment, at, demand, new_order, order_id, position, request, sku, sound, stocked, store_id, tenant,
};
use futures::future::join_all;
use holdfast_central::core::carriers::Journey;
use holdfast_central::ports::Storage;
use holdfast_central::ports::orders::Placed;
use holdfast_central::ports::promises::{
    Accuracy, CartHeld, CartUnits, GivenBack, NewCart, PromiseEnd, PromiseSource,
};
use holdfast_central::ports::work::AssignOutcome;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Actor, PromiseId};
use holdfast_shared::time::UtcMs;

pub(super) const TTL_MS: i64 = 600_000;
pub(super) const KEPT_MS: i64 = 10 * TTL_MS;

pub(super) fn promise_id(text: &str) -> PromiseId {
    PromiseId::new(text).unwrap()
}

fn cart(promise: &str, units: &[(&str, i64)]) -> NewCart {
    NewCart {
        tenant: tenant(),
        promise: promise_id(promise),
        request_hash: super::world::hash(&format!("{units:?}")),
        kind: FulfilmentKind::Ship,
        options: Vec::new(),
        units: units
            .iter()
            .map(|(store, quantity)| CartUnits {
                store: store_id(store),
                sku: sku("A"),
                quantity: *quantity,
                ceded: false,
                gathered: 0,
            })
            .collect(),
        made_at: at(10).utc,
        expires_at: at(10 + TTL_MS).utc,
    }
}

pub(super) async fn held(storage: &dyn Storage, promise: &str, units: &[(&str, i64)]) -> CartHeld {
    storage.hold_cart(cart(promise, units)).await.unwrap()
}

pub(super) async fn reserved(storage: &dyn Storage, store: &str) -> i64 {
    position(storage, store).await.reserved
}

pub(super) async fn ended(storage: &dyn Storage, promise: &str) -> Option<PromiseEnd> {
    storage.cart_promise(&tenant(), &promise_id(promise)).await.unwrap().unwrap().ended
}

/// An order that names the promise, placed at that time.
pub(super) async fn ordered(storage: &dyn Storage, order: &str, units: i64, promise: &str, ms: i64) {
    let mut wanted = request(FulfilmentKind::Ship, &[("A", units)]);
    wanted.promise = Some(promise_id(promise));
    let mut new = new_order(order, order, wanted);
    new.now = at(ms).utc;
    assert_eq!(storage.place(new).await.unwrap(), Placed::New);
}

pub(super) async fn assigned_to(storage: &dyn Storage, order: &str, store: &str) -> AssignOutcome {
    let demand = demand(storage, order).await.unwrap();
    storage.assign(&assignment(&demand, store, at(20)), at(20)).await.unwrap()
}

pub(super) fn won(outcome: &AssignOutcome) -> bool {
    matches!(outcome, AssignOutcome::Assigned { .. })
}

pub async fn two_carts_never_hold_the_same_unit(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    stocked(storage, "york", 1).await;
    assert_eq!(held(storage, "p1", &[("leeds", 3)]).await, CartHeld::New);
    let gone = held(storage, "p2", &[("york", 1), ("leeds", 3)]).await;
    assert_eq!(gone, CartHeld::StockGone { sku: sku("A") });
    assert_eq!((reserved(storage, "leeds").await, reserved(storage, "york").await), (3, 0), "all or none");
    assert_eq!(storage.cart_promise(&tenant(), &promise_id("p2")).await.unwrap(), None);
    let names: Vec<String> = (0..20).map(|n| format!("q{n}")).collect();
    let outcomes = join_all(names.iter().map(|name| held(storage, name, &[("leeds", 1)]))).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == CartHeld::New).count(), 2);
    assert_eq!(reserved(storage, "leeds").await, 5);
    sound(storage, 0).await;
}

pub async fn a_cart_is_held_once_for_its_key(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    held(storage, "p1", &[("leeds", 3)]).await;
    let CartHeld::Replayed(before) = held(storage, "p1", &[("leeds", 3)]).await else { panic!("anew") };
    assert_eq!((before.expires_at, before.ended), (at(10 + TTL_MS).utc, None));
    assert_eq!(held(storage, "p1", &[("leeds", 2)]).await, CartHeld::KeyReused);
    assert_eq!(reserved(storage, "leeds").await, 3);
    sound(storage, 0).await;
}

pub async fn a_cart_whose_time_is_up_gives_its_units_back(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    held(storage, "p1", &[("leeds", 5)]).await;
    let early = storage.sweep_promises(at(9 + TTL_MS).utc, KEPT_MS).await.unwrap();
    assert_eq!((early.expired, reserved(storage, "leeds").await), (0, 5));
    let swept = storage.sweep_promises(at(10 + TTL_MS).utc, KEPT_MS).await.unwrap();
    assert_eq!((swept.expired, reserved(storage, "leeds").await), (1, 0));
    assert_eq!(ended(storage, "p1").await, Some(PromiseEnd::Expired));
    let again = storage.sweep_promises(at(11 + TTL_MS).utc, KEPT_MS).await.unwrap();
    assert_eq!((again.expired, again.dropped, again.more), (0, 0, false));
    sound(storage, 0).await;
    let old = storage.sweep_promises(at(11 + TTL_MS + KEPT_MS).utc, KEPT_MS).await.unwrap();
    assert_eq!(old.dropped, 1);
    assert_eq!(storage.cart_promise(&tenant(), &promise_id("p1")).await.unwrap(), None);
    sound(storage, 0).await;
}

pub async fn a_clock_that_was_put_back_holds_no_cart_for_ever(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    held(storage, "p1", &[("leeds", 5)]).await;
    let year_ms = 365 * 86_400_000;
    let swept = storage.sweep_promises(at(10 - year_ms).utc, KEPT_MS).await.unwrap();
    assert_eq!((swept.expired, reserved(storage, "leeds").await), (1, 0));
}

pub async fn a_cart_is_given_back_once(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    held(storage, "p1", &[("leeds", 3)]).await;
    for ms in [20, 30] {
        let outcome = storage.give_back_cart(&tenant(), &promise_id("p1"), at(ms).utc).await.unwrap();
        let GivenBack::Ended(promise) = outcome else { panic!("{outcome:?}") };
        assert_eq!(promise.ended, Some(PromiseEnd::GivenBack));
        assert_eq!(reserved(storage, "leeds").await, 0);
    }
    let unknown = storage.give_back_cart(&tenant(), &promise_id("p9"), at(30).utc).await.unwrap();
    assert_eq!(unknown, GivenBack::Unknown);
    sound(storage, 0).await;
}

pub async fn an_order_consumes_its_cart_with_its_assignment(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    held(storage, "p1", &[("leeds", 5)]).await;
    ordered(storage, "other", 1, "p9", 15).await;
    ordered(storage, "o1", 4, "p1", 15).await;
    let cart = &storage.carts_of_orders(&tenant()).await.unwrap()[&order_id("o1")];
    assert_eq!(
        cart,
        &[CartUnits { store: store_id("leeds"), sku: sku("A"), quantity: 5, ceded: false, gathered: 0 }]
    );
    assert!(!won(&assigned_to(storage, "other", "leeds").await), "what a cart holds is nobody else's");
    let kept = storage.give_back_cart(&tenant(), &promise_id("p1"), at(16).utc).await.unwrap();
    assert_eq!(kept, GivenBack::TakenOver(order_id("o1")));
    assert!(won(&assigned_to(storage, "o1", "leeds").await));
    assert_eq!(reserved(storage, "leeds").await, 4, "the fifth is free again");
    assert_eq!(ended(storage, "p1").await, Some(PromiseEnd::Order));
    assert!(storage.carts_of_orders(&tenant()).await.unwrap().is_empty());
    sound(storage, 1).await;
    assert!(won(&assigned_to(storage, "other", "leeds").await));
    sound(storage, 2).await;
}

pub async fn an_order_that_went_elsewhere_leaves_its_cart_to_others(storage: &dyn Storage) {
    stocked(storage, "leeds", 2).await;
    stocked(storage, "york", 2).await;
    held(storage, "p1", &[("leeds", 2)]).await;
    ordered(storage, "o1", 2, "p1", 15).await;
    assert!(won(&assigned_to(storage, "o1", "york").await));
    assert_eq!((reserved(storage, "leeds").await, reserved(storage, "york").await), (0, 2));
    sound(storage, 1).await;
}

pub async fn an_order_that_is_cancelled_leaves_its_cart_to_others(storage: &dyn Storage) {
    stocked(storage, "leeds", 2).await;
    held(storage, "p1", &[("leeds", 2)]).await;
    ordered(storage, "o1", 2, "p1", 15).await;
    let actor = Actor::new("shop").unwrap();
    storage.cancel(&tenant(), &order_id("o1"), "changed their mind", &actor, at(16).utc).await.unwrap();
    assert_eq!(reserved(storage, "leeds").await, 0);
    sound(storage, 0).await;
}

pub async fn a_cart_that_is_over_is_taken_over_by_nobody(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    held(storage, "p1", &[("leeds", 2)]).await;
    held(storage, "p2", &[("leeds", 2)]).await;
    ordered(storage, "late", 1, "p1", 10 + TTL_MS).await;
    ordered(storage, "first", 1, "p2", 15).await;
    ordered(storage, "second", 1, "p2", 16).await;
    let order = |promise: &'static str| async move {
        storage.cart_promise(&tenant(), &promise_id(promise)).await.unwrap().unwrap().order
    };
    assert_eq!(order("p1").await, None);
    assert_eq!(order("p2").await, Some(order_id("first")));
    // Taken over shortly before its end, it is kept until the order can have been routed.
    let swept = storage.sweep_promises(at(20 + TTL_MS).utc, KEPT_MS).await.unwrap();
    assert_eq!((swept.expired, reserved(storage, "leeds").await), (1, 2));
    let swept = storage.sweep_promises(at(20 + 3_600_000).utc, KEPT_MS).await.unwrap();
    assert_eq!((swept.expired, reserved(storage, "leeds").await), (1, 0), "but not for ever");
    sound(storage, 0).await;
}

pub async fn a_cart_never_promises_what_a_store_has_sold(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    held(storage, "p1", &[("leeds", 5)]).await;
    ordered(storage, "o1", 5, "p1", 15).await;
    leeds.sale("A", 3);
    leeds.sync(storage, at(16)).await;
    let sold = position(storage, "leeds").await;
    assert_eq!((sold.on_hand, sold.reserved), (2, 5), "the till asks nobody");
    assert!(!won(&assigned_to(storage, "o1", "leeds").await));
    assert_eq!(reserved(storage, "leeds").await, 5, "what was refused changed nothing");
    sound(storage, 0).await;
    // Two are there, and the rest of the cart is not in their way.
    let mut part = assignment(&demand(storage, "o1").await.unwrap(), "leeds", at(20));
    part.lines[0].quantity = 2;
    assert!(won(&storage.assign(&part, at(20)).await.unwrap()));
    assert_eq!(reserved(storage, "leeds").await, 2);
    sound(storage, 1).await;
}

/// Promised by 1,000 s; planned to leave by 40 s and to be there by 900 s.
async fn shipped(storage: &dyn Storage, order: &str, promise: Option<&str>, handed_ms: i64) {
    let mut leeds = stocked(storage, order, 1).await;
    let mut wanted = request(FulfilmentKind::Ship, &[("A", 1)]);
    wanted.promise = promise.map(promise_id);
    wanted.promise_by = Some(at(1_000_000).utc);
    storage.place(new_order(order, order, wanted)).await.unwrap();
    let demand = demand(storage, order).await.unwrap();
    let mut planned = assignment(&demand, order, at(20));
    planned.promise_by = demand.promise_by;
    planned.journey = Some(Journey {
        service: Some("standard".to_owned()),
        ready_at: at(30).utc,
        hand_over_by: at(40_000).utc,
        arrives_by: at(900_000).utc,
        days: 1,
        cost: None,
    });
    let AssignOutcome::Assigned { task, .. } = storage.assign(&planned, at(20)).await.unwrap() else {
        panic!("{order} was not assigned")
    };
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(handed_ms - 1)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(handed_ms)).await;
}

pub async fn a_promised_date_is_kept_or_missed_and_told_once(storage: &dyn Storage) {
    shipped(storage, "intime", None, 30_000).await;
    shipped(storage, "carted", Some("p1"), 31_000).await;
    let accuracy =
        |source, promises, kept| Accuracy { channel: "web".to_owned(), source, promises, kept, late_ms: 0 };
    let told = storage.promise_accuracy(&tenant(), UtcMs(0), at(50_000).utc).await.unwrap();
    assert_eq!(told, [accuracy(PromiseSource::Cart, 1, 1), accuracy(PromiseSource::Order, 1, 1)]);
    let swept = storage.sweep_promises(at(50_000).utc, KEPT_MS).await.unwrap();
    assert_eq!(swept.outcomes.iter().filter(|outcome| outcome.kept).count(), 2);
    assert!(storage.sweep_promises(at(50_000).utc, KEPT_MS).await.unwrap().outcomes.is_empty());
    let earlier = storage.promise_accuracy(&tenant(), UtcMs(0), at(30_000).utc).await.unwrap();
    assert!(earlier.is_empty(), "not in that period");
}

pub async fn goods_that_missed_the_carrier_missed_the_promise(storage: &dyn Storage) {
    // The store's clock says when; this one stands still, so the plan is moved instead.
    let mut leeds = stocked(storage, "leeds", 1).await;
    let mut wanted = request(FulfilmentKind::Ship, &[("A", 1)]);
    wanted.promise_by = Some(at(0).utc);
    storage.place(new_order("o1", "o1", wanted)).await.unwrap();
    let demand = demand(storage, "o1").await.unwrap();
    let mut planned = assignment(&demand, "leeds", at(20));
    planned.promise_by = demand.promise_by;
    planned.journey = Some(Journey {
        service: None,
        ready_at: UtcMs(0),
        hand_over_by: at(-86_400_000).utc,
        arrives_by: at(-1).utc,
        days: 1,
        cost: None,
    });
    let AssignOutcome::Assigned { task, .. } = storage.assign(&planned, at(20)).await.unwrap() else {
        panic!("it was not assigned")
    };
    leeds.sync(storage, at(25)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(30)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(40)).await;
    let told = storage.promise_accuracy(&tenant(), UtcMs(0), at(50).utc).await.unwrap();
    assert_eq!((told[0].promises, told[0].kept), (1, 0));
    assert!(told[0].late_ms >= 86_400_000 - 1, "{told:?}");
    let swept = storage.sweep_promises(at(50).utc, KEPT_MS).await.unwrap();
    assert!(!swept.outcomes[0].kept);
}
