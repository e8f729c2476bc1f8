//! Orders that are looked for: by names, by states, by nothing; page by page, and never of another tenant.

use super::world::{assigned, at, new_order, order_id, placed, request, stocked, store_id, tenant};
use holdfast_central::core::order::{OrderRequest, OrderState};
use holdfast_central::core::personal::{Customer, Personal};
use holdfast_central::core::search::{OrderSearch, Words};
use holdfast_central::ports::search::Found;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;

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

const PROMISED: UtcMs = UtcMs(1_800_000_000_000);

/// Orders at leeds of which each is unlike the first in one thing.
async fn unlike(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 50).await;
    leeds.opening("B", 9);
    leeds.sync(storage, at(2)).await;
    let ada = Customer {
        id: Some("c-1".parse().unwrap()),
        email: Some("Ada@example.org".to_owned()),
        ..Customer::default()
    };
    let first = OrderRequest {
        promise_by: Some(PROMISED),
        customer: Some(Personal::new(ada)),
        ..request(FulfilmentKind::Ship, &[("A", 1)])
    };
    let nobodys = OrderRequest { customer: None, ..first.clone() };
    let till = OrderRequest { channel: "till".to_owned(), ..nobodys.clone() };
    let cups = OrderRequest { lines: request(FulfilmentKind::Ship, &[("B", 1)]).lines, ..nobodys.clone() };
    let sooner = OrderRequest { promise_by: Some(PROMISED.plus(-1)), ..nobodys.clone() };
    let all =
        [("o1", first, 10), ("o2", till, 10), ("o3", cups, 10), ("o4", sooner, 10), ("o5", nobodys, 20)];
    for (order, request, ms) in all {
        let mut new = new_order(order, &format!("k-{order}"), request);
        new.now = at(ms).utc;
        storage.place(new).await.unwrap();
        assigned(storage, order, "leeds").await;
    }
}

pub async fn all_that_is_said_must_hold_however_orders_are_found(storage: &dyn Storage) {
    unlike(storage).await;
    let page = PageRequest { cursor: None, limit: 20 };
    let by_time = OrderSearch::default();
    let by_states = OrderSearch { states: vec![OrderState::Allocated], ..by_time.clone() };
    let by_store = OrderSearch { store: Some(store_id("leeds")), ..by_time.clone() };
    for lead in [&by_time, &by_states, &by_store] {
        for (search, expected) in [
            (lead.clone(), vec!["o5", "o4", "o3", "o2", "o1"]),
            (OrderSearch { channel: Some("till".to_owned()), ..lead.clone() }, vec!["o2"]),
            (OrderSearch { sku: Some("B".parse().unwrap()), ..lead.clone() }, vec!["o3"]),
            (OrderSearch { promised_before: Some(PROMISED), ..lead.clone() }, vec!["o4"]),
            (OrderSearch { from: Some(at(20).utc), ..lead.clone() }, vec!["o5"]),
            (OrderSearch { before: Some(at(20).utc), ..lead.clone() }, vec!["o4", "o3", "o2", "o1"]),
            (OrderSearch { states: vec![OrderState::Shipped], ..lead.clone() }, vec![]),
        ] {
            assert_eq!(ids(&found(storage, &search, &page).await), expected, "{search:?}");
        }
        let mut seen: Vec<String> = Vec::new();
        let mut page = PageRequest { cursor: None, limit: 2 };
        loop {
            let told = found(storage, lead, &page).await;
            seen.extend(ids(&told).into_iter().map(str::to_owned));
            let Some(next) = told.next else { break };
            page.cursor = Some(next);
        }
        assert_eq!(
            seen,
            ["o5", "o4", "o3", "o2", "o1"],
            "placed at one moment, the later one first: {lead:?}"
        );
    }
}

pub async fn whose_orders_they_are_is_found_by_id_and_by_address_and_only_by_whoever_may(
    storage: &dyn Storage,
) {
    unlike(storage).await;
    let page = PageRequest { cursor: None, limit: 20 };
    let said = |text: &str| Personal::new(text.to_owned());
    let customer = |text| OrderSearch { customer: Some(said(text)), ..OrderSearch::default() };
    for text in ["c-1", "ada@example.org", "ADA@example.org"] {
        assert_eq!(ids(&found(storage, &customer(text), &page).await), ["o1"], "{text}");
        for (of_customers, expected) in [(true, vec!["o1"]), (false, vec![])] {
            let words = Some(Words { text: said(text), of_customers });
            let search = OrderSearch { words, ..OrderSearch::default() };
            assert_eq!(ids(&found(storage, &search, &page).await), expected, "{text}");
        }
    }
    let elsewhere = OrderSearch { store: Some(store_id("york")), ..customer("c-1") };
    assert_eq!(ids(&found(storage, &elsewhere, &page).await), Vec::<&str>::new(), "all that is said");
    let another =
        OrderSearch { customer: Some(said("c-2")), store: Some(store_id("leeds")), ..OrderSearch::default() };
    assert_eq!(ids(&found(storage, &another, &page).await), Vec::<&str>::new());
}

/// A cursor of a page that was looked at goes on within what is asked for now.
pub async fn a_cursor_leads_to_nothing_that_was_not_asked_for(storage: &dyn Storage) {
    unlike(storage).await;
    let newest = found(storage, &OrderSearch::default(), &PageRequest { cursor: None, limit: 1 }).await;
    let before = OrderSearch { before: Some(at(15).utc), ..OrderSearch::default() };
    let told = found(storage, &before, &PageRequest { cursor: newest.next, limit: 9 }).await;
    assert_eq!(ids(&told), ["o4", "o3", "o2", "o1"]);
    let first = found(storage, &OrderSearch::default(), &PageRequest { cursor: None, limit: 3 }).await;
    let late = OrderSearch { before: Some(at(900).utc), ..OrderSearch::default() };
    let told = found(storage, &late, &PageRequest { cursor: first.next, limit: 9 }).await;
    assert_eq!(ids(&told), ["o2", "o1"], "the cursor counts where it is the narrower one");
}
