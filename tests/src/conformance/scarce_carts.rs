//! Carts of scarce SKUs: what is set aside for one are rights, exactly as for an order.

use super::escrow::{leeds, level, promised, put, rights};
use super::promises::{KEPT_MS, TTL_MS, assigned_to, ended, held, ordered, promise_id, reserved, won};
use super::world::{at, order_id, position, sku, sound, stocked, store_id, tenant};
use holdfast_central::ports::Storage;
use holdfast_central::ports::promises::{CartHeld, CartUnits, PromiseEnd};
use holdfast_shared::ids::TaskId;

/// What routing is told to be free of it at leeds, to whoever has no cart.
async fn free(storage: &dyn Storage) -> i64 {
    storage.known_stock(&tenant(), &[sku("A")]).await.unwrap()[0].free()
}

async fn give_back(storage: &dyn Storage, promise: &str, ms: i64) {
    storage.give_back_cart(&tenant(), &promise_id(promise), at(ms).utc).await.unwrap();
}

pub async fn a_cart_holds_rights_and_gives_them_back(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 4, 4).await;
    assert_eq!((free(storage).await, held(storage, "p1", &[("leeds", 3)]).await), (4, CartHeld::New));
    assert_eq!((rights(storage).await, free(storage).await), ((4, 3), 1), "of ten that are there");
    assert_eq!(held(storage, "p2", &[("leeds", 2)]).await, CartHeld::StockGone { sku: sku("A") });
    assert!(!promised(storage, "o1", 2).await);
    assert!(promised(storage, "o2", 1).await);
    assert_eq!((rights(storage).await, free(storage).await), ((4, 4), 0));
    sound(storage, 1).await;
    give_back(storage, "p1", 21).await;
    give_back(storage, "p1", 22).await;
    assert_eq!((rights(storage).await, free(storage).await), ((4, 1), 3), "once");
    sound(storage, 1).await;
    // What a cart holds does not go back to the store before the cart lets go of it.
    held(storage, "p3", &[("leeds", 2)]).await;
    put(storage, 0).await;
    level(storage, &mut leeds, 30).await;
    assert_eq!((rights(storage).await, leeds.rights()), ((3, 3), 3));
    let swept = storage.sweep_promises(at(10 + TTL_MS).utc, KEPT_MS).await.unwrap();
    assert_eq!((swept.expired, rights(storage).await), (1, (3, 1)));
    level(storage, &mut leeds, 20 + TTL_MS).await;
    assert_eq!((rights(storage).await, leeds.rights()), ((1, 1), 1));
    sound(storage, 1).await;
}

pub async fn an_order_takes_the_rights_of_its_cart_over(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 4, 4).await;
    held(storage, "p1", &[("leeds", 4)]).await;
    ordered(storage, "o1", 3, "p1", 15).await;
    let cart = &storage.carts_of_orders(&tenant()).await.unwrap()[&order_id("o1")];
    assert_eq!(
        cart,
        &[CartUnits { store: store_id("leeds"), sku: sku("A"), quantity: 4, ceded: true, gathered: 0 }]
    );
    assert!(won(&assigned_to(storage, "o1", "leeds").await));
    assert_eq!((rights(storage).await, ended(storage, "p1").await), ((4, 3), Some(PromiseEnd::Order)));
    sound(storage, 1).await;
    leeds.sync(storage, at(25)).await;
    let task = TaskId::new("o1-1").unwrap();
    leeds.pack(&task);
    leeds.sync(storage, at(26)).await;
    leeds.hand_over(&task);
    level(storage, &mut leeds, 27).await;
    assert_eq!((rights(storage).await, leeds.rights()), ((1, 0), 1), "what left took its rights along");
    sound(storage, 0).await;
}

pub async fn a_cart_from_before_the_escrow_holds_no_rights(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 10).await;
    held(storage, "p1", &[("leeds", 5)]).await;
    ordered(storage, "o1", 5, "p1", 15).await;
    put(storage, 3).await;
    leeds.sync(storage, at(16)).await;
    leeds.cede("A", 3);
    leeds.sync(storage, at(17)).await;
    assert_eq!((rights(storage).await, free(storage).await), ((3, 0), 3));
    assert!(!won(&assigned_to(storage, "o1", "leeds").await), "its store has ceded three");
    assert_eq!((reserved(storage, "leeds").await, rights(storage).await), (5, (3, 0)));
    sound(storage, 0).await;
    let swept = storage.sweep_promises(at(20 + 3_600_000).utc, KEPT_MS).await.unwrap();
    assert_eq!((swept.expired, reserved(storage, "leeds").await, rights(storage).await), (1, 0, (3, 0)));
    sound(storage, 0).await;
}

pub async fn while_rights_are_in_doubt_no_cart_gets_any(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 4, 4).await;
    held(storage, "p1", &[("leeds", 2)]).await;
    level(storage, &mut leeds, 12).await;
    storage.begin_recovery("a drill", at(13).utc).await.unwrap();
    assert_eq!((free(storage).await, position(storage, "leeds").await.available), (0, 0));
    assert_eq!(held(storage, "p2", &[("leeds", 1)]).await, CartHeld::StockGone { sku: sku("A") });
    give_back(storage, "p1", 14).await;
    assert_eq!((rights(storage).await, free(storage).await), ((4, 0), 0));
    level(storage, &mut leeds, 30).await;
    level(storage, &mut leeds, 31).await;
    assert_eq!(free(storage).await, 4);
    sound(storage, 0).await;
}
