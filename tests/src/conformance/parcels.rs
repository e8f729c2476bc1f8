//! Plans of several parcels, orders that wait for a node, and what routing is told of the goods.

use super::world::{
    FAR, assigned, assignment, at, decision, demand, item, new_order, order_id, placed, position, request,
    sku, sound, stocked, store_id, tenant, units,
};
use holdfast_central::core::eligibility::{Eligibility, Standing};
use holdfast_central::core::fleet::Handling;
use holdfast_central::core::routing::decision::{Choice, Decision, Demand};
use holdfast_central::ports::Storage;
use holdfast_central::ports::fleet::EligibilityChange;
use holdfast_central::ports::work::AssignOutcome;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{LineNo, TaskId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;

pub async fn two_stores_share_the_units_of_one_line_by_one_decision(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 3).await;
    stocked(storage, "york", 2).await;
    placed(storage, "o1", &[("A", 5)]).await;
    let wanted = demand(storage, "o1").await.unwrap();
    let mut first = assignment(&wanted, "leeds", at(20));
    first.lines[0].quantity = 3;
    let mut second = assignment(&wanted, "york", at(20));
    second.lines[0].quantity = 2;
    second.assignments = 1;
    for parcel in [&first, &second] {
        let outcome = storage.assign(parcel, at(20)).await.unwrap();
        assert!(matches!(outcome, AssignOutcome::Assigned { .. }), "{outcome:?}");
    }
    assert_eq!(units(storage, "o1").await, (0, 0, 0));
    assert_eq!((position(storage, "leeds").await.reserved, position(storage, "york").await.reserved), (3, 2));
    assert_eq!(storage.decisions(&tenant(), &wanted.order).await.unwrap().len(), 1);
    leeds.sync(storage, at(30)).await;
    let task = leeds.task(&"o1-1".parse().unwrap()).unwrap();
    assert_eq!(task.lines[0].quantity, 3);
    sound(storage, 2).await;
}

pub async fn a_part_of_a_line_goes_and_the_rest_waits_for_stock(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 3).await;
    let mut york = stocked(storage, "york", 0).await;
    placed(storage, "o1", &[("A", 5)]).await;
    let wanted = demand(storage, "o1").await.unwrap();
    let mut part = assignment(&wanted, "leeds", at(20));
    part.lines[0].quantity = 3;
    assert!(matches!(storage.assign(&part, at(20)).await.unwrap(), AssignOutcome::Assigned { .. }));
    let rest = demand(storage, "o1").await.unwrap();
    assert_eq!((rest.lines[0].quantity, rest.assignments), (2, 1));
    let choice = Choice::Backorder { why: "no stock".to_owned() };
    let decided = decision(&rest.order, rest.lines.clone(), choice, at(21).utc);
    storage.backorder(&rest, &decided, at(21)).await.unwrap();
    assert!(demand(storage, "o1").await.is_none(), "the rest waits");
    leeds.sync(storage, at(30)).await;
    let first: TaskId = "o1-1".parse().unwrap();
    leeds.pack(&first);
    leeds.sync(storage, at(31)).await;
    leeds.hand_over(&first);
    leeds.sync(storage, at(32)).await;
    assert_eq!(units(storage, "o1").await, (2, 3, 0), "the part left without the rest");
    assert!(demand(storage, "o1").await.is_none(), "and the rest still waits");
    york.opening("A", 2);
    york.sync(storage, at(40)).await;
    let back = demand(storage, "o1").await.unwrap();
    assert_eq!(back.lines[0].quantity, 2);
    assigned(storage, "o1", "york").await;
    assert_eq!(units(storage, "o1").await, (0, 3, 0));
    assert_eq!(position(storage, "york").await.reserved, 2);
    sound(storage, 1).await;
}

fn holding(wanted: &Demand, until: UtcMs, ms: i64) -> Decision {
    let choice = Choice::Hold { until, store: store_id("leeds"), why: "leeds opens".to_owned() };
    decision(&wanted.order, wanted.lines.clone(), choice, at(ms).utc)
}

pub async fn a_held_order_waits_for_its_time_or_for_a_node(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let wanted = demand(storage, "o1").await.unwrap();
    let until = at(500).utc;
    storage.hold(&wanted, &holding(&wanted, until, 20), until, at(20)).await.unwrap();
    let due = async |ms: i64| storage.demands(9, UtcMs(0), at(ms).utc).await.unwrap().len();
    assert_eq!((due(21).await, due(499).await, due(500).await), (0, 0, 1));
    assert_eq!(due(10).await, 1, "the clock was put back: nobody knows how long it has waited");
    assert_eq!(units(storage, "o1").await, (1, 0, 0), "open, and not backordered");
    let eligibility = Eligibility { standing: Standing::Eligible, ..Eligibility::unknown() };
    let change = EligibilityChange { at: at(30).utc, store: store_id("leeds"), eligibility };
    storage.record_eligibility(&tenant(), &change).await.unwrap();
    assert_eq!(due(31).await, 1, "a node came");
}

pub async fn a_held_order_is_told_once_and_ends_with_an_assignment(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let wanted = demand(storage, "o1").await.unwrap();
    for ms in [20, 21] {
        storage.hold(&wanted, &holding(&wanted, at(500).utc, ms), at(500).utc, at(ms)).await.unwrap();
    }
    assert_eq!(storage.decisions(&tenant(), &wanted.order).await.unwrap().len(), 1);
    let timeline = storage.timeline(&tenant(), &wanted.order).await.unwrap();
    assert_eq!(timeline.iter().filter(|event| event.kind == "held").count(), 1);
    let (task, fence) = assigned(storage, "o1", "leeds").await;
    storage.recall(&tenant(), &task, fence, "dark", at(30)).await.unwrap();
    let due = storage.demands(9, UtcMs(0), at(31).utc).await.unwrap();
    assert_eq!(due.len(), 1, "the wait ended with the assignment");
    // Who decided by the demand of before comes late.
    storage.hold(&wanted, &holding(&wanted, FAR, 32), FAR, at(32)).await.unwrap();
    assert_eq!(storage.demands(9, UtcMs(0), at(33).utc).await.unwrap().len(), 1);
}

pub async fn what_goods_need_and_cost_comes_with_the_demand(storage: &dyn Storage) {
    let mut cold = item("A");
    cold.needs = [Handling::Cold].into();
    assert_eq!(storage.put_catalogue(&tenant(), &[cold.clone(), item("B")]).await.unwrap(), 2);
    assert_eq!(storage.put_catalogue(&tenant(), &[cold]).await.unwrap(), 0, "nothing new");
    let mut order = request(FulfilmentKind::Ship, &[("A", 1), ("B", 2)]);
    let price = Money { minor: 250, currency: "EUR".parse().unwrap() };
    order.lines[1].unit_price = Some(price);
    storage.place(new_order("o1", "o1", order)).await.unwrap();
    let wanted = demand(storage, "o1").await.unwrap();
    assert_eq!(wanted.order, order_id("o1"));
    assert_eq!(wanted.needs, [(sku("A"), [Handling::Cold].into())].into());
    assert_eq!(wanted.prices, [(LineNo(2), price)].into());
    assert_eq!(wanted.placed_at, at(10).utc);
}
