use super::*;

fn faults(change: impl FnOnce(&mut RoutingPolicy)) -> Vec<String> {
    let mut policy = RoutingPolicy::default();
    change(&mut policy);
    policy.faults().into_iter().map(|fault| fault.at).collect()
}

#[test]
fn the_default_can_be_meant_and_is_written_and_read_again() {
    let policy = RoutingPolicy::default();
    assert_eq!(policy.faults(), []);
    let text = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<RoutingPolicy>(&text).unwrap(), policy);
    assert_eq!(serde_json::from_str::<RoutingPolicy>("{}").unwrap(), policy);
}

#[test]
fn what_is_not_said_is_as_by_default_and_what_is_not_known_is_refused() {
    let text = r#"{"splits_max": 2, "ladder": [{"name": "all", "words": "any", "kinds": ["store"],
        "weights": {"load": 5}, "hold": {"within_ms": 1000}}]}"#;
    let policy: RoutingPolicy = serde_json::from_str(text).unwrap();
    assert_eq!(policy.accept_within_ms, RoutingPolicy::default().accept_within_ms);
    assert_eq!(policy.ladder[0].weights, Weights { load: 5.0, ..Weights::default() });
    assert_eq!(policy.ladder[0].cover, Cover::Whole);
    for wrong in [
        r#"{"split_max": 2}"#,
        r#"{"ladder": [{"radius": 5}]}"#,
        r#"{"ladder": [{"weights": {"distanse": 1}}]}"#,
        r#"{"ladder": [{"hold": {"within": 1}}]}"#,
        r#"{"ladder": [{"kinds": ["warehouse"]}]}"#,
    ] {
        assert!(serde_json::from_str::<RoutingPolicy>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn each_thing_that_cannot_be_meant_is_found_where_it_stands() {
    type Change = fn(&mut RoutingPolicy);
    let cases: &[(Change, &str)] = &[
        (|policy| policy.name.clear(), "name"),
        (|policy| policy.splits_max = 0, "splits_max"),
        (|policy| policy.splits_max = 9, "splits_max"),
        (
            |policy| {
                policy.split_min_value =
                    Some(serde_json::from_str(r#"{"minor":-1,"currency":"EUR"}"#).unwrap());
            },
            "split_min_value.minor",
        ),
        (|policy| policy.split_penalty = Some(f64::NAN), "split_penalty"),
        (|policy| policy.confidence_min = Some(1.1), "confidence_min"),
        (|policy| policy.candidates_told_max = 0, "candidates_told_max"),
        (|policy| policy.accept_within_ms = 0, "accept_within_ms"),
        (|policy| policy.cancel_answer_within_ms = i64::MAX, "cancel_answer_within_ms"),
        (|policy| policy.substitution_answer_within_ms = Some(0), "substitution_answer_within_ms"),
        (|policy| policy.ladder.clear(), "ladder"),
        (|policy| policy.ladder[0].weights.cost = 1.0, "currency"),
        (|policy| policy.ladder[1].name = String::from("closest"), "ladder[1].name"),
        (|policy| policy.ladder[1].name.clear(), "ladder[1].name"),
        (|policy| policy.ladder[1].words = String::from(" "), "ladder[1].words"),
        (|policy| policy.ladder[2].kinds.clear(), "ladder[2].kinds"),
        (|policy| policy.ladder[1].radius_km = Some(0.0), "ladder[1].radius_km"),
        (|policy| policy.ladder[1].confidence_min = Some(-0.1), "ladder[1].confidence_min"),
        (|policy| policy.ladder[1].weights.load = -1.0, "ladder[1].weights.load"),
        (|policy| policy.ladder[1].weights.margin = f64::INFINITY, "ladder[1].weights.margin"),
        (|policy| policy.ladder[0].weights.distance = 0.0, "ladder[0].weights"),
        (|policy| policy.ladder[1].hold = Some(HoldFor::default()), "ladder[1].hold.within_ms"),
        (
            |policy| policy.ladder[1].hold = Some(HoldFor { within_ms: 1, saves: -1.0 }),
            "ladder[1].hold.saves",
        ),
        (|policy| policy.ladder[0].hold = Some(HoldFor { within_ms: 1, saves: 1.0 }), "ladder[0].hold"),
        (|policy| policy.ladder[1].radius_km = Some(40.0), "ladder[1]"),
        (|policy| policy.ladder[3].region = Regions::Named(BTreeSet::new()), "ladder[3].region"),
        (|policy| _ = policy.ladder_of.insert(FulfilmentKind::Pickup, Vec::new()), "ladder_of.pickup"),
        (
            |policy| {
                let rungs = policy.ladder_of.get_mut(&FulfilmentKind::Delivery).unwrap();
                rungs[1].radius_km = Some(-1.0);
            },
            "ladder_of.delivery[1].radius_km",
        ),
        (
            |policy| {
                let rungs = policy.ladder_of.get_mut(&FulfilmentKind::Delivery).unwrap();
                rungs[1] = Rung { name: String::from("twin"), ..rungs[0].clone() };
            },
            "ladder_of.delivery[1]",
        ),
    ];
    for (change, at) in cases {
        let found = faults(change);
        assert!(found.iter().any(|fault| fault == at), "{at} is not in {found:?}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let found = faults(|policy| {
        policy.splits_max = 0;
        policy.accept_within_ms = -5;
        policy.ladder[3].weights.depth = f64::NAN;
    });
    assert_eq!(found, ["splits_max", "accept_within_ms", "ladder[3].weights.depth"]);
}

#[test]
fn a_rung_that_is_never_reached_is_found_and_one_that_is_surer_or_farther_is_not() {
    let twin = |policy: &mut RoutingPolicy, change: fn(&mut Rung)| {
        let mut rung = policy.ladder[1].clone();
        rung.name = String::from("twin");
        change(&mut rung);
        policy.ladder.insert(2, rung);
    };
    assert_eq!(faults(|policy| twin(policy, |_| ())), ["ladder[2]"]);
    assert_eq!(faults(|policy| twin(policy, |rung| rung.radius_km = None)), ["ladder[4]"], "the region's");
    assert!(faults(|policy| twin(policy, |rung| rung.cover = Cover::Part)).is_empty());
    let unsure = |policy: &mut RoutingPolicy| {
        policy.ladder[0].confidence_min = Some(0.9);
        policy.ladder[1].confidence_min = Some(0.9);
        twin(policy, |rung| rung.confidence_min = None);
    };
    assert!(faults(unsure).is_empty());
    let all = |policy: &mut RoutingPolicy| {
        policy.ladder[0].kinds.insert(StoreKind::DistributionCentre);
        policy.ladder[0].radius_km = None;
    };
    assert_eq!(faults(all), ["ladder[1]", "ladder[2]", "ladder[3]"], "but the split may still share");
}

#[test]
fn the_default_is_the_ladder_of_a_chain_and_another_for_what_stores_bring() {
    let policy = RoutingPolicy::default();
    let names = |kind| policy.ladder_for(kind).iter().map(|rung| rung.name.as_str()).collect::<Vec<_>>();
    let all = ["closest", "radius", "distribution_centre", "regional", "split"];
    assert_eq!(names(FulfilmentKind::Ship), all);
    assert_eq!(names(FulfilmentKind::Pickup), all);
    assert_eq!(names(FulfilmentKind::Delivery), ["nearby", "delivery_reach"]);
    assert!(policy.ladder_for(FulfilmentKind::Delivery).iter().all(|rung| rung.cover == Cover::Whole));
}

#[test]
fn a_kind_that_is_not_named_keeps_its_usual_ladder() {
    let text = r#"{"ladder_of": {"pickup": [{"name": "chosen", "words": "theirs", "kinds": ["store"]}]}}"#;
    let policy: RoutingPolicy = serde_json::from_str(text).unwrap();
    assert_eq!(policy.ladder_for(FulfilmentKind::Pickup)[0].name, "chosen");
    assert_eq!(policy.ladder_for(FulfilmentKind::Delivery)[0].name, "nearby");
    assert_eq!(policy.ladder_for(FulfilmentKind::Ship), RoutingPolicy::default().ladder);
}

#[test]
fn a_rung_of_another_region_is_reached_and_one_of_a_part_of_it_is_not() {
    let named = |names: &[&str]| Regions::Named(names.iter().map(|name| name.parse().unwrap()).collect());
    let with = |first: Regions, second: Regions| {
        faults(|policy| {
            let rung = |name: &str, region: Regions| Rung {
                name: name.to_owned(),
                radius_km: None,
                region,
                ..policy.ladder[1].clone()
            };
            policy.ladder = vec![rung("first", first), rung("second", second)];
        })
    };
    assert_eq!(with(named(&["north"]), named(&["south"])), Vec::<String>::new());
    assert_eq!(with(named(&["north", "south"]), named(&["south"])), ["ladder[1]"]);
    assert_eq!(with(Regions::Same, Regions::Any), Vec::<String>::new());
    assert_eq!(with(Regions::Any, Regions::Same), ["ladder[1]"]);
}
