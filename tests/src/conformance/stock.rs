//! Positions, holds, digests.

use super::world::{assigned, at, placed, position, sku, sound, stocked, store_id, tenant};
use holdfast_central::core::exception::Category;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::stock::Movement;

pub async fn facts_become_positions_by_difference(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    leeds.sale("A", 2);
    leeds.stock(&sku("A"), -1, Movement::Count { found: 2 });
    leeds.opening("B", 1);
    let exchanged = leeds.sync(storage, at(30)).await;
    assert_eq!((exchanged.new_facts, exchanged.stock_grew), (3, true));
    let known = position(storage, "leeds").await;
    assert_eq!((known.on_hand, known.reserved), (2, 0));
    leeds.sale("A", 1);
    assert!(!leeds.sync(storage, at(40)).await.stock_grew);
    let later = position(storage, "leeds").await;
    assert_eq!(later.on_hand, 1);
    assert!(later.as_of > known.as_of);
}

pub async fn a_hold_ends_with_the_fact_that_names_it(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    for order in ["o1", "o2"] {
        placed(storage, order, &[("A", 2)]).await;
    }
    let (task, _) = assigned(storage, "o1", "leeds").await;
    assigned(storage, "o2", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.sale("A", 1);
    leeds.sync(storage, at(26)).await;
    assert_eq!(position(storage, "leeds").await.reserved, 4, "a sale at the till ends no hold");
    leeds.pack(&task);
    leeds.hand_over(&task);
    leeds.sync(storage, at(30)).await;
    let left = position(storage, "leeds").await;
    assert_eq!((left.on_hand, left.reserved), (2, 2));
    sound(storage, 1).await;
}

pub async fn a_drifted_store_is_told_and_settles(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    leeds.sync(storage, at(20)).await;
    let page = PageRequest { cursor: None, limit: 9 };
    assert!(storage.exceptions(&tenant(), true, &page).await.unwrap().rows.is_empty());
    leeds.drifted = true;
    leeds.sync(storage, at(30)).await;
    leeds.sync(storage, at(31)).await;
    let raised = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    assert_eq!((raised.len(), raised[0].category, raised[0].times), (1, Category::Drift, 2));
    assert_eq!(raised[0].store, Some(store_id("leeds")));
    leeds.drifted = false;
    leeds.sync(storage, at(40)).await;
    assert!(storage.exceptions(&tenant(), true, &page).await.unwrap().rows.is_empty());
}

pub async fn the_newest_digests_are_kept(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 100).await;
    for n in 0..20 {
        leeds.sale("A", 1);
        leeds.sync(storage, at(20 + n)).await;
        leeds.sync(storage, at(20 + n)).await;
    }
    let kept = storage.digests(&tenant(), &store_id("leeds")).await.unwrap();
    assert_eq!(kept.len(), 16);
    assert_eq!((&kept[0].root, &kept[0].stock_digest), (&leeds.root().hex(), &leeds.stock_digest().hex()));
    assert!(kept.windows(2).all(|pair| pair[0].root != pair[1].root && pair[0].as_of > pair[1].as_of));
}
