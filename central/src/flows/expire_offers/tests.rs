use super::*;
use crate::core::failover::policy::Pace;
use crate::core::steering::Sections;
use crate::core::test_support::{at_ms, record, task, tenant};
use crate::flows::Watch;
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::{Ram, decision_id};
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};

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
    run_at(ram, watch, at_ms(now_ms)).await
}

async fn run_at(ram: &Ram, watch: &Watch, now: Now) -> u32 {
    run_by(&FailoverPolicy::default(), ram, watch, now).await
}

async fn run_by(policy: &FailoverPolicy, ram: &Ram, watch: &Watch, now: Now) -> u32 {
    let sections = Sections { failover: policy.clone(), ..Sections::default() };
    let router = Router { watch, poke: ram, policy: &sections, decision_id: &decision_id };
    expire_offers(ram, &router, PERIOD_MS, now).await.unwrap()
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
    assert_eq!(run_at(&ram, &watch, stepped).await, 0);
}

/// Central's wall clock is off by this from `from_ms` on; it looks every second until `until_ms`.
async fn off_by(ram: &Ram, watch: &Watch, step_ms: i64, (from_ms, until_ms): (i64, i64)) -> Vec<i64> {
    let mut withdrawn_at = Vec::new();
    for ms in (from_ms..=until_ms).step_by(1_000) {
        let mut now = at_ms(ms);
        now.utc = now.utc.plus(step_ms);
        evaluate(ram, watch, now).await.unwrap();
        if run_at(ram, watch, now).await > 0 {
            withdrawn_at.push(ms);
        }
    }
    withdrawn_at
}

/// Long after the start.
async fn offered_at_89_s() -> (Ram, Watch) {
    let ram = Ram::default();
    let watch = offered(&ram, FulfilmentKind::Ship).await;
    let offer = ram.told(|told| told.tasks.pop()).unwrap();
    assert!(off_by(&ram, &watch, 0, (1_000, 88_000)).await.is_empty());
    let state = TaskState { accept_by: at_ms(89_000 + PERIOD_MS).utc, ..offer.state };
    ram.told(|told| told.tasks.push(TaskRow { state, ..offer }));
    assert!(off_by(&ram, &watch, 0, (89_000, 89_000)).await.is_empty());
    (ram, watch)
}

#[tokio::test]
async fn a_clock_put_forward_six_hours_gives_every_offer_one_more_full_period() {
    let (ram, watch) = offered_at_89_s().await;
    let withdrawn = off_by(&ram, &watch, 6 * 3_600_000, (90_000, 112_000)).await;
    assert_eq!(withdrawn.first(), Some(&(90_000 + PERIOD_MS)), "not at once, and then without delay");
}

#[tokio::test]
async fn a_clock_put_back_does_not_keep_an_offer_for_ever() {
    for back in [6 * 3_600_000, 365 * 86_400_000] {
        let (ram, watch) = offered_at_89_s().await;
        let withdrawn = off_by(&ram, &watch, -back, (90_000, 112_000)).await;
        assert_eq!(withdrawn.first(), Some(&(90_000 + PERIOD_MS)), "put back by {back} ms");
    }
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

#[tokio::test]
async fn an_offer_that_was_released_meanwhile_is_told_and_one_beyond_the_pace_waits() {
    let ram = Ram::default();
    let watch = offered(&ram, FulfilmentKind::Ship).await;
    ram.told(|told| told.recall = [crate::ports::work::RecallOutcome::ReleasedAlready].into());
    assert_eq!(run(&ram, &watch, 20_000).await, 0);
    assert_eq!(ram.raised_keys(), ["unaccepted:o1-1"]);
    ram.told(|told| told.lately = [("york".parse().unwrap(), 5)].into());
    let pace = Pace { moves_per_minute: 5, moves_per_store_per_minute: 5 };
    let policy = FailoverPolicy { pace, ..FailoverPolicy::default() };
    assert_eq!(run_by(&policy, &ram, &watch, at_ms(21_000)).await, 0);
    assert_eq!(ram.done(|done| done.recalled.len()), 1, "it was not even tried");
    ram.told(|told| told.lately.clear());
    assert_eq!(run_by(&policy, &ram, &watch, at_ms(22_000)).await, 1);
}
