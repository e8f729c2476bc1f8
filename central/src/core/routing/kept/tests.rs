use super::*;
use crate::core::carriers::CarrierPolicy;
use crate::core::eligibility::{Reason, Standing};
use crate::core::routing::Guide;
use crate::core::routing::decision::{DemandLine, Node};
use crate::core::routing::policy::RoutingPolicy;
use crate::core::routing::test_scene::{Scene, judged};
use crate::core::test_support::store;
use holdfast_shared::ids::LineNo;
use std::collections::HashSet;

fn demand() -> Demand {
    let line = DemandLine { line: LineNo(1), sku: "TEA".parse().unwrap(), quantity: 2 };
    Demand { lines: vec![line], ..Scene::default().demand }
}

fn nodes(count: usize) -> Vec<Node> {
    let node = |n: usize| {
        let mut store = store(&format!("s{n:04}"));
        store.place = demand().destination;
        let shelf = Shelf { units: 9, ..Shelf::default() };
        let shelves = [("TEA".parse().unwrap(), shelf)].into();
        Node { store, eligibility: judged(Standing::Eligible), open_tasks: 3, recovering: false, shelves }
    };
    (0..count).map(node).collect()
}

fn decided(nodes: Vec<Node>) -> (Demand, FleetIndex, Decision) {
    let (demand, fleet) = (demand(), FleetIndex::of(nodes));
    let (policy, carriers) = (RoutingPolicy::default(), CarrierPolicy::default());
    let guide = Guide::of(&policy).with_carriers(&carriers);
    let decision = guide.route(&demand, &fleet, "d1".parse().unwrap(), demand.placed_at);
    (demand, fleet, decision)
}

fn known(kept: &Kept) -> impl Fn(&SeenKey) -> Option<KnownNode> {
    |key| {
        let seen = kept.nodes().iter().find(|seen| seen.key() == key)?;
        Some(serde_json::from_str(seen.text()).unwrap())
    }
}

#[test]
fn head_and_what_is_kept_make_the_decision_and_what_it_was_made_from() {
    let (demand, fleet, decision) = decided(nodes(3));
    let kept = keep(&demand, &fleet, &decision).unwrap();
    let (rungs, recorded) = Unpacked::of(kept.packed()).unwrap().complete(known(&kept));
    assert!(rungs.iter().any(|rung| rung.candidates.len() == 3), "{rungs:?}");
    let head = serde_json::to_string(&decision.head()).unwrap();
    let read: Decision = Decision { rungs, ..serde_json::from_str(&head).unwrap() };
    assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&decision).unwrap());
    assert_eq!((recorded.demand, recorded.unrecorded), (demand, 0));
    let as_they_were = nodes(3).into_iter().map(|mut node| {
        node.store.name.clear();
        node
    });
    assert_eq!(recorded.nodes, as_they_were.collect::<Vec<_>>());
}

#[test]
fn a_node_is_told_once_however_busy_it_becomes() {
    let (demand, mut fleet, decision) = decided(nodes(2));
    let before = keep(&demand, &fleet, &decision).unwrap();
    fleet.took_one(&"s0000".parse().unwrap());
    let after = keep(&demand, &fleet, &decision).unwrap();
    let keys = |kept: &Kept| kept.nodes().iter().map(|seen| *seen.key()).collect::<HashSet<_>>();
    assert_eq!((keys(&before).len(), keys(&before)), (2, keys(&after)));
    let (_, recorded) = Unpacked::of(after.packed()).unwrap().complete(known(&after));
    let open: Vec<u32> = recorded.nodes.iter().map(|node| node.open_tasks).collect();
    assert_eq!(open, [4, 3]);
    let other = decided(vec![Node { recovering: true, ..nodes(1).remove(0) }]);
    let other = keep(&other.0, &other.1, &other.2).unwrap();
    assert!(keys(&other).is_disjoint(&keys(&before)), "what is said of it is another thing");
}

#[test]
fn a_node_of_which_nothing_is_known_any_more_counts_as_not_recorded() {
    let (demand, fleet, decision) = decided(nodes(2));
    let kept = keep(&demand, &fleet, &decision).unwrap();
    let (_, recorded) = Unpacked::of(kept.packed()).unwrap().complete(|_| None);
    assert_eq!((recorded.nodes.len(), recorded.unrecorded), (0, 2));
}

#[test]
fn twenty_nodes_cost_few_bytes() {
    let (demand, fleet, decision) = decided(nodes(20));
    let kept = keep(&demand, &fleet, &decision).unwrap();
    let told = kept.nodes().iter().map(|seen| seen.text().len()).sum::<usize>();
    let plain = told + serde_json::to_string(&decision.rungs).unwrap().len();
    assert!(kept.packed().len() * 8 < plain, "{} of {plain}", kept.packed().len());
}

#[test]
fn what_is_kept_is_bounded_and_the_rest_is_counted() {
    let mut many = nodes(2_000);
    for node in &mut many {
        node.eligibility.reasons.push(Reason::new("disk", Standing::Suspect, "x".repeat(4_000)));
    }
    let (demand, fleet, decision) = decided(many);
    let kept = keep(&demand, &fleet, &decision).unwrap();
    let (_, recorded) = Unpacked::of(kept.packed()).unwrap().complete(known(&kept));
    let bytes = serde_json::to_vec(&recorded.nodes).unwrap().len();
    assert!(bytes <= DECISION_INPUT_BYTES_MAX && bytes > DECISION_INPUT_BYTES_MAX / 2, "{bytes}");
    assert_eq!(recorded.nodes.len() + usize::try_from(recorded.unrecorded).unwrap(), 2_000);
}

#[test]
fn a_note_of_the_customer_is_not_kept() {
    let (mut demand, fleet, decision) = decided(nodes(1));
    demand.note = Some("ring twice".to_owned());
    let kept = keep(&demand, &fleet, &decision).unwrap();
    assert_eq!(Unpacked::of(kept.packed()).unwrap().complete(known(&kept)).1.demand.note, None);
}
