//! Orders in, listings, events.

use super::world::{assigned, at, new_order, order_id, placed, request, state, stocked, tenant, the_order};
use holdfast_central::core::order::OrderState;
use holdfast_central::ports::orders::Placed;
use holdfast_central::ports::work::RecallOutcome;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::FulfilmentKind;

pub async fn the_same_key_is_the_same_order(storage: &dyn Storage) {
    let body = request(FulfilmentKind::Ship, &[("A", 2), ("B", 1)]);
    let first = new_order("o1", "key", body.clone());
    assert_eq!(storage.place(first.clone()).await.unwrap(), Placed::New);
    let replayed = storage.place(new_order("o2", "key", body)).await.unwrap();
    assert_eq!(replayed, Placed::Replayed { order: order_id("o1"), trace: first.trace.clone() });
    assert!(storage.order(&tenant(), &order_id("o2")).await.unwrap().is_none());
    let order = the_order(storage, "o1").await;
    assert_eq!((order.state, order.trace, order.placed_at), (OrderState::Placed, first.trace, first.now));
    assert_eq!(order.request, first.request);
    assert_eq!(order.lines.iter().map(|line| line.open).collect::<Vec<_>>(), [2, 1]);
    let timeline = storage.timeline(&tenant(), &order_id("o1")).await.unwrap();
    assert_eq!(timeline.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["placed"]);
}

pub async fn a_key_for_another_request_is_refused(storage: &dyn Storage) {
    let one = new_order("o1", "key", request(FulfilmentKind::Ship, &[("A", 2)]));
    let two = new_order("o2", "key", request(FulfilmentKind::Ship, &[("A", 3)]));
    assert_eq!(storage.place(one).await.unwrap(), Placed::New);
    assert_eq!(storage.place(two).await.unwrap(), Placed::KeyReused);
    assert!(storage.order(&tenant(), &order_id("o2")).await.unwrap().is_none());
    assert_eq!(storage.unpublished(9).await.unwrap().len(), 1);
}

pub async fn a_listing_pages_newest_first_and_by_state(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    for order in ["o1", "o2", "o3"] {
        placed(storage, order, &[("A", 1)]).await;
    }
    assigned(storage, "o2", "leeds").await;
    let names = |states: Vec<OrderState>, cursor: Option<String>| async move {
        let page = PageRequest { cursor, limit: 2 };
        let page = storage.orders(&tenant(), &states, &page).await.unwrap();
        let names: Vec<_> = page.rows.iter().map(|order| order.order.to_string()).collect();
        (names.join(" "), page.next)
    };
    let (first, next) = names(Vec::new(), None).await;
    assert_eq!(first, "o3 o2");
    assert_eq!(names(Vec::new(), next).await, ("o1".to_owned(), None));
    assert_eq!(names(vec![OrderState::Placed], None).await.0, "o3 o1");
    assert_eq!(names(vec![OrderState::Allocated], None).await, ("o2".to_owned(), None));
    assert_eq!(state(storage, "o2").await, OrderState::Allocated);
    let counts = storage.count_orders(&tenant()).await.unwrap();
    assert_eq!(counts, [(OrderState::Placed, 2), (OrderState::Allocated, 1)].into());
}

pub async fn an_order_whose_work_comes_back_is_no_new_order(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    stocked(storage, "york", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    let recalled = storage.recall(&tenant(), &task, fence, "moved", at(30)).await.unwrap();
    assert_eq!(recalled, RecallOutcome::Recalled);
    assigned(storage, "o1", "york").await;
    let events = storage.unpublished(20).await.unwrap();
    let told: Vec<_> = events.iter().filter(|event| event.kind.starts_with("Order")).collect();
    let told: Vec<_> = told.iter().map(|event| (event.kind.as_str(), event.class.as_str())).collect();
    let expected = [
        ("OrderPlaced", "create"),
        ("OrderAllocated", "update"),
        ("OrderReopened", "update"),
        ("OrderAllocated", "update"),
    ];
    assert_eq!(told, expected);
}

pub async fn events_are_published_in_order_and_once(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    assigned(storage, "o1", "leeds").await;
    let waiting = storage.unpublished(9).await.unwrap();
    let told: Vec<_> = waiting.iter().map(|event| (event.kind.as_str(), event.class.as_str())).collect();
    let expected = [("InventoryAdjusted", "update"), ("OrderPlaced", "create"), ("OrderAllocated", "update")];
    assert_eq!(told, expected);
    assert!(waiting.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
    assert!(!waiting[2].body.to_string().contains("leeds"), "a storefront never learns node ids");
    storage.published(waiting[1].sequence, at(30).utc).await.unwrap();
    let rest = storage.unpublished(9).await.unwrap();
    assert_eq!(rest, waiting[2..]);
    let recent = storage.recent_events(&tenant(), 2).await.unwrap();
    assert_eq!(recent.iter().map(|event| &event.kind).collect::<Vec<_>>(), ["OrderAllocated", "OrderPlaced"]);
}
