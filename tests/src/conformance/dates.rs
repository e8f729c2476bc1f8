//! Promised dates that cannot be kept: told before they are missed, once for each new date.

use super::world::{assignment, at, demand, new_order, order_id, request, stocked, store_id, tenant};
use holdfast_central::core::carriers::Journey;
use holdfast_central::core::exception::Category;
use holdfast_central::core::order::OrderRequest;
use holdfast_central::core::promise::PromiseChange;
use holdfast_central::ports::work::AssignOutcome;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::TaskId;
use holdfast_shared::time::UtcMs;

const PROMISED_MS: i64 = 500_000;

pub(super) async fn promised(storage: &dyn Storage, order: &str) {
    let promise_by = Some(at(PROMISED_MS).utc);
    let wanted = OrderRequest { promise_by, ..request(FulfilmentKind::Ship, &[("A", 1)]) };
    storage.place(new_order(order, order, wanted)).await.unwrap();
}

/// All that is open of the order, by a parcel that is there by then.
pub(super) async fn sent(
    storage: &dyn Storage,
    order: &str,
    store: &str,
    arrives_ms: i64,
) -> (TaskId, Fence) {
    let mut planned = assignment(&demand(storage, order).await.unwrap(), store, at(20));
    planned.promise_by = Some(at(PROMISED_MS).utc);
    planned.journey = Some(Journey {
        service: Some("standard".to_owned()),
        ready_at: at(30).utc,
        hand_over_by: at(40).utc,
        arrives_by: at(arrives_ms).utc,
        days: 1,
        cost: None,
    });
    match storage.assign(&planned, at(20)).await.unwrap() {
        AssignOutcome::Assigned { task, fence } => (task, fence),
        other => panic!("{order} was not assigned: {other:?}"),
    }
}

async fn changed(storage: &dyn Storage) -> Option<PromiseChange> {
    storage.promise_change(&tenant(), &order_id("o1")).await.unwrap()
}

async fn new_date(storage: &dyn Storage) -> Option<UtcMs> {
    changed(storage).await.unwrap().new_by
}

async fn told(storage: &dyn Storage) -> Vec<serde_json::Value> {
    let events = storage.unpublished(500).await.unwrap().into_iter();
    events.filter(|event| event.kind == "customer.promise_changed").map(|event| event.body).collect()
}

async fn lost(storage: &dyn Storage) -> bool {
    storage.promise_lost(&tenant(), &order_id("o1"), "nobody has it", at(21).utc).await.unwrap()
}

async fn missed(storage: &dyn Storage) -> usize {
    let page = PageRequest { cursor: None, limit: 9 };
    let open = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    open.iter().filter(|open| open.category == Category::PromiseMissed).count()
}

pub async fn a_parcel_that_comes_too_late_is_told_with_its_date(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    promised(storage, "o1").await;
    sent(storage, "o1", "leeds", 900_000).await;
    let change = changed(storage).await.unwrap();
    assert_eq!((change.promised_by, change.new_by), (at(PROMISED_MS).utc, Some(at(900_000).utc)));
    assert_eq!(missed(storage).await, 1, "before the date is missed");
    let told = told(storage).await;
    assert_eq!(told.len(), 1);
    let date = |at: UtcMs| serde_json::to_value(at).unwrap();
    assert_eq!(told[0]["promised_by"], date(at(PROMISED_MS).utc), "the first one, for accuracy");
    assert_eq!(told[0]["promise_by"], date(at(900_000).utc));
    let text = told[0].to_string();
    assert!(!text.contains("leeds") && !text.contains("o1-1"), "{text}");
    let timeline = storage.timeline(&tenant(), &order_id("o1")).await.unwrap();
    let words = &timeline.iter().find(|event| event.kind == "promise_changed").unwrap().words;
    assert!(words.contains("which cannot be kept: no node that could take it"), "{words}");
}

pub async fn a_parcel_that_comes_in_time_is_not_told(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    promised(storage, "o1").await;
    sent(storage, "o1", "leeds", PROMISED_MS).await;
    assert_eq!((changed(storage).await, told(storage).await.len(), missed(storage).await), (None, 0, 0));
}

pub async fn each_new_date_is_told_once(storage: &dyn Storage) {
    for store in ["leeds", "york", "hull"] {
        stocked(storage, store, 5).await;
    }
    promised(storage, "o1").await;
    assert!(lost(storage).await);
    assert!(!lost(storage).await && !lost(storage).await, "it is told once that there is no date");
    assert_eq!(new_date(storage).await, None);
    for store in ["leeds", "york"] {
        let (task, fence) = sent(storage, "o1", store, 900_000).await;
        assert_eq!(new_date(storage).await, Some(at(900_000).utc));
        storage.recall(&tenant(), &task, fence, "dark", at(30)).await.unwrap();
    }
    assert_eq!(told(storage).await.len(), 2, "the second store comes by the same new date");
    sent(storage, "o1", "hull", PROMISED_MS - 1).await;
    let last = told(storage).await.pop().unwrap();
    assert_eq!(last["words"], "What was promised can be kept after all.");
    assert_eq!((told(storage).await.len(), missed(storage).await), (3, 0));
    assert_eq!(changed(storage).await.unwrap().times, 3);
}

pub async fn an_order_without_a_promise_loses_none(storage: &dyn Storage) {
    super::world::placed(storage, "o1", &[("A", 1)]).await;
    assert!(!lost(storage).await && told(storage).await.is_empty());
}

pub async fn those_who_share_an_order_come_with_its_demand(storage: &dyn Storage) {
    stocked(storage, "leeds", 3).await;
    stocked(storage, "york", 3).await;
    super::world::placed(storage, "o1", &[("A", 5)]).await;
    let open = demand(storage, "o1").await.unwrap();
    assert_eq!(open.parts, Some([].into()));
    let mut part = assignment(&open, "leeds", at(20));
    part.lines[0].quantity = 3;
    let AssignOutcome::Assigned { task, fence } = storage.assign(&part, at(20)).await.unwrap() else {
        panic!("it was not assigned")
    };
    let rest = demand(storage, "o1").await.unwrap();
    assert_eq!((rest.sharing(), rest.parts), (1, Some([store_id("leeds")].into())));
    storage.recall(&tenant(), &task, fence, "dark", at(30)).await.unwrap();
    let all = demand(storage, "o1").await.unwrap();
    assert_eq!((all.sharing(), all.lines[0].quantity), (0, 5), "who lost it shares nothing");
    let moved = storage.demand_if_moved(&tenant(), &task).await.unwrap().unwrap();
    assert_eq!(moved.parts, Some([].into()));
}
