use super::cohort::Subject;
use super::*;
use proptest::prelude::*;

fn phase(percent: u8) -> Phase {
    Phase {
        percent,
        go: vec!["the phase before held".into()],
        roll_back_when: vec!["a store complains".into()],
    }
}

fn plan() -> Plan {
    Plan {
        owner: "key:ann".parse().unwrap(),
        may_pause: ["key:bob".parse().unwrap()].into(),
        dashboard: "https://grafana.example".into(),
        go: vec!["no complaints for a day".into()],
        phases: vec![phase(20), phase(50)],
        blockers_cleared: vec!["the stores were told".into()],
        cohort: Cohort { channels: ["web".to_owned()].into(), ..Cohort::default() },
        percent_max: 50,
        guardrails: Guardrails {
            errors_permille_max: 20,
            latency_ms_max: 5_000,
            exceptions_max: 1,
            mismatch_permille_max: 50,
            orders_min: 100,
        },
        shadow: ShadowGate::default(),
    }
}

fn rollout(state: RolloutState, percent: u8) -> Rollout {
    Rollout {
        version: PolicyVersion(4),
        plan: plan(),
        state,
        percent,
        started_at: UtcMs(0),
        changed_at: UtcMs(0),
        decisions_from: 0,
    }
}

fn wish(act: RolloutAct, who: &str, percent: Option<u8>) -> Wish {
    Wish { act, actor: who.parse().unwrap(), reason: "why".into(), percent, by_itself: false }
}

const SHOWN: Shown = Shown { lines: 1_000, different: 50, mismatched: 50, unexplained: 5 };
const GOOD: Reading =
    Reading { orders: 100, errors: 2, latency_ms: 5_000, open_exceptions: 0, mismatched: 5, shadow: SHOWN };

fn freeze() -> PolicyFreeze {
    PolicyFreeze { by: "key:cy".parse().unwrap(), reason: "launch".into(), since: UtcMs(0), until: UtcMs(9) }
}

#[test]
fn a_plan_that_lacks_anything_does_not_start() {
    let start = |plan: &Plan, percent| may_start(plan, percent, &SHOWN, None, UtcMs(1));
    assert_eq!(start(&plan(), 20), Ok(()));
    assert_eq!(
        start(&plan(), 21),
        Err(Refusal::Percent { percent: 21, now: 0, max: 20 }),
        "the first phase comes first"
    );
    let broken: [fn(&mut Plan); 12] = [
        |plan| plan.phases.clear(),
        |plan| plan.phases = vec![phase(20)],
        |plan| plan.phases = vec![phase(50), phase(50)],
        |plan| plan.phases[0].go.clear(),
        |plan| plan.phases[1].roll_back_when = vec![String::new()],
        |plan| plan.go.clear(),
        |plan| plan.blockers_cleared = vec![" ".into()],
        |plan| plan.dashboard.clear(),
        |plan| plan.may_pause.clear(),
        |plan| plan.percent_max = 51,
        |plan| plan.guardrails.errors_permille_max = 1_000,
        |plan| plan.guardrails.orders_min = 0,
    ];
    for (index, broken) in broken.iter().enumerate() {
        let mut plan = plan();
        broken(&mut plan);
        assert!(matches!(start(&plan, 5), Err(Refusal::Plan(_))), "{index}");
    }
    assert!(matches!(start(&plan(), 0), Err(Refusal::Percent { .. })));
    let open = Plan { cohort: Cohort::default(), ..plan() };
    assert!(
        matches!(start(&open, 11), Err(Refusal::Percent { max: 10, .. })),
        "not everybody, everywhere, at once"
    );
    assert_eq!(
        may_start(&plan(), 5, &SHOWN, Some(&freeze()), UtcMs(1)),
        Err(Refusal::Frozen("launch".into()))
    );
}

