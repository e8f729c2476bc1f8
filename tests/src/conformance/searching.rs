//! Orders that are looked for: by names, by states, by nothing; page by page, and never of another tenant.

use super::world::{assigned, at, new_order, order_id, placed, request, stocked, store_id, tenant};
use holdfast_central::core::order::OrderState;
use holdfast_central::core::search::OrderSearch;
use holdfast_central::ports::search::Found;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::TenantId;

async fn found(storage: &dyn Storage, search: &OrderSearch, page: &PageRequest) -> Found {
    storage.find_orders(&tenant(), search, page).await.unwrap()
}

fn ids(found: &Found) -> Vec<&str> {
    found.orders.iter().map(|order| order.order.as_str()).collect()
}

/// Two at leeds, one of which it has; one of another time.
async fn three(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    assigned(storage, "o1", "leeds").await;
    placed(storage, "o2", &[("A", 1)]).await;
    let mut later = new_order("o3", "k-o3", request(FulfilmentKind::Ship, &[("B", 1)]));
    (later.now, later.request.reference) = (at(600_000).utc, Some("R-3".to_owned()));
    storage.place(later).await.unwrap();
}

pub async fn orders_are_found_by_what_they_are(storage: &dyn Storage) {
    three(storage).await;
    let all = OrderSearch::default();
    let of_store = OrderSearch { store: Some(store_id("leeds")), ..all.clone() };
    let named = OrderSearch { reference: Some("R-3".to_owned()), ..all.clone() };
    let later = OrderSearch { from: Some(at(600_000).utc), ..all.clone() };
    let before = OrderSearch { before: Some(at(600_000).utc), ..all.clone() };
    let of_sku = OrderSearch { sku: Some("B".parse().unwrap()), ..all.clone() };
    let allocated = OrderSearch { states: vec![OrderState::Allocated], ..all.clone() };
    let nothing = OrderSearch { channel: Some("till".to_owned()), ..all.clone() };
    let page = PageRequest { cursor: None, limit: 10 };
    for (search, expected) in [
        (&all, vec!["o3", "o2", "o1"]),
        (&of_store, vec!["o1"]),
        (&named, vec!["o3"]),
        (&later, vec!["o3"]),
        (&before, vec!["o2", "o1"]),
        (&of_sku, vec!["o3"]),
        (&allocated, vec!["o1"]),
        (&nothing, vec![]),
    ] {
        let told = found(storage, search, &page).await;
        assert_eq!((ids(&told), &told.next), (expected, &None), "{search:?}");
        let other = TenantId::new("other").unwrap();
        assert_eq!(storage.find_orders(&other, search, &page).await.unwrap(), Found::default(), "{search:?}");
    }
    let leeds = store_id("leeds");
    assert!(storage.works_on(&tenant(), &leeds, &order_id("o1")).await.unwrap());
    assert!(!storage.works_on(&tenant(), &leeds, &order_id("o2")).await.unwrap());
}

pub async fn pages_of_what_is_found_meet_without_a_gap(storage: &dyn Storage) {
    three(storage).await;
    let placed_alone = OrderSearch { states: vec![OrderState::Placed], ..OrderSearch::default() };
    for (search, expected) in [(OrderSearch::default(), 3), (placed_alone, 2)] {
        let mut page = PageRequest { cursor: None, limit: 1 };
        let mut seen = Vec::new();
        loop {
            let told = found(storage, &search, &page).await;
            seen.extend(told.orders.into_iter().map(|order| order.order));
            let Some(next) = told.next else { break };
            page.cursor = Some(next);
        }
        let mut once = seen.clone();
        once.dedup();
        assert_eq!((seen.len(), once.len()), (expected, expected), "{seen:?}");
    }
    let bad = PageRequest { cursor: Some("7f".to_owned()), limit: 1 };
    let refused = storage.find_orders(&tenant(), &OrderSearch::default(), &bad).await.unwrap_err();
    assert_eq!(refused.code.as_str(), "invalid_request");
}
