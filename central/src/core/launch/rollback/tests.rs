use super::*;
use crate::core::rollout::Plan;
use crate::core::rollout::cohort::Cohort;
use crate::core::rollout::guardrails::Guardrails;
use crate::core::shadow::gate::ShadowGate;
use holdfast_shared::time::UtcMs;

fn event(act: &str, version: u32, at: i64) -> PolicyEvent {
    PolicyEvent {
        version: Some(PolicyVersion(version)),
        at: UtcMs(at),
        actor: "ann".parse().unwrap(),
        act: act.to_owned(),
        reason: "because".to_owned(),
    }
}

fn situation() -> Situation {
    let flight = |state, policy: Option<&str>, orders, released| Flight {
        state,
        policy: policy.map(str::to_owned),
        orders,
        released,
        open: 0,
    };
    Situation {
        in_force: PolicyVersion(2),
        trial: None,
        from_name: "v2 abc".to_owned(),
        to: Some(PolicyVersion(1)),
        freeze: None,
        flights: vec![
            flight(OrderState::Placed, None, 4, 0),
            flight(OrderState::Ready, Some("v2 abc"), 3, 3),
            flight(OrderState::Ready, Some("v1 xyz"), 9, 9),
        ],
        left: 0,
        open_exceptions: 0,
    }
}

fn trial(state: RolloutState) -> Rollout {
    Rollout {
        version: PolicyVersion(3),
        plan: Plan {
            owner: "key:ann".parse().unwrap(),
            may_pause: ["key:bob".parse().unwrap()].into(),
            dashboard: "x".to_owned(),
            go: Vec::new(),
            phases: Vec::new(),
            blockers_cleared: Vec::new(),
            cohort: Cohort::default(),
            percent_max: 10,
            guardrails: Guardrails {
                errors_permille_max: 1,
                latency_ms_max: 1,
                exceptions_max: 1,
                mismatch_permille_max: 1,
                orders_min: 1,
            },
            shadow: ShadowGate::default(),
        },
        state,
        percent: 5,
        started_at: UtcMs(0),
        changed_at: UtcMs(0),
        decisions_from: 0,
    }
}

#[test]
fn the_former_version_is_the_one_that_ended_when_this_one_began() {
    // 1 began, 2 replaced it, 2 was taken back to 1: the way back from 1 is not 2.
    let history = [
        event("roll_back", 1, 30),
        event("retire", 2, 30),
        event("activate", 2, 20),
        event("retire", 1, 20),
        event("activate", 1, 10),
        event("approve", 1, 5),
    ];
    assert_eq!(former(&history, PolicyVersion(2)), Some(PolicyVersion(1)));
    assert_eq!(former(&history, PolicyVersion(1)), Some(PolicyVersion::BUILT_IN));
    assert_eq!(former(&history, PolicyVersion(9)), None, "the history does not reach back to its beginning");
}

#[test]
fn a_trial_goes_back_before_what_is_in_force_for_all() {
    let plain = plan(&situation());
    assert_eq!(
        (plain.way, plain.from, plain.to),
        (Way::FormerVersion, PolicyVersion(2), Some(PolicyVersion(1)))
    );
    let tried = plan(&Situation { trial: Some(trial(RolloutState::Paused)), ..situation() });
    assert_eq!((tried.way, tried.from, tried.to), (Way::EndTrial, PolicyVersion(3), Some(PolicyVersion(2))));
    assert!(tried.tree[0].then.contains("key:ann may, and key:bob"), "{:?}", tried.tree);
    assert_eq!(on_trial(trial(RolloutState::Finished)), None);
    let built_in = plan(&Situation { in_force: PolicyVersion::BUILT_IN, to: None, ..situation() });
    assert_eq!((built_in.way, built_in.to), (Way::Nothing, None));
    assert!(built_in.steps.is_empty());
}

#[test]
fn only_what_followed_it_is_counted_as_done_and_told_with_its_compensation() {
    let quiet = plan(&Situation { flights: vec![situation().flights[2].clone()], ..situation() });
    assert!(
        quiet.compensations.iter().all(|words| !words.contains("take-back")),
        "{:?}",
        quiet.compensations
    );
    let released = plan(&situation());
    assert!(released.stays_done[0].starts_with("3 orders have goods released"), "{:?}", released.stays_done);
    assert!(released.compensations[0].contains("take-back"));
    let concerned: Vec<bool> = released.in_flight.iter().map(|flight| flight.concerned).collect();
    assert_eq!(concerned, [false, true, false]);
    let left = plan(&Situation { left: 2, open_exceptions: 1, ..situation() });
    assert!(left.compensations.iter().any(|words| words.contains("a return")));
    assert!(left.compensations.iter().any(|words| words.starts_with("1 open exceptions")));
}

#[test]
fn a_way_back_that_is_not_known_is_asked_for() {
    let unknown = plan(&Situation { to: None, ..situation() });
    assert!(unknown.tree[1].then.contains("--to"), "{:?}", unknown.tree);
    assert!(unknown.steps[0].contains("that you name"));
}
