//! The record of orders, read to be replayed.

use super::world::{
    LINE, assigned, at, decision, demand, described, new_order, order_id, placed, request, sku, stocked,
    store_id, tenant,
};
use holdfast_central::core::eligibility::Eligibility;
use holdfast_central::core::fleet::Store;
use holdfast_central::core::replay::record::Pick;
use holdfast_central::core::routing::decision::{
    Candidate, Choice, Node, Recorded, RungRecord, Shelf, Verdict, Why,
};
use holdfast_central::core::routing::fleet_index::FleetIndex;
use holdfast_central::core::routing::kept::keep;
use holdfast_central::ports::Storage;
use holdfast_shared::domain::task::{FulfilmentKind, TaskEvent};
use holdfast_shared::ids::{OrderId, TenantId};
use std::sync::Arc;

fn other() -> TenantId {
    TenantId::new("other").unwrap()
}

async fn between(storage: &dyn Storage, from: i64, until: i64, limit: u32) -> Vec<OrderId> {
    storage.orders_placed(&tenant(), at(from).utc, at(until).utc, limit).await.unwrap()
}

pub async fn orders_of_a_time_are_found_oldest_first(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    for (order, ms) in [("o1", 300), ("o2", 100), ("o3", 200), ("o4", 400)] {
        let mut new = new_order(order, order, request(FulfilmentKind::Ship, &[("A", 1)]));
        new.now = at(ms).utc;
        storage.place(new).await.unwrap();
    }
    assert_eq!(between(storage, 100, 400, 9).await, ["o2", "o3", "o1"].map(order_id));
    assert_eq!(between(storage, 100, 400, 2).await, ["o2", "o3"].map(order_id));
    assert_eq!(between(storage, 401, 500, 9).await, []);
    assert_eq!(storage.orders_placed(&other(), at(0).utc, at(900).utc, 9).await.unwrap(), []);
    let named = ["o4", "o9"].map(order_id);
    assert_eq!(storage.known_orders(&tenant(), &named).await.unwrap(), [order_id("o4")]);
    assert_eq!(storage.known_orders(&other(), &named).await.unwrap(), []);
}

pub async fn decisions_are_read_with_what_they_were_made_from(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 9)]).await;
    placed(storage, "o2", &[("A", 1)]).await;
    let waiting = demand(storage, "o1").await.unwrap();
    let choice = Choice::Backorder { why: "no stock".to_owned() };
    let mut decided = decision(&waiting.order, waiting.lines.clone(), choice, at(30).utc);
    let refused = Verdict::Refused { rule: "stock".into(), words: Why::Told("too few".to_owned()) };
    let candidate = Candidate { store: store_id("leeds"), distance_km: 1.5, verdict: refused };
    let (rung, left_out) = ("closest".to_owned(), [("radius".into(), 3)].into());
    decided.rungs = vec![RungRecord { rung, candidates: vec![candidate], left_out }];
    // Nobody decides by the name of a node.
    let node = Node {
        store: Store { name: String::new(), ..described("leeds") },
        eligibility: Eligibility::unknown(),
        open_tasks: 2,
        recovering: false,
        shelves: [(sku("A"), Shelf { units: 5, ..Shelf::default() })].into(),
    };
    decided.inputs = keep(&waiting, &FleetIndex::of(vec![node.clone()]), &decided).map(Arc::new);
    let inputs = Recorded { demand: waiting.clone(), nodes: vec![node], unrecorded: 0 };
    storage.backorder(&waiting, &decided, at(30)).await.unwrap();
    assigned(storage, "o2", "leeds").await;
    let both = ["o1", "o2"].map(order_id);
    let mut times = storage.decision_times(&tenant(), &both).await.unwrap();
    times.sort();
    assert_eq!(
        times.iter().map(|time| (time.at, time.order.clone())).collect::<Vec<_>>(),
        [(at(20).utc, order_id("o2")), (at(30).utc, order_id("o1"))]
    );
    let sequences: Vec<i64> = times.iter().map(|time| time.sequence).chain([9_999]).collect();
    let pasts = storage.past_decisions(&tenant(), &sequences).await.unwrap();
    assert_eq!(pasts.len(), 2, "what is gone is left out");
    assert_eq!((&pasts[0].decision.order, pasts[0].inputs.is_none()), (&order_id("o2"), true));
    assert_eq!((&pasts[1].decision.rungs, pasts[1].inputs.as_ref()), (&decided.rungs, Some(&inputs)));
    let told = storage.decisions(&tenant(), &order_id("o1")).await.unwrap();
    assert_eq!((&told[0].rungs, &told[0].words), (&decided.rungs, &decided.words));
    assert_eq!(storage.decision_times(&other(), &both).await.unwrap(), []);
    assert_eq!(storage.past_decisions(&other(), &sequences).await.unwrap(), []);
}

pub async fn what_was_found_at_the_shelves_is_read(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    for order in ["o1", "o2"] {
        placed(storage, order, &[("A", 2)]).await;
    }
    let (short, _) = assigned(storage, "o1", "leeds").await;
    assigned(storage, "o2", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&short, TaskEvent::Accepted);
    leeds.say(&short, TaskEvent::PickingStarted);
    leeds.short(&short, LINE, 1);
    leeds.sync(storage, at(30)).await;
    let picks = storage.picks(&tenant(), &["o1", "o2"].map(order_id)).await.unwrap();
    let told =
        Pick { at: at(20).utc, order: order_id("o1"), store: store_id("leeds"), sku: sku("A"), short: 1 };
    assert_eq!(picks, [told], "nobody has looked for the other one yet");
    assert_eq!(storage.picks(&other(), &[order_id("o1")]).await.unwrap(), []);
}
