use super::*;
use crate::core::steering::Sections;
use crate::core::test_support::{at_ms, beat, record, task, tenant};
use crate::flows::Watch;
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::{Ram, decision_id, demand, position};
use holdfast_shared::domain::task::{FulfilmentKind, Release};
use holdfast_shared::time::MonoMs;

fn leeds() -> StoreId {
    "leeds".parse().unwrap()
}

/// Leeds and york are well, york has `units` of TEA, and leeds works on two TEA for each of these.
async fn chain(ram: &Ram, units: i64, tasks: Vec<TaskState>) -> Watch {
    let watch = Watch::default();
    ram.told(|told| {
        told.stores = vec![record("leeds"), record("york")];
        told.positions = vec![position("leeds", "TEA", 90), position("york", "TEA", units)];
        told.tasks = tasks.into_iter().map(|state| TaskRow { tenant: tenant(), state }).collect();
        told.demands = vec![demand("o1", &[("TEA", 2)])];
    });
    watch.with(|observatory| {
        observatory.hear(beat("leeds", "b1", 1), MonoMs(0));
        observatory.hear(beat("york", "b1", 1), MonoMs(0));
    });
    evaluate(ram, &watch, at_ms(0)).await.unwrap();
    watch
}

async fn dry(ram: &Ram, watch: &Watch, stores: &[StoreId]) -> Result<Rehearsal, FlowError> {
    let sections = Sections::default();
    let router = Router { watch, poke: ram, policy: &sections, decision_id: &decision_id };
    rehearse(ram, &router, (&tenant(), stores, Supposing::Dark), at_ms(0)).await
}

#[tokio::test]
async fn a_dry_drill_may_suppose_old_stock_and_then_only_offers_move() {
    let ram = Ram::default();
    let watch = chain(&ram, 9, vec![of_order(1, Phase::Offered), of_order(2, Phase::Accepted)]).await;
    let sections = Sections::default();
    let router = Router { watch: &watch, poke: &ram, policy: &sections, decision_id: &decision_id };
    let supposed = (&tenant(), &[leeds()][..], Supposing::StaleStock);
    let shown = rehearse(&ram, &router, supposed, at_ms(0)).await.unwrap();
    let told: Vec<String> = shown
        .tasks
        .iter()
        .map(|task| match &task.outcome {
            Outcome::Moves { leaves, to, .. } => format!("{} {leaves:?} {to:?}", task.task),
            Outcome::Stays { words } => format!("{} stays: {words}", task.task),
        })
        .collect();
    assert!(told[0].contains("o2-1 stays: by policy what is accepted stays there"), "{told:?}");
    assert!(told[1].starts_with("o1-1 Some(AtOnce)") && told[1].contains("york"), "{told:?}");
    assert!(ram.done(|done| done.departed.is_empty()));
}

fn of_order(n: u32, phase: Phase) -> TaskState {
    TaskState { task: format!("o{n}-1").parse().unwrap(), ..task("leeds", phase) }
}

