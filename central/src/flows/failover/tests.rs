use super::*;
use crate::core::test_support::{at_ms, beat, record, task, tenant};
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::{Ram, key};
use holdfast_shared::domain::task::{Phase, Release};
use holdfast_shared::time::MonoMs;

/// Leeds was heard at 0, and nothing since; york beats on. A look every second.
async fn dark_leeds(ram: &Ram, phase: Phase, until_ms: i64) -> Watch {
    let watch = Watch::default();
    ram.told(|told| {
        told.stores = vec![record("leeds"), record("york")];
        told.tasks = vec![TaskRow { tenant: tenant(), state: task("leeds", phase) }];
    });
    watch.with(|observatory| observatory.hear(beat("leeds", "b1", 1), MonoMs(0)));
    for second in 0..=until_ms / 1000 {
        let now = at_ms(second * 1_000);
        watch.with(|observatory| observatory.hear(beat("york", "b1", second.unsigned_abs() + 1), now.mono));
        evaluate(ram, &watch, now).await.unwrap();
    }
    watch
}

async fn run(ram: &Ram, watch: &Watch, now_ms: i64) -> FailedOver {
    fail_over(ram, watch, ram, at_ms(now_ms)).await.unwrap()
}

#[tokio::test]
async fn an_offer_of_a_dark_store_is_recalled_with_the_reason() {
    let ram = Ram::default();
    let watch = dark_leeds(&ram, Phase::Offered, 30_000).await;
    assert_eq!(run(&ram, &watch, 30_000).await, FailedOver::default());
    evaluate(&ram, &watch, at_ms(31_000)).await.unwrap();
    assert_eq!(run(&ram, &watch, 31_000).await.recalled, 1);
    let (recalled, reason) = ram.done(|done| done.recalled[0].clone());
    assert_eq!(recalled.as_str(), "o1-1");
    assert_eq!(reason, "leeds: no heartbeat and no sync for 31 s (limit 31 s)");
    assert_eq!(ram.poked(), ["leeds: recall"]);
}

#[tokio::test]
async fn begun_work_waits_for_the_lease() {
    let ram = Ram::default();
    let watch = dark_leeds(&ram, Phase::Picking, 70_000).await;
    watch.with(|observatory| observatory.leases.grant(&key("leeds"), 60_000, MonoMs(9_000)));
    assert_eq!(run(&ram, &watch, 70_999).await.recalled, 0);
    assert_eq!(run(&ram, &watch, 71_000).await.recalled, 1);
}

#[tokio::test]
async fn after_a_restart_of_central_the_lease_that_was_promised_is_waited_for() {
    let ram = Ram::default();
    ram.told(|told| told.leases = vec![(key("leeds"), 80_000)]);
    let watch = dark_leeds(&ram, Phase::Picking, 80_000).await;
    assert_eq!(run(&ram, &watch, 81_999).await.recalled, 0);
    assert_eq!(run(&ram, &watch, 82_000).await.recalled, 1);
}

#[tokio::test]
async fn a_release_that_was_faster_than_the_recall_is_told_once() {
    let ram = Ram::default();
    let watch = dark_leeds(&ram, Phase::Offered, 31_000).await;
    ram.told(|told| told.recall = [RecallOutcome::ReleasedAlready, RecallOutcome::ReleasedAlready].into());
    assert_eq!(run(&ram, &watch, 31_000).await, FailedOver { recalled: 0, told: 1 });
    assert_eq!(run(&ram, &watch, 32_000).await, FailedOver::default());
    assert_eq!(ram.raised_keys(), ["released:o1-1"]);
}

#[tokio::test]
async fn what_was_told_is_settled_when_the_store_is_back() {
    let ram = Ram::default();
    let watch = dark_leeds(&ram, Phase::Packed, 31_000).await;
    ram.told(|told| {
        let fence = told.tasks[0].state.fence;
        told.tasks[0].state.release =
            Some(Release { fence, replica: "leeds-a".parse().unwrap(), fact: None });
    });
    assert_eq!(run(&ram, &watch, 31_000).await.told, 1);
    assert!(ram.done(|done| done.recalled.is_empty()));
    watch.with(|observatory| observatory.hear(beat("leeds", "b1", 2), MonoMs(32_000)));
    evaluate(&ram, &watch, at_ms(32_000)).await.unwrap();
    ram.done(|done| done.settled.clear());
    run(&ram, &watch, 32_000).await;
    assert_eq!(ram.done(|done| done.settled.clone()), ["released:o1-1"]);
    run(&ram, &watch, 33_000).await;
    assert_eq!(ram.done(|done| done.settled.len()), 1);
}

#[tokio::test]
async fn nothing_is_moved_after_a_pause_of_central() {
    let ram = Ram::default();
    let watch = dark_leeds(&ram, Phase::Offered, 20_000).await;
    evaluate(&ram, &watch, at_ms(3_600_000)).await.unwrap();
    assert_eq!(run(&ram, &watch, 3_600_000).await, FailedOver::default());
}
