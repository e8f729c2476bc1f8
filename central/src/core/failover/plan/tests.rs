use super::*;
use crate::core::test_support::task;
use holdfast_shared::domain::task::{Recall, Release};
use proptest::prelude::*;

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn exposed<'a>(tenant: &'a TenantId, task: &'a TaskState, cause: Cause, lease_ended: bool) -> Exposed<'a> {
    Exposed { tenant, task, cause, why: "dark", lasts_ms: 40_000, lease_ended }
}

fn steps(task: &TaskState, lease_ended: bool, frozen: bool) -> Vec<Step> {
    let tenant = tenant();
    let exposed = exposed(&tenant, task, Cause::StoreFails, lease_ended);
    plan(&[exposed], &Lately::new(), &FailoverPolicy::default(), frozen)
}

fn leaves(task: &TaskState, cause: Cause, lease_ended: bool, policy: &FailoverPolicy) -> bool {
    let tenant = tenant();
    let planned = plan(&[exposed(&tenant, task, cause, lease_ended)], &Lately::new(), policy, false);
    matches!(planned.as_slice(), [Step::Move(_)])
}

fn fails(task: &TaskState, lease_ended: bool) -> bool {
    leaves(task, Cause::StoreFails, lease_ended, &FailoverPolicy::default())
}

#[test]
fn an_offer_moves_at_once_and_begun_work_after_the_lease() {
    assert!(fails(&task("leeds", Phase::Offered), false));
    for phase in [Phase::Accepted, Phase::Picking, Phase::Packed] {
        assert!(!fails(&task("leeds", phase), false), "{phase:?}");
        assert!(fails(&task("leeds", phase), true), "{phase:?}");
    }
}

#[test]
fn released_work_stays_and_a_person_is_told() {
    let mut packed = task("leeds", Phase::Packed);
    packed.release = Some(Release { fence: packed.fence, replica: "leeds-a".parse().unwrap(), fact: None });
    let told = steps(&packed, true, false);
    assert!(
        matches!(told.as_slice(), [Step::Tell { stays: Stays::Released, detail, .. }] if detail.contains("leeds-a"))
    );
}

#[test]
fn a_pickup_stays_even_when_only_offered() {
    let mut pickup = task("leeds", Phase::Offered);
    pickup.kind = FulfilmentKind::Pickup;
    assert!(matches!(steps(&pickup, true, false).as_slice(), [Step::Tell { stays: Stays::Pickup, .. }]));
}

#[test]
fn nothing_moves_while_frozen() {
    assert_eq!(steps(&task("leeds", Phase::Offered), true, true), vec![]);
}

#[test]
fn what_was_recalled_before_or_has_ended_is_left_alone() {
    let mut recalled = task("leeds", Phase::Picking);
    recalled.recall = Some(Recall { reason: String::from("x"), cancel: false });
    assert_eq!(steps(&recalled, true, false), vec![]);
    assert_eq!(steps(&task("leeds", Phase::HandedOver), true, false), vec![]);
}

#[test]
fn each_state_leaves_when_the_policy_says_and_never_before_the_lease_of_begun_work() {
    // State, rule, lasts, lease over, leaves.
    let table = [
        (Phase::Offered, When::AtOnce, 0, false, true),
        (Phase::Offered, When::AfterLease, 90_000, false, false),
        (Phase::Offered, When::AfterLease, 0, true, true),
        (Phase::Offered, When::AfterMs(60_000), 59_999, true, false),
        (Phase::Offered, When::AfterMs(60_000), 60_000, false, true),
        (Phase::Offered, When::Never, i64::MAX, true, false),
        (Phase::Accepted, When::AtOnce, 90_000, false, false),
        (Phase::Accepted, When::AtOnce, 0, true, true),
        (Phase::Picking, When::AfterLease, 0, true, true),
        (Phase::Picking, When::AfterMs(60_000), 90_000, false, false),
        (Phase::Packed, When::AfterMs(60_000), 59_999, true, false),
        (Phase::Packed, When::AfterMs(60_000), 60_000, true, true),
        (Phase::Packed, When::Never, i64::MAX, true, false),
    ];
    let tenant = tenant();
    for (phase, when, lasts_ms, lease_ended, expected) in table {
        let rules =
            super::super::policy::ByPhase { offered: when, accepted: when, picking: when, packed: when };
        let policy = FailoverPolicy { ship: rules, ..FailoverPolicy::default() };
        let task = task("leeds", phase);
        let exposed = Exposed { lasts_ms, ..exposed(&tenant, &task, Cause::StoreFails, lease_ended) };
        let planned = plan(&[exposed], &Lately::new(), &policy, false);
        let moved = matches!(planned.as_slice(), [Step::Move(_)]);
        assert_eq!(moved, expected, "{phase:?} {when:?} {lasts_ms} {lease_ended}: {planned:?}");
        assert_eq!(planned.len(), 1, "what stays says why");
    }
}

#[test]
fn a_store_that_lost_only_this_kind_finishes_what_it_began() {
    let policy = FailoverPolicy {
        kind_withdrawn: super::super::policy::KindWithdrawn {
            offered: When::AfterMs(30_000),
            begun: When::Never,
        },
        ..FailoverPolicy::default()
    };
    assert!(leaves(&task("leeds", Phase::Offered), Cause::KindWithdrawn, true, &policy));
    assert!(!leaves(&task("leeds", Phase::Picking), Cause::KindWithdrawn, true, &policy));
    let mut pickup = task("leeds", Phase::Offered);
    pickup.kind = FulfilmentKind::Pickup;
    assert!(!leaves(&pickup, Cause::KindWithdrawn, true, &policy));
}