#[test]
fn a_trial_grows_only_while_all_is_well() {
    let running = rollout(RolloutState::Running, 5);
    let grow = |reading: &Reading, percent, freeze: Option<&PolicyFreeze>| {
        may(&running, &wish(RolloutAct::Advance, "key:ann", Some(percent)), reading, freeze, UtcMs(1))
    };
    assert_eq!(grow(&GOOD, 20, None), Ok((RolloutState::Running, 20)));
    assert!(matches!(grow(&GOOD, 5, None), Err(Refusal::Percent { .. })));
    assert!(matches!(grow(&GOOD, 21, None), Err(Refusal::Percent { max: 20, .. })), "no phase is left out");
    let second = rollout(RolloutState::Running, 20);
    let on =
        |percent| may(&second, &wish(RolloutAct::Advance, "key:ann", Some(percent)), &GOOD, None, UtcMs(1));
    assert_eq!(on(50), Ok((RolloutState::Running, 50)));
    assert!(matches!(on(51), Err(Refusal::Percent { max: 50, .. })));
    let finish =
        |rollout: &Rollout| may(rollout, &wish(RolloutAct::Finish, "key:ann", None), &GOOD, None, UtcMs(1));
    assert_eq!(finish(&second), Err(Refusal::EarlyEnd));
    assert_eq!(finish(&rollout(RolloutState::Running, 21)), Ok((RolloutState::Finished, 21)));
    assert_eq!(grow(&GOOD, 20, Some(&freeze())), Err(Refusal::Frozen("launch".into())));
    let open = Reading { open_exceptions: 1, ..GOOD };
    assert_eq!(grow(&open, 20, None), Err(Refusal::Unresolved(1)));
    for bad in [
        Reading { orders: 99, ..GOOD },
        Reading { errors: 3, ..GOOD },
        Reading { latency_ms: 5_001, ..GOOD },
        Reading { mismatched: 6, ..GOOD },
    ] {
        assert!(matches!(grow(&bad, 20, None), Err(Refusal::Guardrails(_))), "{bad:?}");
        let last = rollout(RolloutState::Running, 50);
        let finish = may(&last, &wish(RolloutAct::Finish, "key:ann", None), &bad, None, UtcMs(1));
        assert!(matches!(finish, Err(Refusal::Guardrails(_))), "{bad:?}");
    }
}

#[test]
fn those_who_are_named_pause_it_and_anything_may_be_wrong_meanwhile() {
    let running = rollout(RolloutState::Running, 5);
    let bad = Reading { open_exceptions: 9, ..Reading::default() };
    let pause = |who| may(&running, &wish(RolloutAct::Pause, who, None), &bad, Some(&freeze()), UtcMs(1));
    assert_eq!(pause("key:bob"), Ok((RolloutState::Paused, 5)));
    assert_eq!(pause("key:ann"), Ok((RolloutState::Paused, 5)));
    assert_eq!(pause("key:eve"), Err(Refusal::NotTheirs("key:eve".parse().unwrap())));
    let itself = Wish { by_itself: true, ..wish(RolloutAct::Pause, "central", None) };
    assert_eq!(may(&running, &itself, &bad, None, UtcMs(1)), Ok((RolloutState::Paused, 5)));
    let back = may(&running, &wish(RolloutAct::RollBack, "key:bob", None), &bad, Some(&freeze()), UtcMs(1));
    assert_eq!(back, Ok((RolloutState::RolledBack, 5)));
}

#[test]
fn a_crossed_guardrail_is_told_with_its_numbers() {
    let rails = plan().guardrails;
    assert_eq!(rails.judge(&GOOD), Verdict::Holds);
    let early = Reading { orders: 1, open_exceptions: 2, ..Reading::default() };
    assert_eq!(rails.judge(&early), Verdict::Crossed("2 open exceptions, at most 1".into()));
    let one = Reading { orders: 1, errors: 1, ..Reading::default() };
    assert_eq!(rails.judge(&one), Verdict::TooFew("1 orders followed it, at least 100 are needed".into()));
    let errors = Reading { errors: 3, ..GOOD };
    assert_eq!(rails.judge(&errors), Verdict::Crossed("30 of 1000 orders found no node, at most 20".into()));
}

#[test]
fn each_guardrail_stands_beside_what_was_measured() {
    let rails = plan().guardrails;
    assert!(rails.gauges(&GOOD).iter().all(|gauge| gauge.holds));
    let bad = Reading {
        orders: 99,
        errors: 3,
        latency_ms: 5_001,
        open_exceptions: 2,
        mismatched: 6,
        shadow: SHOWN,
    };
    let told: Vec<(i64, i64, bool)> =
        rails.gauges(&bad).iter().map(|gauge| (gauge.now, gauge.limit, gauge.holds)).collect();
    assert_eq!(
        told,
        [(31, 20, false), (61, 50, false), (5_001, 5_000, false), (2, 1, false), (99, 100, false)]
    );
}

