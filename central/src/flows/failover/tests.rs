use super::*;
use crate::core::failover::policy::{Pace, When};
use crate::core::health::overrule::{Overrule, Verdict};
use crate::core::routing::decision::{Choice, Decision, Plan};
use crate::core::steering::Sections;
use crate::core::test_support::{at_ms, beat, record, task, tenant};
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::{Ram, decision_id, demand, key, position};
use crate::ports::work::RecallOutcome;
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
    run_by(&FailoverPolicy::default(), ram, watch, now_ms).await
}

async fn run_by(policy: &FailoverPolicy, ram: &Ram, watch: &Watch, now_ms: i64) -> FailedOver {
    let sections = Sections { failover: policy.clone(), ..Sections::default() };
    let router = Router { watch, poke: ram, policy: &sections, decision_id: &decision_id };
    fail_over(ram, &router, at_ms(now_ms)).await.unwrap()
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
    assert_eq!(run(&ram, &watch, 31_000).await, FailedOver { recalled: 0, told: 1, waiting: 0 });
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

/// Leeds was given the work, and york stood second.
fn leeds_before_york() -> Decision {
    let lines = demand("o1", &[("TEA", 2)]).lines;
    let plan = |store: &str| Plan::single("closest", store.parse().unwrap(), lines.clone());
    Decision {
        inputs: None,
        decision: "d0".parse().unwrap(),
        order: "o1".parse().unwrap(),
        at: at_ms(0).utc,
        policy: String::from("default-1"),
        hash: String::new(),
        demand: lines.clone(),
        rungs: Vec::new(),
        choice: Choice::Assign(plan("leeds")),
        runner_up: Some(plan("york")),
        gather: None,
        missed: None,
        words: String::from("leeds takes it"),
    }
}

async fn dark_leeds_with_plan_b(ram: &Ram, units_at_york: i64) -> Watch {
    let watch = dark_leeds(ram, Phase::Offered, 31_000).await;
    ram.told(|told| {
        told.decisions = vec![leeds_before_york()];
        told.demands = vec![demand("o1", &[("TEA", 2)])];
        told.positions = vec![position("york", "TEA", units_at_york)];
    });
    watch
}

#[tokio::test]
async fn who_stood_second_gets_the_work_at_once() {
    let ram = Ram::default();
    let watch = dark_leeds_with_plan_b(&ram, 2).await;
    assert_eq!(run(&ram, &watch, 31_000).await.recalled, 1);
    let assigned = ram.done(|done| done.assigned.clone());
    assert_eq!(assigned.len(), 1);
    assert_eq!(assigned[0].store.as_str(), "york");
    assert!(assigned[0].decision.words.starts_with("Plan B"), "{}", assigned[0].decision.words);
    assert!(ram.done(|done| done.plan_b_refused.is_empty()));
    assert_eq!(ram.poked(), ["leeds: recall", "york: offer"]);
    let departed = ram.done(|done| done.departed[0].clone());
    assert_eq!(departed.plan_b, ["york".parse().unwrap()]);
    let words = "o1-1 leaves leeds: no heartbeat and no sync for 31 s (limit 31 s), since";
    assert!(departed.words.starts_with(words), "{}", departed.words);
}

#[tokio::test]
async fn a_plan_b_that_does_not_hold_is_refused_on_record_and_routing_finds_another() {
    let ram = Ram::default();
    let watch = dark_leeds_with_plan_b(&ram, 1).await;
    assert_eq!(run(&ram, &watch, 31_000).await.recalled, 1);
    assert!(ram.done(|done| done.assigned.is_empty()));
    let refused = ram.done(|done| done.plan_b_refused.clone());
    assert_eq!(refused, ["york can take a part of it only"]);
}

#[tokio::test]
async fn by_policy_nobody_stands_second() {
    let ram = Ram::default();
    let watch = dark_leeds_with_plan_b(&ram, 2).await;
    let policy = FailoverPolicy { plan_b: false, ..FailoverPolicy::default() };
    assert_eq!(run_by(&policy, &ram, &watch, 31_000).await.recalled, 1);
    assert!(ram.done(|done| done.assigned.is_empty() && done.departed[0].plan_b.is_empty()));
}

#[tokio::test]
async fn what_is_beyond_the_pace_waits_for_its_turn() {
    let ram = Ram::default();
    let watch = dark_leeds(&ram, Phase::Offered, 31_000).await;
    ram.told(|told| told.lately = [("leeds".parse().unwrap(), 3)].into());
    let pace = Pace { moves_per_minute: 3, moves_per_store_per_minute: 3 };
    let policy = FailoverPolicy { pace, ..FailoverPolicy::default() };
    let waits = FailedOver { recalled: 0, told: 0, waiting: 1 };
    assert_eq!(run_by(&policy, &ram, &watch, 31_000).await, waits);
    let planned = outlook(&ram, &watch, &policy, &tenant(), at_ms(31_000)).await.unwrap().unwrap();
    let [Planned { step: Step::Wait { why, .. }, .. }] = planned.as_slice() else { panic!("{planned:?}") };
    assert!(why.starts_with("no more than 3 moves a minute"), "{why}");
    ram.told(|told| told.lately.clear());
    assert_eq!(run_by(&policy, &ram, &watch, 32_000).await.recalled, 1);
}

#[tokio::test]
async fn looking_ahead_says_the_same_as_the_run_and_moves_nothing() {
    let ram = Ram::default();
    let watch = dark_leeds(&ram, Phase::Picking, 31_000).await;
    watch.with(|observatory| observatory.leases.grant(&key("leeds"), 60_000, MonoMs(30_000)));
    let policy = FailoverPolicy::default();
    let planned = outlook(&ram, &watch, &policy, &tenant(), at_ms(31_000)).await.unwrap().unwrap();
    assert!(matches!(&planned[0].step, Step::Wait { why, .. } if why.contains("lease")), "{planned:?}");
    let planned = outlook(&ram, &watch, &policy, &tenant(), at_ms(92_000)).await.unwrap().unwrap();
    assert!(matches!(planned[0].step, Step::Move(_)), "{planned:?}");
    assert!(ram.done(|done| done.departed.is_empty() && done.recalled.is_empty()));
}

#[tokio::test]
async fn by_policy_work_may_stay_at_a_dark_store() {
    let ram = Ram::default();
    let watch = dark_leeds(&ram, Phase::Offered, 31_000).await;
    let mut policy = FailoverPolicy::default();
    policy.ship.offered = When::Never;
    assert_eq!(run_by(&policy, &ram, &watch, 31_000).await.recalled, 0);
    policy.ship.offered = When::AfterMs(60_000);
    assert_eq!(run_by(&policy, &ram, &watch, 31_000).await.waiting, 1);
    for second in 32..=91 {
        watch.with(|observatory| observatory.hear(beat("york", "b1", second + 100), MonoMs(0)));
        evaluate(&ram, &watch, at_ms(i64::try_from(second).unwrap() * 1_000)).await.unwrap();
    }
    assert_eq!(run_by(&policy, &ram, &watch, 91_000).await.recalled, 1);
}

/// Leeds speaks, and three facts about its stock have waited there for so long.
async fn lagging_leeds(ram: &Ram, phase: Phase, waited_ms: i64) -> Watch {
    let watch = Watch::default();
    ram.told(|told| {
        let mut leeds = record("leeds");
        leeds.open_tasks = 1;
        told.stores = vec![leeds, record("york")];
        told.tasks = vec![TaskRow { tenant: tenant(), state: task("leeds", phase) }];
    });
    let mut behind = beat("leeds", "b1", 1);
    behind.vitals.unsynced_facts = 3;
    behind.vitals.sync_ok_ms_ago = Some(waited_ms);
    watch.with(|observatory| {
        observatory.hear(behind, MonoMs(0));
        observatory.hear(beat("york", "b1", 1), MonoMs(0));
    });
    evaluate(ram, &watch, at_ms(0)).await.unwrap();
    watch
}

#[tokio::test]
async fn an_offer_of_a_store_whose_stock_is_not_known_any_more_moves_with_the_reason() {
    let ram = Ram::default();
    let watch = lagging_leeds(&ram, Phase::Offered, 599_999).await;
    assert_eq!(run(&ram, &watch, 0).await, FailedOver::default());
    assert_eq!(run(&ram, &watch, 1).await.recalled, 1);
    let departed = ram.done(|done| done.departed[0].clone());
    assert_eq!(departed.leaving.cause, Cause::StaleStock);
    assert_eq!(
        departed.leaving.why,
        "its stock is known as of 10 min ago (limit 10 min), and 3 facts about it wait there"
    );
}

#[tokio::test]
async fn begun_work_stays_at_a_store_whose_stock_is_not_known_unless_a_policy_moves_it() {
    let ram = Ram::default();
    let watch = lagging_leeds(&ram, Phase::Accepted, 700_000).await;
    assert_eq!(run(&ram, &watch, 0).await, FailedOver { waiting: 1, ..FailedOver::default() });
    let mut policy = FailoverPolicy::default();
    policy.stale_stock.begun = When::AfterLease;
    watch.with(|observatory| observatory.leases.grant(&key("leeds"), 60_000, MonoMs(0)));
    assert_eq!(run_by(&policy, &ram, &watch, 1_000).await.recalled, 0, "its lease runs");
    assert_eq!(run_by(&policy, &ram, &watch, 11_000).await.recalled, 0);
    assert_eq!(run_by(&policy, &ram, &watch, 3_600_000).await.recalled, 1);
}

#[tokio::test]
async fn a_person_who_holds_moves_holds_those_for_old_stock_as_well_and_so_does_the_pace() {
    let ram = Ram::default();
    let watch = lagging_leeds(&ram, Phase::Offered, 700_000).await;
    ram.told(|told| told.lately = [("leeds".parse().unwrap(), 500)].into());
    assert_eq!(run(&ram, &watch, 0).await, FailedOver { waiting: 1, ..FailedOver::default() });
    ram.told(|told| told.lately.clear());
    let hold = Overrule {
        verdict: Verdict::Hold,
        author: "mia".parse().unwrap(),
        reason: "we look".into(),
        until: MonoMs(9_000),
    };
    watch.with(|observatory| observatory.overrule(&tenant(), hold, MonoMs(0)));
    assert_eq!(run(&ram, &watch, 0).await, FailedOver::default());
    assert!(ram.done(|done| done.departed.is_empty()));
}
