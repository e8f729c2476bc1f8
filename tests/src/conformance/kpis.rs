//! How routing does: counted with what is written, once, and found by day and by name.

use super::agent::Agent;
use super::promises::KEPT_MS;
use super::world::{
    LINE, assigned, assignment, at, decision, demand, described, enrolled, new_order, order_id, placed,
    request, sku, stocked, store_id, tenant,
};
use holdfast_central::core::carriers::Journey;
use holdfast_central::core::kpis::{By, Slice, Tally};
use holdfast_central::core::routing::decision::{Choice, Missed};
use holdfast_central::core::stock::class::Channel;
use holdfast_central::core::stock::report::Day;
use holdfast_central::core::stock::sellable::Kept;
use holdfast_central::core::stock::withheld::Withheld;
use holdfast_central::ports::Storage;
use holdfast_central::ports::housekeeping::Retention;
use holdfast_central::ports::stock::OrderWithout;
use holdfast_central::ports::work::AssignOutcome;
use holdfast_shared::domain::task::{FulfilmentKind, TaskEvent};
use holdfast_shared::ids::{Actor, TaskId, TenantId};
use holdfast_shared::time::Now;

const DAY_MS: i64 = 86_400_000;

fn day(now: Now) -> Day {
    Day::of(now.utc)
}

async fn slices(storage: &dyn Storage, by: By) -> Vec<Slice> {
    storage.routing_slices(&tenant(), by, (Day(0), day(at(99 * DAY_MS))), 100).await.unwrap()
}

async fn names(storage: &dyn Storage, by: By) -> Vec<Option<String>> {
    slices(storage, by).await.into_iter().map(|slice| slice.name).collect()
}

async fn of_node(storage: &dyn Storage, node: &str) -> Tally {
    let found = slices(storage, By::Node).await.into_iter().find(|slice| slice.name.as_deref() == Some(node));
    found.map(|slice| slice.tally).unwrap_or_default()
}

/// Of all days.
async fn total(storage: &dyn Storage) -> Tally {
    let days = storage.routing_days(&tenant(), (Day(0), day(at(99 * DAY_MS)))).await.unwrap();
    days.iter().fold(Tally::default(), |sum, (_, tally)| sum.plus(tally))
}

/// Packs, and hands over what it may.
async fn sent(storage: &dyn Storage, agent: &mut Agent, task: &TaskId, ms: i64) {
    agent.sync(storage, at(ms)).await;
    agent.pack(task);
    agent.sync(storage, at(ms + 5)).await;
    agent.hand_over(task);
    agent.sync(storage, at(ms + 10)).await;
}

pub async fn what_is_routed_is_counted_with_it_and_once(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    let given = Tally {
        assigned: 1,
        best: 1,
        parcels: 1,
        units: 2,
        best_units: 2,
        reserved: 1,
        reserve_ms: 10,
        ..Tally::default()
    };
    assert_eq!(total(storage).await, given);
    sent(storage, &mut leeds, &task, 25).await;
    leeds.sync(storage, at(50)).await;
    let told = total(storage).await;
    assert_eq!((told.accepted, told.fulfilled_units, told.fulfilled_best_units), (1, 2, 2));
    assert_eq!(told.accept_ms, 10, "from the offer until central heard");
    assert_eq!(of_node(storage, "leeds").await, told, "what orders are and where they went is the same work");
    let by = |by| names(storage, by);
    assert_eq!(by(By::Channel).await, [Some("web".to_owned())]);
    assert_eq!(
        (by(By::Kind).await, by(By::Policy).await),
        (vec![Some("ship".to_owned())], vec![Some("default".to_owned())])
    );
    let other = TenantId::new("other").unwrap();
    let days = (Day(0), day(at(0)));
    assert_eq!(storage.routing_slices(&other, By::Node, days, 9).await.unwrap(), []);
    assert_eq!(storage.routing_days(&other, days).await.unwrap(), []);
}

pub async fn a_better_node_that_was_missed_is_counted(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let demand = demand(storage, "o1").await.unwrap();
    let mut missing = assignment(&demand, "leeds", at(20));
    missing.decision.missed = Some(Missed {
        store: store_id("york"),
        rung: "closest".to_owned(),
        rule: "capacity".to_owned(),
        words: "full".to_owned(),
    });
    let AssignOutcome::Assigned { task, .. } = storage.assign(&missing, at(20)).await.unwrap() else {
        panic!("it was not assigned")
    };
    sent(storage, &mut leeds, &task, 25).await;
    let told = total(storage).await;
    assert_eq!((told.assigned, told.best, told.units, told.best_units), (1, 0, 2, 0));
    assert_eq!((told.fulfilled_units, told.fulfilled_best_units), (2, 0));
}

pub async fn work_that_a_store_declined_is_counted_at_both(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let mut york = stocked(storage, "york", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Declined { reason: "no staff".to_owned() });
    leeds.sync(storage, at(30)).await;
    let (again, _) = assigned(storage, "o1", "york").await;
    sent(storage, &mut york, &again, 40).await;
    let [lost, had] = [of_node(storage, "leeds").await, of_node(storage, "york").await];
    assert_eq!((lost.declined, lost.rerouted, lost.fulfilled_units), (1, 0, 0));
    assert_eq!((had.declined, had.rerouted, had.fulfilled_units), (0, 1, 1));
    assert_eq!(had.fulfilled_best_units, 0, "the first that was asked did not hand it over");
    assert_eq!(total(storage).await.reserved, 1, "an order waits for its first node once");
}

