use super::*;
use crate::core::test_support::task;

fn step(was: Option<OrderState>, is: OrderState, since: i64, at: i64) -> Step {
    Step {
        tenant: "t".parse().unwrap(),
        channel: "web".to_owned(),
        kind: FulfilmentKind::Ship,
        source: "store".to_owned(),
        was,
        is,
        at: UtcMs(at),
        since: was.map(|_| UtcMs(since)),
        placed_at: UtcMs(0),
        before: Before::default(),
        gathered: false,
    }
}

fn summed(steps: &[Step]) -> Vec<Summed> {
    let name = String::new;
    sums(steps)
        .into_iter()
        .map(|(key, sum)| Summed { name: name(), was: key.was, is: key.is, span: key.span, sum })
        .collect()
}

#[test]
fn times_in_a_state_and_the_ways_out_of_it_follow_from_the_steps() {
    use OrderState::{Accepted, Allocated, Placed};
    let steps = [
        step(None, Placed, 0, 0),
        step(Some(Placed), Allocated, 0, 1_000),
        step(Some(Allocated), Accepted, 1_000, 61_000),
        step(Some(Allocated), Accepted, 1_000, 61_000),
        step(Some(Allocated), Placed, 1_000, 301_000),
    ];
    let ways = transitions(summed(&steps).iter());
    assert_eq!(ways.len(), 4);
    assert_eq!((ways[0].from, ways[0].stage, ways[0].mean_ms), (None, Stage::Intake, None));
    let back = ways.iter().find(|way| (way.from, way.to) == (Some(Allocated), Placed)).unwrap();
    assert!(back.set_back && back.stage == Stage::Allocation);
    assert_eq!((back.orders, back.share, back.mean_ms), (1, Some(0.3333), Some(300_000.0)));
    let taken = ways.iter().find(|way| way.to == Accepted).unwrap();
    assert!(!taken.set_back);
    assert!((taken.p50_ms.unwrap() - 60_000).abs() < 60_000 / 7, "{taken:?}");
}

#[test]
fn the_order_in_which_steps_are_added_up_changes_nothing() {
    let mut steps = vec![
        step(Some(OrderState::Placed), OrderState::Allocated, 0, 86_400_000),
        step(Some(OrderState::Placed), OrderState::Allocated, 0, 86_399_999),
        step(Some(OrderState::Allocated), OrderState::Placed, 5, 86_400_100),
    ];
    let all = sums(&steps);
    steps.reverse();
    assert_eq!(sums(&steps), all);
    assert_eq!(
        all.keys().map(|key| key.day).collect::<std::collections::BTreeSet<_>>().len(),
        2,
        "by its day"
    );
}

#[test]
fn a_step_back_is_one_after_which_work_is_lost_or_waits() {
    use OrderState::{Allocated, Backordered, Cancelled, Collected, Exception, Picking, Placed, Ready};
    for (was, is) in [(Allocated, Placed), (Picking, Allocated), (Placed, Backordered), (Ready, Exception)] {
        assert!(is_set_back(was, is), "{was:?} {is:?}");
    }
    for (was, is) in [(Placed, Allocated), (Backordered, Placed), (Ready, Collected), (Picking, Cancelled)] {
        assert!(!is_set_back(was, is), "{was:?} {is:?}");
    }
}

#[test]
fn whoever_gave_the_work_back_has_none_of_the_units() {
    let (mut first, mut second) = (task("leeds", Phase::Accepted), task("york", Phase::Accepted));
    assert_eq!(Nodes::of(&[]), Nodes::None);
    assert_eq!(Nodes::of(&[first.clone(), second.clone()]), Nodes::Several);
    first.phase = Phase::Declined;
    let tasks = [first.clone(), second.clone()];
    assert_eq!(Nodes::of(&tasks), Nodes::One(&second.store));
    second.phase = Phase::PutBack;
    assert_eq!(Nodes::of(&[first, second]), Nodes::None);
}
