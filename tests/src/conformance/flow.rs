//! Which way orders went: on record with each change of a state, added up once, and made anew with the same result.

use super::world::{assigned, at, placed, state, stocked, tenant};
use holdfast_central::core::kpis::flow::{FlowBy, Summed};
use holdfast_central::core::kpis::orders::{Measure, Measured, OrdersBy};
use holdfast_central::core::order::OrderState;
use holdfast_central::core::stock::report::Day;
use holdfast_central::ports::Storage;
use holdfast_central::ports::housekeeping::Retention;
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::ids::TenantId;

const DAY_MS: i64 = 86_400_000;

async fn add_up(storage: &dyn Storage) -> usize {
    let mut steps = 0;
    loop {
        // A few at a time, so that more than one transaction is needed.
        let some = storage.sum_up_steps(3).await.unwrap().len();
        if some == 0 {
            return steps;
        }
        steps += some;
    }
}

async fn flow(storage: &dyn Storage, by: FlowBy) -> Vec<Summed> {
    storage.flow(&tenant(), by, (Day(0), Day::of(at(99 * DAY_MS).utc))).await.unwrap()
}

async fn measured(storage: &dyn Storage) -> Vec<Measured> {
    let days = (Day(0), Day::of(at(99 * DAY_MS).utc));
    storage.order_measures(&tenant(), OrdersBy::Source, days).await.unwrap()
}

/// Names, ways and how many went so; times are left out.
fn ways(summed: &[Summed]) -> Vec<(&str, Option<OrderState>, OrderState, i64)> {
    summed.iter().map(|one| (one.name.as_str(), one.was, one.is, one.sum.orders)).collect()
}

/// One order is shipped by leeds; another comes back from it and waits.
async fn two_orders(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    placed(storage, "o2", &[("A", 1)]).await;
    let (declined, _) = assigned(storage, "o2", "leeds").await;
    leeds.sync(storage, at(60_000)).await;
    leeds.say(&declined, TaskEvent::Declined { reason: "no staff".to_owned() });
    leeds.pack(&task);
    leeds.sync(storage, at(120_000)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(180_000)).await;
}

pub async fn each_change_of_a_state_is_on_record_and_is_added_up_once(storage: &dyn Storage) {
    use OrderState::{Allocated, Placed, Shipped};
    two_orders(storage).await;
    assert_eq!(state(storage, "o1").await, Shipped);
    assert_eq!(state(storage, "o2").await, Placed);
    assert!(add_up(storage).await >= 7);
    assert_eq!(add_up(storage).await, 0, "each step counts once");

    let told = flow(storage, FlowBy::Source).await;
    let has = |name: &str, was, is, orders| ways(&told).contains(&(name, was, is, orders));
    assert!(has("none", None, Placed, 2), "{told:?}");
    assert!(has("none", Some(Allocated), Placed, 1), "what came back is nobody's: {told:?}");
    let given: i64 = told
        .iter()
        .filter(|one| (one.was, one.is) == (Some(Placed), Allocated))
        .map(|one| one.sum.orders)
        .sum();
    assert_eq!(given, 2);
    assert!(told.iter().all(|one| one.is != Shipped || one.name == "store"), "{told:?}");
    let by_channel = flow(storage, FlowBy::Channel).await;
    assert!(by_channel.iter().all(|one| one.name == "web"), "{by_channel:?}");
    let other = TenantId::new("other").unwrap();
    assert_eq!(storage.flow(&other, FlowBy::Kind, (Day(0), Day(99_999))).await.unwrap(), []);
}

pub async fn what_is_added_up_can_be_made_anew_with_the_same_result(storage: &dyn Storage) {
    two_orders(storage).await;
    let steps = add_up(storage).await;
    let before = [flow(storage, FlowBy::Source).await, flow(storage, FlowBy::Kind).await];
    let measures = measured(storage).await;
    assert!(measures.iter().any(|one| one.measure == Measure::Acknowledged), "{measures:?}");
    storage.forget_flow().await.unwrap();
    assert_eq!(flow(storage, FlowBy::Kind).await, []);
    assert_eq!(measured(storage).await, []);
    assert_eq!(add_up(storage).await, steps);
    assert_eq!(measured(storage).await, measures);
    assert_eq!([flow(storage, FlowBy::Source).await, flow(storage, FlowBy::Kind).await], before);
}

pub async fn open_orders_stand_somewhere_since_a_time_and_may_be_late(storage: &dyn Storage) {
    two_orders(storage).await;
    let open = [OrderState::Placed, OrderState::Allocated];
    let now = storage.orders_now(&tenant(), &open, at(60_000).utc).await.unwrap();
    let [standing] = now.as_slice() else { panic!("{now:?}") };
    assert_eq!((standing.state, standing.orders, standing.late), (OrderState::Placed, 1, 1));
    assert_eq!(standing.oldest_since, at(120_000).utc, "since it came back, not since it was placed");
    let early = storage.orders_now(&tenant(), &open, at(-1).utc).await.unwrap();
    assert_eq!(early[0].late, 0, "it was placed later");
}

pub async fn old_steps_go_together_with_their_sums(storage: &dyn Storage) {
    two_orders(storage).await;
    // Not before they are added up.
    storage.keep_house(Retention::default(), at(402 * DAY_MS)).await.unwrap();
    assert!(add_up(storage).await >= 7);
    storage.keep_house(Retention::default(), at(403 * DAY_MS)).await.unwrap();
    assert_eq!(flow(storage, FlowBy::Kind).await, []);
    storage.forget_flow().await.unwrap();
    assert_eq!(add_up(storage).await, 0, "and so are the steps");
}
