//! Small fleets and orders by chance.

use super::decision::{DemandLine, Node};
use super::test_scene::{Scene, judged, km_east, node};
use crate::core::eligibility::Standing;
use holdfast_shared::ids::LineNo;
use proptest::prelude::*;

fn any_node() -> impl Strategy<Value = Node> {
    let standing = prop::sample::select(&Standing::ALL);
    let stock = prop::collection::btree_map(prop::sample::select(&["A", "B", "C", "D"]), 0_i64..6, 0..=4);
    (0_u32..8, 0.0..400.0_f64, standing, 0_u32..5, any::<bool>(), stock).prop_map(
        |(n, km, standing, open, centre, stock)| {
            let mut words = vec![format!("s{n}"), String::from("0")];
            words.extend(centre.then(|| String::from("dc")));
            words.extend(stock.into_iter().map(|(sku, units)| format!("{sku}={units}")));
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let mut node = node(&words);
            node.store.place = km_east(km);
            node.store.capacity_tasks = 4;
            node.open_tasks = open;
            node.eligibility = judged(standing);
            node
        },
    )
}

pub(super) fn any_scene() -> impl Strategy<Value = Scene> {
    let lines = prop::collection::vec((prop::sample::select(&["A", "B", "C", "D"]), 1_i64..5), 1..=4);
    let nodes = prop::collection::vec(any_node(), 0..8);
    let tried = prop::collection::btree_set(0_u32..8, 0..2);
    (lines, nodes, tried, 0_u32..5).prop_map(|(lines, mut nodes, tried, assignments)| {
        nodes.sort_by(|one, other| one.store.store.cmp(&other.store.store));
        nodes.dedup_by(|one, other| one.store.store == other.store.store);
        let mut scene = Scene::default();
        scene.demand.tried = tried.into_iter().map(|n| format!("s{n}").parse().unwrap()).collect();
        scene.demand.assignments = assignments;
        let line = |((sku, quantity), line): ((&str, i64), u32)| DemandLine {
            line: LineNo(line),
            sku: sku.parse().unwrap(),
            quantity,
        };
        scene.demand.lines = lines.into_iter().zip(1..).map(line).collect();
        scene.nodes = nodes;
        scene
    })
}
