use super::*;
use crate::core::eligibility::{Eligibility, Standing};
use crate::core::routing::decision::{DemandLine, Node, Shelf};
use crate::core::routing::policy::Weights;
use crate::core::routing::test_scene::Scene;
use crate::core::test_support::store;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::LineNo;

fn scene() -> (Demand, Vec<Node>) {
    let demand = Demand {
        lines: vec![DemandLine { line: LineNo(1), sku: "TEA".parse().unwrap(), quantity: 2 }],
        ..Scene::default().demand
    };
    let node = |name: &str, km_north: f64, units: i64, open_tasks: u32| {
        let mut store = store(name);
        store.place = demand.destination;
        store.place.latitude += km_north / 111.2;
        let shelf = Shelf { units, ..Shelf::default() };
        let eligibility = Eligibility {
            standing: Standing::Eligible,
            kinds: FulfilmentKind::ALL.into_iter().collect(),
            reasons: Vec::new(),
            physically_open: true,
            fail_over: false,
        };
        let shelves = [("TEA".parse().unwrap(), shelf)].into();
        Node { store, eligibility, open_tasks, recovering: false, shelves }
    };
    let nodes = vec![node("leeds", 2.0, 5, 4), node("york", 10.0, 5, 0), node("hull", 20.0, 1, 0)];
    (demand, nodes)
}

fn recorded(demand: &Demand, nodes: Vec<Node>) -> (Decision, Recorded) {
    let fleet = FleetIndex::of(nodes);
    let policy = RoutingPolicy::default();
    let was = Guide::of(&policy).with_carriers(&CarrierPolicy::default()).route(
        demand,
        &fleet,
        "d1".parse().unwrap(),
        demand.placed_at,
    );
    let recorded = Recorded::of(demand, &fleet, &was);
    (was, recorded)
}

fn under(change: impl FnOnce(&mut RoutingPolicy)) -> Again {
    let (demand, nodes) = scene();
    let (was, kept) = recorded(&demand, nodes);
    let mut policy = RoutingPolicy::default();
    change(&mut policy);
    kept.again(&was, &policy, &CarrierPolicy::default())
}

fn stores(again: &Again) -> Vec<String> {
    chosen(&again.instead.as_ref().unwrap().choice).map(ToString::to_string).collect()
}

#[test]
fn under_its_own_policy_the_same_is_chosen_again() {
    let again = under(|_| {});
    assert!(again.same && again.unrecorded == 0, "{again:?}");
    assert_eq!(stores(&again), ["leeds"]);
}

#[test]
fn the_term_that_made_the_difference_is_named() {
    let again = under(|policy| {
        for rung in &mut policy.ladder {
            rung.weights = Weights { load: 1_000.0, ..Weights::default() };
        }
    });
    assert_eq!((again.same, stores(&again)), (false, vec!["york".to_owned()]));
    assert!(again.difference.contains("on the rung closest, leeds scores"), "{}", again.difference);
    assert!(again.difference.contains("load counts"), "{}", again.difference);
}

#[test]
fn the_rung_that_made_the_difference_is_named() {
    let again = under(|policy| {
        policy.ladder.retain(|rung| rung.name == "distribution_centre");
    });
    assert!(!again.same);
    assert_eq!(again.difference, "it asks on the rung distribution_centre where it asked on closest");
}
