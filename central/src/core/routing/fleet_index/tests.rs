use super::*;
use crate::core::eligibility::Eligibility;
use crate::core::fleet::Place;
use crate::core::routing::geo::distance_km;
use crate::core::routing::test_scene::Scene;
use crate::core::test_support::store;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn node_at(n: usize, latitude: f64, longitude: f64, kind: StoreKind) -> Node {
    let mut store = store(&format!("s{n}"));
    (store.place, store.kind) = (Place { latitude, longitude }, kind);
    let shelves = BTreeMap::from([("A".parse().unwrap(), Shelf { units: 1, ..Shelf::default() })]);
    Node { store, eligibility: Eligibility::unknown(), open_tasks: 0, recovering: false, shelves }
}

fn anywhere() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![
        (-90.0..=90.0_f64, -180.0..=180.0_f64),
        // Crowded places, the poles and the date line, where mistakes would be.
        (50.0..52.0_f64, -2.0..2.0_f64),
        (85.0..=90.0_f64, -180.0..=180.0_f64),
        (-1.0..1.0_f64, prop_oneof![-180.0..-178.0_f64, 178.0..=180.0_f64]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nobody_within_reach_is_missed(
        places in prop::collection::vec(anywhere(), 1..40),
        middle in anywhere(),
        radius_km in 1.0..3_000.0_f64,
    ) {
        let nodes: Vec<Node> = places
            .iter()
            .enumerate()
            .map(|(n, (latitude, longitude))| {
                let kind = if n % 7 == 0 { StoreKind::DistributionCentre } else { StoreKind::Store };
                node_at(n, *latitude, *longitude, kind)
            })
            .collect();
        let mut scene = Scene::default();
        scene.demand.destination = Place { latitude: middle.0, longitude: middle.1 };
        let kinds = BTreeSet::from(StoreKind::ALL);
        let rung = Rung { radius_km: Some(radius_km), kinds, ..Rung::default() };
        let index = FleetIndex::of(nodes.clone());
        let reached: Vec<NodeNo> = index.reach(&scene.demand, &rung, None).into_iter().flatten().collect();
        let names: BTreeSet<&StoreId> =
            reached.iter().map(|number| &index.node(*number).unwrap().store.store).collect();
        prop_assert_eq!(names.len(), reached.len(), "each once");
        for node in &nodes {
            let near = distance_km(node.store.place, scene.demand.destination) <= radius_km;
            if near || node.store.kind.reaches_everywhere(scene.demand.kind) {
                prop_assert!(names.contains(&node.store.store), "{:?} of {middle:?}", node.store.place);
            }
        }
    }
}

#[test]
fn a_rung_with_a_radius_looks_at_few() {
    let nodes = (0..1_000_u16).map(|n| {
        let (row, column) = (f64::from(n / 100), f64::from(n % 100));
        node_at(usize::from(n), 40.0 + row, column, StoreKind::Store)
    });
    let index = FleetIndex::of(nodes.collect());
    let mut scene = Scene::default();
    scene.demand.destination = Place { latitude: 45.0, longitude: 50.0 };
    let kinds = BTreeSet::from([StoreKind::Store]);
    let rung = Rung { radius_km: Some(150.0), kinds, ..Rung::default() };
    let looked: usize = index.reach(&scene.demand, &rung, None).iter().map(ExactSizeIterator::len).sum();
    assert!((5..20).contains(&looked), "{looked} of {}", index.len());
}

#[test]
fn stock_that_comes_later_is_found_like_stock_that_was_there() {
    let mut nodes: Vec<Node> = (0..9)
        .map(|n| node_at(n, 50.0, 9.0 - f64::from(u8::try_from(n).unwrap()), StoreKind::Store))
        .collect();
    let there = FleetIndex::of(nodes.clone());
    nodes.iter_mut().for_each(|node| node.shelves.clear());
    let mut later = FleetIndex::of(nodes);
    let sku: Sku = "A".parse().unwrap();
    assert!(later.holders(&sku).of(3).is_none());
    let shelf = |n: usize| (store(&format!("s{n}")).store, Shelf { units: 1, ..Shelf::default() });
    later.stock(sku.clone(), (0..9).map(shelf).chain([shelf(77)]));
    assert_eq!(later.holders(&sku).digest(), there.holders(&sku).digest());
    later.stock(sku.clone(), [shelf(4)]);
    let found: Vec<NodeNo> = (0..9).filter(|number| later.holders(&sku).of(*number).is_some()).collect();
    let name = |number: &NodeNo| later.node(*number).unwrap().store.store.to_string();
    assert_eq!(found.iter().map(name).collect::<Vec<_>>(), ["s4"]);
    assert_ne!(later.holders(&sku).digest(), there.holders(&sku).digest());
}
