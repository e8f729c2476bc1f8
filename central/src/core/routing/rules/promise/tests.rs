use crate::core::carriers::{Band, CarrierPolicy, Price};
use crate::core::eligibility::Standing;
use crate::core::fleet::Store;
use crate::core::routing::Guide;
use crate::core::routing::decision::{Choice, Decision, Demand, DemandLine, Node, Shelf, Verdict};
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::routing::policy::RoutingPolicy;
use crate::core::routing::test_scene::{Scene, judged};
use crate::core::test_support::{LONDON, store};
use holdfast_shared::ids::LineNo;
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// Friday noon in London.
const FRIDAY: UtcMs = UtcMs(1_795_176_000_000);
const DAY_MS: i64 = 86_400_000;

fn node(store: Store) -> Node {
    let shelf = Shelf { units: 9, ..Shelf::default() };
    Node {
        store,
        eligibility: judged(Standing::Eligible),
        open_tasks: 0,
        recovering: false,
        shelves: BTreeMap::from([("TEA".parse().unwrap(), shelf)]),
    }
}

/// One that is near and one 200 km away, where goods are as long on the way as is said.
fn chain() -> Vec<Node> {
    let mut far = store("far");
    far.place.latitude += 1.8;
    vec![node(store("near")), node(far)]
}

fn wanted(promise_by: Option<UtcMs>) -> Demand {
    let lines = vec![DemandLine { line: LineNo(1), sku: "TEA".parse().unwrap(), quantity: 2 }];
    Demand { destination: LONDON, lines, placed_at: FRIDAY, promise_by, ..Scene::default().demand }
}

/// Near: three days. Beyond 50 km: one.
fn carriers() -> CarrierPolicy {
    let mut policy = CarrierPolicy::default();
    let band = |up_to_km, days| Band { up_to_km, days, surcharge_minor: 0 };
    policy.services[0].transit = vec![band(Some(50.0), 3), band(None, 1)];
    policy
}

fn decided(demand: &Demand, policy: &RoutingPolicy, carriers: &CarrierPolicy, nodes: Vec<Node>) -> Decision {
    let fleet = FleetIndex::of(nodes);
    Guide::of(policy).with_carriers(carriers).route(demand, &fleet, "d1".parse().unwrap(), FRIDAY)
}

fn chosen(decision: &Decision) -> String {
    let Choice::Assign(plan) = &decision.choice else { panic!("{}", decision.words) };
    plan.parcels[0].store.to_string()
}

#[test]
fn a_node_that_cannot_keep_the_promise_is_refused_with_the_times() {
    let monday_night = UtcMs(1_795_478_399_999);
    let policy = RoutingPolicy::default();
    let free = decided(&wanted(None), &policy, &carriers(), chain());
    assert_eq!(chosen(&free), "near", "nothing is promised: the nearest");
    let promised = decided(&wanted(Some(monday_night)), &policy, &carriers(), chain());
    assert_eq!(chosen(&promised), "far");
    let refused = promised.rungs[0].candidates.iter().find_map(|candidate| match &candidate.verdict {
        Verdict::Refused { rule, words } if candidate.store.as_str() == "near" => {
            Some((rule.as_ref(), words.to_string()))
        }
        Verdict::Refused { .. } | Verdict::Scored { .. } => None,
    });
    let (rule, words) = refused.unwrap();
    assert_eq!(rule, "promise");
    assert_eq!(
        words,
        "ready 2026-11-20 13:00Z, standard takes it until 2026-11-20 16:00Z, 3 days on the way, there by \
         2026-11-25 23:59Z; promised by 2026-11-23 23:59Z"
    );
    let Choice::Assign(plan) = &promised.choice else { panic!() };
    let journey = plan.parcels[0].journey.as_ref().unwrap();
    assert_eq!((journey.arrives_by, journey.days), (monday_night, 1), "just in time is in time");
    let sooner = decided(&wanted(Some(monday_night.plus(-1))), &policy, &carriers(), chain());
    assert!(matches!(sooner.choice, Choice::Backorder { .. }));
}

#[test]
fn where_no_date_can_be_told_nothing_is_promised_and_without_services_nothing_is_refused() {
    let (policy, by) = (RoutingPolicy::default(), Some(FRIDAY.plus(30 * DAY_MS)));
    let mut lost = store("near");
    lost.zone = "Nowhere/Land".to_owned();
    let refused = decided(&wanted(by), &policy, &carriers(), vec![node(lost)]);
    assert!(matches!(refused.choice, Choice::Backorder { .. }));
    let Verdict::Refused { words, .. } = &refused.rungs[0].candidates[0].verdict else { panic!() };
    let words = words.to_string();
    assert!(words.starts_with("no date can be told: time zone \"Nowhere/Land\" is not known"), "{words}");
    let none = CarrierPolicy { services: Vec::new(), ..carriers() };
    let past = decided(&wanted(Some(UtcMs(0))), &policy, &none, chain());
    assert_eq!(chosen(&past), "near", "who describes no carrier is asked for no date");
}

#[test]
fn days_on_the_way_slack_and_shipping_are_terms() {
    let mut policy = RoutingPolicy::default();
    for rung in &mut policy.ladder {
        rung.radius_km = Some(300.0);
        rung.weights.distance = 0.0;
    }
    let best = |weigh: fn(&mut RoutingPolicy), by: Option<UtcMs>, carriers: &CarrierPolicy| {
        let mut policy = policy.clone();
        weigh(&mut policy);
        chosen(&decided(&wanted(by), &policy, carriers, chain()))
    };
    let weeks = Some(FRIDAY.plus(14 * DAY_MS));
    assert_eq!(best(|p| p.ladder[0].weights.transit = 1.0, None, &carriers()), "far");
    assert_eq!(best(|p| p.ladder[0].weights.slack = 1.0, weeks, &carriers()), "far");
    let mut dear = carriers();
    dear.services[0].price =
        Some(Price { currency: "GBP".parse().unwrap(), base_minor: 500, per_unit_minor: 0 });
    dear.services[0].transit[1].surcharge_minor = 900;
    let shipping = |p: &mut RoutingPolicy| {
        p.currency = Some("GBP".parse().unwrap());
        p.ladder[0].weights.shipping = 1.0;
    };
    assert_eq!(best(shipping, None, &dear), "near");
    dear.services[0].transit[1].surcharge_minor = 0;
    dear.services[0].transit[0].surcharge_minor = 900;
    assert_eq!(best(shipping, None, &dear), "far");
}

#[test]
fn another_calendar_of_carriers_is_another_decision() {
    let policy = RoutingPolicy::default();
    let hash = |carriers: &CarrierPolicy| decided(&wanted(None), &policy, carriers, chain()).hash;
    assert_eq!(hash(&carriers()), hash(&carriers()));
    assert_ne!(hash(&carriers()), hash(&CarrierPolicy::default()));
}