pub async fn a_failover_is_counted_at_the_store_that_lost_it(storage: &dyn Storage) {
    super::moves::a_move_opens_the_lines_and_is_on_record_to_its_end(storage).await;
    assert_eq!((of_node(storage, "leeds").await.moved, of_node(storage, "york").await.moved), (1, 0));
    assert_eq!(of_node(storage, "york").await.rerouted, 1);
}

pub async fn what_nobody_took_and_what_was_cancelled_is_counted_once(storage: &dyn Storage) {
    stocked(storage, "leeds", 0).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let waiting = demand(storage, "o1").await.unwrap();
    let choice = Choice::Backorder { why: "no stock".to_owned() };
    for ms in [20, 21] {
        let decided = decision(&waiting.order, waiting.lines.clone(), choice.clone(), at(ms).utc);
        storage.backorder(&waiting, &decided, at(ms)).await.unwrap();
    }
    let actor = Actor::new("storefront").unwrap();
    for ms in [30, 31] {
        storage.cancel(&tenant(), &order_id("o1"), "no longer wanted", &actor, at(ms).utc).await.unwrap();
    }
    assert_eq!(total(storage).await, Tally { unplaced: 1, cancelled: 1, ..Tally::default() });
    assert_eq!(names(storage, By::Policy).await, [Some("default".to_owned())]);
    assert_eq!(names(storage, By::Node).await, [], "no node did any of it");
}

pub async fn what_was_not_there_and_what_was_kept_back_is_counted(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 2)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.say(&task, TaskEvent::Accepted);
    leeds.say(&task, TaskEvent::PickingStarted);
    leeds.short(&task, LINE, 1);
    leeds.sync(storage, at(30)).await;
    let kept = Withheld { line: LINE, sku: sku("A"), store: store_id("leeds"), why: Kept::Buffer, units: 3 };
    let without = OrderWithout { order: order_id("o1"), channel: Channel::new("web"), withheld: vec![kept] };
    for ms in [40, 41] {
        storage.note_withheld(&tenant(), &without, at(ms).utc).await.unwrap();
    }
    let told = of_node(storage, "leeds").await;
    assert_eq!((told.short_units, told.withheld_units), (1, 3));
}

pub async fn a_promise_that_came_out_is_counted_by_who_sent_it(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    for (order, by) in [("o1", at(50 * DAY_MS).utc), ("o2", at(0).utc)] {
        let mut wanted = request(FulfilmentKind::Ship, &[("A", 1)]);
        wanted.promise_by = Some(by);
        storage.place(new_order(order, order, wanted)).await.unwrap();
        let demand = demand(storage, order).await.unwrap();
        let mut planned = assignment(&demand, "leeds", at(20));
        planned.promise_by = demand.promise_by;
        let (ready_at, hand_over_by, arrives_by) = (at(0).utc, at(DAY_MS).utc, at(2 * DAY_MS).utc);
        planned.journey =
            Some(Journey { service: None, ready_at, hand_over_by, arrives_by, days: 1, cost: None });
        let AssignOutcome::Assigned { task, .. } = storage.assign(&planned, at(20)).await.unwrap() else {
            panic!("it was not assigned")
        };
        sent(storage, &mut leeds, &task, 25).await;
    }
    let told = of_node(storage, "leeds").await;
    assert_eq!((told.promises, told.promises_kept), (2, 1));
    let swept = storage.sweep_promises(at(60).utc, KEPT_MS).await.unwrap();
    assert_eq!(swept.outcomes.len(), 2, "as it is told elsewhere");
}

pub async fn days_and_regions_stand_apart_and_are_dropped_when_they_are_old(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    let mut york = described("york");
    york.region = Some("north".parse().unwrap());
    storage.put_store(&tenant(), &york, at(0).utc).await.unwrap();
    let mut agent = enrolled(storage, "york", "york").await;
    agent.opening("A", 5);
    agent.sync(storage, at(1)).await;
    for (order, store, ms) in [("o1", "leeds", 20), ("o2", "york", DAY_MS), ("o3", "york", DAY_MS + 1)] {
        placed(storage, order, &[("A", 1)]).await;
        let demand = demand(storage, order).await.unwrap();
        storage.assign(&assignment(&demand, store, at(ms)), at(ms)).await.unwrap();
    }
    assert_eq!(names(storage, By::Region).await, [Some("north".to_owned()), None]);
    let days = (day(at(0)), day(at(DAY_MS)));
    let by_day = storage.routing_days(&tenant(), days).await.unwrap();
    let units: Vec<_> = by_day.iter().map(|(day, tally)| (*day, tally.units)).collect();
    assert_eq!(units, [(days.0, 1), (days.1, 2)]);
    assert_eq!(storage.routing_days(&tenant(), (days.1, days.1)).await.unwrap(), [by_day[1]]);
    let most = storage.routing_slices(&tenant(), By::Node, days, 1).await.unwrap();
    assert_eq!(most[0].name.as_deref(), Some("york"), "most units first");
    storage.keep_house(Retention::default(), at(400 * DAY_MS + DAY_MS / 2)).await.unwrap();
    let left = storage.routing_days(&tenant(), days).await.unwrap();
    assert!(left.len() < 2, "what is older than reports are kept is gone: {left:?}");
    storage.keep_house(Retention::default(), at(403 * DAY_MS)).await.unwrap();
    assert_eq!(storage.routing_days(&tenant(), days).await.unwrap(), []);
}
