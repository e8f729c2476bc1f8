//! Who is served first when goods are scarce.

use super::world::{at, decision, demand, new_order, order_id, request, stocked, tenant};
use holdfast_central::core::order::OrderRequest;
use holdfast_central::core::order_terms::Priority::{self, High, Low, Standard};
use holdfast_central::core::routing::decision::Choice;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::FulfilmentKind;

async fn waits(storage: &dyn Storage, order: &str, priority: Priority) {
    let wanted = OrderRequest { priority, ..request(FulfilmentKind::Ship, &[("A", 2)]) };
    storage.place(new_order(order, order, wanted)).await.unwrap();
    let asked = demand(storage, order).await.unwrap();
    let choice = Choice::Backorder { why: "no stock".to_owned() };
    let decided = decision(&asked.order, asked.lines.clone(), choice, at(22).utc);
    storage.backorder(&asked, &decided, at(22)).await.unwrap();
}

pub async fn a_higher_priority_is_served_first_and_of_one_priority_who_waits_longest(storage: &dyn Storage) {
    let _leeds = stocked(storage, "leeds", 0).await;
    for (order, priority) in [("o1", Low), ("o2", Standard), ("o3", High), ("o4", Standard), ("o5", Low)] {
        waits(storage, order, priority).await;
    }
    let demands = storage.demands(9, at(1_000_000).utc, at(1_000_001).utc).await.unwrap();
    let orders: Vec<&str> = demands.iter().map(|demand| demand.order.as_str()).collect();
    assert_eq!(orders, ["o3", "o2", "o4", "o1", "o5"], "as routing takes them up");
    let mut listed = Vec::new();
    let mut cursor = None;
    loop {
        let page = storage.backorders(&tenant(), &PageRequest { cursor, limit: 2 }).await.unwrap();
        listed.extend(page.rows);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let places: Vec<(&str, Priority, u64, i64)> =
        listed.iter().map(|row| (row.order.as_str(), row.priority, row.place, row.units_ahead)).collect();
    assert_eq!(
        places,
        [
            ("o3", High, 1, 0),
            ("o2", Standard, 2, 2),
            ("o4", Standard, 3, 4),
            ("o1", Low, 4, 6),
            ("o5", Low, 5, 8)
        ],
        "page by page"
    );
    let standing = storage.standings(&tenant(), &order_id("o4")).await.unwrap().remove(0);
    assert_eq!((standing.place, standing.units_ahead), (3, 4));
    let queue = storage.queue_of(&tenant(), &"A".parse().unwrap(), at(30).utc).await.unwrap().queue;
    let waiting: Vec<&str> = queue.waiting.iter().map(|line| line.order.as_str()).collect();
    assert_eq!(waiting, ["o3", "o2", "o4", "o1", "o5"], "who gets the earlier date");
}