#[test]
fn an_offer_that_nobody_accepted_leaves_and_accepted_work_does_not_by_that() {
    let policy = FailoverPolicy::default();
    assert!(leaves(&task("leeds", Phase::Offered), Cause::NotAccepted, false, &policy));
    assert!(!leaves(&task("leeds", Phase::Accepted), Cause::NotAccepted, true, &policy));
}

fn many(count: usize, promise_of: impl Fn(usize) -> Option<i64>) -> Vec<TaskState> {
    (0..count)
        .map(|n| TaskState {
            task: format!("o{n}-1").parse().unwrap(),
            promise_by: promise_of(n).map(UtcMs),
            offered_at: Hlc { wall: UtcMs(1_000 - i64::try_from(n).unwrap()), counter: 0 },
            ..task("leeds", Phase::Offered)
        })
        .collect()
}

fn order_of_moves(
    tasks: &[TaskState],
    policy: &FailoverPolicy,
    lately: &Lately,
) -> (Vec<String>, Vec<String>) {
    let tenant = tenant();
    let open: Vec<_> = tasks.iter().map(|task| exposed(&tenant, task, Cause::StoreFails, true)).collect();
    let (mut moved, mut waits) = (Vec::new(), Vec::new());
    for step in plan(&open, lately, policy, false) {
        match step {
            Step::Move(leaving) => moved.push(leaving.task.to_string()),
            Step::Wait { why, .. } => waits.push(why),
            Step::Tell { .. } => {}
        }
    }
    (moved, waits)
}

#[test]
fn the_nearest_promise_goes_first_and_then_the_oldest() {
    let promises = [None, Some(900), Some(500), Some(900), None];
    let tasks = many(5, |n| promises[n]);
    let policy = FailoverPolicy::default();
    let (moved, _) = order_of_moves(&tasks, &policy, &Lately::new());
    assert_eq!(moved, ["o2-1", "o3-1", "o1-1", "o4-1", "o0-1"]);
    let oldest = FailoverPolicy { first: First::Oldest, ..policy };
    let (moved, _) = order_of_moves(&tasks, &oldest, &Lately::new());
    assert_eq!(moved, ["o4-1", "o3-1", "o2-1", "o1-1", "o0-1"]);
}

#[test]
fn a_large_store_moves_at_its_pace_and_the_rest_says_why_it_waits() {
    let pace = Pace { moves_per_minute: 10, moves_per_store_per_minute: 4 };
    let policy = FailoverPolicy { pace, ..FailoverPolicy::default() };
    let tasks = many(6, |_| None);
    let (moved, waits) = order_of_moves(&tasks, &policy, &Lately::from([("leeds".parse().unwrap(), 1)]));
    assert_eq!(moved.len(), 3);
    assert_eq!(
        waits,
        [1, 2, 3].map(|n| format!(
            "no more than 4 moves a minute from leeds; it is number {n} of those of leeds that wait for that"
        ))
    );
    let others = Lately::from([("york".parse().unwrap(), 8)]);
    let (moved, waits) = order_of_moves(&tasks, &policy, &others);
    assert_eq!((moved.len(), waits.len()), (2, 4));
    assert!(waits[0].starts_with("no more than 10 moves a minute, of all stores together"), "{waits:?}");
}

#[test]
fn a_store_is_told_the_reason_with_its_name() {
    let planned = steps(&task("leeds", Phase::Offered), false, false);
    let [Step::Move(leaving)] = planned.as_slice() else { panic!("{planned:?}") };
    assert_eq!(leaving.reason(), "leeds: dark");
    let late =
        Leaving { cause: Cause::NotAccepted, why: "did not accept it in time".into(), ..leaving.clone() };
    assert_eq!(late.reason(), "leeds did not accept it in time");
}

proptest! {
    /// Whatever is open and whatever has moved lately: never over the pace, and nothing is forgotten.
    #[test]
    fn no_run_is_faster_than_the_pace_and_none_forgets_a_task(
        stores in prop::collection::vec(0_usize..4, 0..40),
        lately in prop::collection::vec(0_u32..12, 4),
        total in 1_u32..20,
        each in 1_u32..20,
    ) {
        let name = |n: usize| -> StoreId { format!("s{n}").parse().unwrap() };
        let tasks: Vec<TaskState> = stores.iter().enumerate().map(|(n, at)| TaskState {
            task: format!("o{n}-1").parse().unwrap(),
            ..task(name(*at).as_str(), Phase::Offered)
        }).collect();
        let lately: Lately = lately.into_iter().enumerate().map(|(n, moves)| (name(n), moves)).collect();
        let pace = Pace { moves_per_minute: total, moves_per_store_per_minute: each };
        let policy = FailoverPolicy { pace, ..FailoverPolicy::default() };
        let tenant = tenant();
        let open: Vec<_> = tasks.iter().map(|task| exposed(&tenant, task, Cause::StoreFails, true)).collect();
        let planned = plan(&open, &lately, &policy, false);
        prop_assert_eq!(planned.len(), tasks.len());
        let mut after = lately.clone();
        for step in &planned {
            if let Step::Move(leaving) = step {
                *after.entry(leaving.store.clone()).or_default() += 1;
            }
        }
        let moved: u32 = after.values().sum::<u32>() - lately.values().sum::<u32>();
        if moved > 0 {
            prop_assert!(after.values().sum::<u32>() <= total);
        }
        for (store, moves) in &after {
            let before = lately.get(store).copied().unwrap_or(0);
            prop_assert!(*moves == before || *moves <= each, "{} {}", store, moves);
        }
    }
}