#[test]
fn a_cohort_asks_all_that_it_names() {
    let cohort = Cohort {
        channels: ["web".to_owned()].into(),
        regions: ["north".parse().unwrap()].into(),
        classes: ["hot".parse().unwrap()].into(),
        brands: ["kettle".parse().unwrap()].into(),
        in_stock: true,
        simple_shipping: true,
    };
    let subject = Subject {
        key: "c1".into(),
        channel: "web".into(),
        region: "north".parse().ok(),
        classes: ["hot".parse().unwrap()].into(),
        unclassed: false,
        brand: "kettle".parse().ok(),
        in_stock: true,
        simple_shipping: true,
    };
    let inside = |subject: &Subject| cohort.includes("acme 4", 100, subject);
    assert!(inside(&subject));
    for other in [
        Subject { channel: "shop".into(), ..subject.clone() },
        Subject { region: "south".parse().ok(), ..subject.clone() },
        Subject { region: None, ..subject.clone() },
        Subject { brand: "pan".parse().ok(), ..subject.clone() },
        Subject { brand: None, ..subject.clone() },
        Subject { in_stock: false, ..subject.clone() },
        Subject { simple_shipping: false, ..subject.clone() },
        Subject { classes: ["hot".parse().unwrap(), "cold".parse().unwrap()].into(), ..subject.clone() },
        Subject { classes: BTreeSet::new(), ..subject.clone() },
        Subject { unclassed: true, ..subject },
    ] {
        assert!(!inside(&other), "{other:?}");
    }
}

fn keyed(key: String) -> Subject {
    Subject { key, ..Subject::default() }
}

/// Written down: a change of the hash would deal every customer anew in the middle of a trial.
#[test]
fn the_parts_are_dealt_as_they_always_were() {
    let open = Cohort::default();
    let inside: Vec<u32> = (0..40).filter(|n| open.includes("acme 4", 25, &keyed(format!("c{n}")))).collect();
    assert_eq!(inside, DEALT);
    let many = (0..10_000).filter(|n| open.includes("acme 4", 25, &keyed(format!("c{n}")))).count();
    assert!((2_300..2_700).contains(&many), "{many} of 10000 at 25 percent");
}

const DEALT: [u32; 8] = [3, 4, 7, 11, 19, 21, 33, 37];

proptest! {
    #[test]
    fn who_is_inside_stays_inside_as_it_grows(key in ".{0,40}", trial in "[a-z0-9 ]{1,12}", small in 0_u8..=100, more in 0_u8..=100) {
        let (small, large) = (small.min(more), small.max(more));
        let open = Cohort::default();
        let subject = keyed(key);
        prop_assert!(!open.includes(&trial, small, &subject) || open.includes(&trial, large, &subject));
        prop_assert!(open.includes(&trial, 100, &subject) && !open.includes(&trial, 0, &subject));
    }

    /// Whatever is tried in whatever order: what ended stays ended, and only a running one finishes.
    #[test]
    fn what_has_ended_does_not_go_on(acts in prop::collection::vec(prop::sample::select(RolloutAct::ALL.to_vec()), 0..30)) {
        let mut state = None;
        for act in acts {
            if let Some(after) = next(state, act) {
                prop_assert!(!matches!(state, Some(RolloutState::Finished | RolloutState::RolledBack)));
                prop_assert!(after != RolloutState::Finished || state == Some(RolloutState::Running));
                state = Some(after);
            }
        }
    }
}

#[test]
fn what_its_shadow_shows_opens_and_closes_it() {
    let bad = Shown { mismatched: 51, ..SHOWN };
    let refused = may_start(&plan(), 5, &bad, None, UtcMs(1));
    assert!(matches!(&refused, Err(Refusal::Shadow(why)) if why.contains("51 of 1000")), "{refused:?}");
    let mut answered_for = plan();
    answered_for.shadow.override_reason = Some("one store only".into());
    assert_eq!(may_start(&answered_for, 5, &bad, None, UtcMs(1)), Ok(()));
    let crossed = |reading: &Reading| matches!(answered_for.judge(reading), Verdict::Crossed(_));
    assert!(!crossed(&GOOD));
    assert!(crossed(&Reading { shadow: bad, ..GOOD }), "who lets it start does not let it go on");
    assert!(crossed(&Reading { shadow: bad, orders: 1, ..GOOD }), "however few orders followed it");
}
