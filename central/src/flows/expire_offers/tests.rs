use super::*;
use crate::core::test_support::{at_ms, record, task, tenant};
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::Ram;
use holdfast_shared::domain::task::Phase;

const PERIOD_MS: i64 = 20_000;

async fn offered(ram: &Ram, kind: FulfilmentKind) -> Watch {
    let watch = Watch::default();
    let mut state = task("leeds", Phase::Offered);
    state.kind = kind;
    state.accept_by = at_ms(10_000).utc;
    ram.told(|told| {
        told.stores = vec![record("leeds")];
        told.tasks = vec![TaskRow { tenant: tenant(), state }];
    });
    evaluate(ram, &watch, at_ms(0)).await.unwrap();
    watch
}

async fn run(ram: &Ram, watch: &Watch, now_ms: i64) -> u32 {
    expire_offers(ram, watch, ram, PERIOD_MS, at_ms(now_ms)).await.unwrap()
}

#[tokio::test]
async fn an_offer_past_its_time_is_withdrawn() {
    let ram = Ram::default();
    let watch = offered(&ram, FulfilmentKind::Ship).await;
    assert_eq!(run(&ram, &watch, 20_000).await, 1);
    assert_eq!(ram.poked(), ["leeds: recall"]);
}

#[tokio::test]
async fn after_a_start_deadlines_wait_one_full_period() {
    let ram = Ram::default();
    let watch = offered(&ram, FulfilmentKind::Ship).await;
    assert_eq!(run(&ram, &watch, 19_999).await, 0);
    assert_eq!(run(&ram, &Watch::default(), 50_000).await, 0, "nothing was looked at yet");
}

#[tokio::test]
async fn a_step_of_the_wall_clock_withdraws_nothing_at_once() {
    let ram = Ram::default();
    let watch = offered(&ram, FulfilmentKind::Ship).await;
    let mut stepped = at_ms(25_000);
    stepped.utc = stepped.utc.plus(86_400_000);
    evaluate(&ram, &watch, stepped).await.unwrap();
    assert_eq!(expire_offers(&ram, &watch, &ram, PERIOD_MS, stepped).await.unwrap(), 0);
}

#[tokio::test]
async fn a_pickup_is_not_moved_and_a_person_is_told_once() {
    let ram = Ram::default();
    let watch = offered(&ram, FulfilmentKind::Pickup).await;
    assert_eq!(run(&ram, &watch, 20_000).await, 0);
    assert_eq!(run(&ram, &watch, 21_000).await, 0);
    assert!(ram.done(|done| done.recalled.is_empty()));
    assert_eq!(ram.raised_keys(), ["unaccepted:o1-1"]);
    ram.told(|told| told.tasks.clear());
    ram.done(|done| done.settled.clear());
    run(&ram, &watch, 22_000).await;
    assert_eq!(ram.done(|done| done.settled.clone()), ["unaccepted:o1-1"]);
}