#[tokio::test]
async fn a_dry_drill_shows_where_work_would_go_and_has_no_effect() {
    let ram = Ram::default();
    let promised = TaskState { promise_by: Some(at_ms(60_000).utc), ..of_order(1, Phase::Offered) };
    let begun = of_order(2, Phase::Picking);
    let mut released = of_order(3, Phase::Packed);
    released.release =
        Some(Release { fence: released.fence, replica: "leeds-a".parse().unwrap(), fact: None });
    let pickup = TaskState { kind: FulfilmentKind::Pickup, ..of_order(4, Phase::Offered) };
    let watch = chain(&ram, 2, vec![promised, begun, released, pickup]).await;
    let shown = dry(&ram, &watch, &[leeds()]).await.unwrap();
    let told: Vec<(String, Vec<StoreId>, Option<bool>)> = shown
        .tasks
        .iter()
        .map(|task| match &task.outcome {
            Outcome::Moves { to, promise_kept, .. } => (task.task.to_string(), to.clone(), *promise_kept),
            Outcome::Stays { words } => (format!("{} stays: {words}", task.task), Vec::new(), None),
        })
        .collect();
    assert!(told[0].0.starts_with("o3-1 stays: o3-1 was released to leeds-a"), "{told:?}");
    assert!(told[1].0.contains("a pickup is never moved"), "{told:?}");
    assert_eq!(
        told[2],
        ("o1-1".into(), vec!["york".parse().unwrap()], Some(true)),
        "the nearest promise goes first"
    );
    assert_eq!(told[3], ("o2-1".into(), vec![], None), "york's units are given away by then");
    let leaves = |n: usize| match &shown.tasks[n].outcome {
        Outcome::Moves { leaves, .. } => *leaves,
        Outcome::Stays { .. } => None,
    };
    assert_eq!((leaves(2), leaves(3)), (Some(When::AtOnce), Some(When::AfterLease)));
    ram.done(|done| {
        assert!(done.recalled.is_empty() && done.departed.is_empty() && done.assigned.is_empty());
        assert!(done.closures.is_empty() && done.drills.is_empty() && done.raised.is_empty());
    });
    assert!(ram.poked().is_empty());
}

#[tokio::test]
async fn nothing_goes_to_a_store_of_the_same_drill() {
    let ram = Ram::default();
    let watch = chain(&ram, 90, vec![of_order(1, Phase::Offered)]).await;
    let both = [leeds(), "york".parse().unwrap()];
    let shown = dry(&ram, &watch, &both).await.unwrap();
    assert!(matches!(&shown.tasks[0].outcome, Outcome::Moves { to, .. } if to.is_empty()), "{shown:?}");
}

#[tokio::test]
async fn the_pace_is_told_in_minutes() {
    let pace = Pace { moves_per_minute: 10, moves_per_store_per_minute: 4 };
    for (moves, stores, expected) in [(0, 1, 0), (4, 1, 0), (5, 1, 1), (9, 1, 2), (10, 3, 0), (21, 3, 2)] {
        assert_eq!(minutes(moves, pace, stores), expected, "{moves} of {stores}");
    }
}

fn new(stores: &[&str], reason: &str, for_ms: i64) -> NewDrill {
    NewDrill {
        tenant: tenant(),
        stores: stores.iter().map(|store| store.parse().unwrap()).collect(),
        reason: reason.to_owned(),
        author: "mia".parse().unwrap(),
        until: at_ms(for_ms).utc,
    }
}

#[tokio::test]
async fn a_drill_needs_a_reason_an_end_and_stores_that_are_named_once() {
    let ram = Ram::default();
    let begin = async |new: NewDrill| begin(&ram, &ram, new, at_ms(0).utc).await.unwrap_err();
    for bad in [
        new(&[], "why", 1_000),
        new(&["leeds", "leeds"], "why", 1_000),
        new(&["leeds"], " ", 1_000),
        new(&["leeds"], "why", 0),
        new(&["leeds"], "why", DRILL_MS_MAX + 1),
    ] {
        let error = begin(bad.clone()).await;
        assert_eq!(error.code(), Code::InvalidRequest, "{bad:?}: {error}");
    }
    assert!(ram.done(|done| done.drills.is_empty()), "none of them came as far as the store");
    for (outcome, code) in [
        (DrillBegun::UnknownStore(leeds()), Code::UnknownStore),
        (DrillBegun::Closed(leeds()), Code::AlreadyExists),
        (DrillBegun::InDrill(leeds()), Code::AlreadyExists),
    ] {
        ram.told(|told| told.begun = Some(outcome));
        assert_eq!(begin(new(&["leeds"], "why", 1_000)).await.code(), code);
    }
    let nothing =
        end(&ram, &ram, &tenant(), &"drill-9".parse().unwrap(), &"mia".parse().unwrap(), UtcMs(0)).await;
    assert_eq!(nothing.unwrap_err().code(), Code::NotFound);
}
