//! Golden scenarios: text in, text out (`golden/*.txt`), and what must hold of every decision.

use super::*;
use crate::core::eligibility::{Eligibility, Reason};
use crate::core::fleet::{Place, StoreKind};
use crate::core::routing::policy::RoutingPolicy;
use crate::core::test_support::{store, tenant};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{LineNo, Sku};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write;

struct Scene {
    demand: Demand,
    nodes: Vec<Node>,
    policy: RoutingPolicy,
}

fn demand() -> Demand {
    Demand {
        tenant: tenant(),
        order: "o1".parse().unwrap(),
        kind: FulfilmentKind::Ship,
        destination: Place { latitude: 0.0, longitude: 0.0 },
        pickup_store: None,
        lines: Vec::new(),
        promise_by: None,
        note: None,
        tried: BTreeSet::new(),
        declined: BTreeSet::new(),
        assignments: 0,
    }
}

fn judged(standing: Standing) -> Eligibility {
    let reasons = match standing {
        Standing::Eligible => vec![],
        Standing::Suspect | Standing::Ineligible => {
            vec![Reason { signal: String::from("uplink"), standing, words: String::from("silent") }]
        }
    };
    let kinds = match standing {
        Standing::Eligible | Standing::Suspect => FulfilmentKind::ALL.into_iter().collect(),
        Standing::Ineligible => BTreeSet::new(),
    };
    Eligibility { standing, kinds, reasons, physically_open: true, fail_over: false }
}

/// East of the origin, where a degree is 111.195 km.
fn km_east(km: f64) -> Place {
    Place { latitude: 0.0, longitude: km / 111.195 }
}

/// `store NAME KM WORD... SKU=UNITS...`, the words being a standing, `dc`, or `load=OPEN/CAPACITY`.
fn node(words: &[&str]) -> Node {
    let [name, km, rest @ ..] = words else { panic!("store NAME KM ...") };
    let mut node = Node {
        store: store(name),
        eligibility: judged(Standing::Eligible),
        open_tasks: 0,
        recovering: false,
        available: BTreeMap::new(),
    };
    node.store.place = km_east(km.parse().unwrap());
    for word in rest {
        match (*word, word.split_once('=')) {
            ("eligible", _) => {}
            ("recovering", _) => node.recovering = true,
            ("suspect", _) => node.eligibility = judged(Standing::Suspect),
            ("ineligible", _) => node.eligibility = judged(Standing::Ineligible),
            ("dc", _) => node.store.kind = StoreKind::DistributionCentre,
            ("noship", _) => node.store.fulfils = BTreeSet::from([FulfilmentKind::Pickup]),
            (_, Some(("load", load))) => {
                let (open, capacity) = load.split_once('/').unwrap();
                node.open_tasks = open.parse().unwrap();
                node.store.capacity_tasks = capacity.parse().unwrap();
            }
            (_, Some((sku, units))) => {
                node.available.insert(sku.parse().unwrap(), units.parse().unwrap());
            }
            (other, None) => panic!("unknown word {other}"),
        }
    }
    node
}

fn parse(text: &str) -> Scene {
    let mut scene = Scene { demand: demand(), nodes: Vec::new(), policy: RoutingPolicy::default() };
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["line", sku, quantity] => {
                let number = u32::try_from(scene.demand.lines.len()).unwrap() + 1;
                scene.demand.lines.push(DemandLine {
                    line: LineNo(number),
                    sku: sku.parse().unwrap(),
                    quantity: quantity.parse().unwrap(),
                });
            }
            ["pickup", chosen] => {
                scene.demand.kind = FulfilmentKind::Pickup;
                scene.demand.pickup_store = Some(chosen.parse().unwrap());
            }
            ["tried", rest @ ..] => scene.demand.tried.extend(rest.iter().map(|name| name.parse().unwrap())),
            ["declined", rest @ ..] => {
                let names: BTreeSet<holdfast_shared::ids::StoreId> =
                    rest.iter().map(|name| name.parse().unwrap()).collect();
                scene.demand.tried.extend(names.iter().cloned());
                scene.demand.declined.extend(names);
            }
            ["assignments", count] => scene.demand.assignments = count.parse().unwrap(),
            ["splits_max", count] => scene.policy.splits_max = count.parse().unwrap(),
            ["told_max", count] => scene.policy.candidates_told_max = count.parse().unwrap(),
            ["store", rest @ ..] => scene.nodes.push(node(rest)),
            other => panic!("unknown line {other:?}"),
        }
    }
    scene
}

fn decide(scene: &Scene) -> Decision {
    route(&scene.demand, &scene.nodes, &scene.policy, "d1".parse().unwrap(), UtcMs(0))
}

fn render(decision: &Decision) -> String {
    let mut text = String::new();
    for record in &decision.rungs {
        for candidate in &record.candidates {
            let verdict = match &candidate.verdict {
                Verdict::Refused { rule, words } => format!("no, {rule}: {words}"),
                Verdict::Scored { score, .. } => format!("yes, {score:.1}"),
            };
            writeln!(
                text,
                "[{}] {} ({:.0} km): {verdict}",
                record.rung, candidate.store, candidate.distance_km
            )
            .unwrap();
        }
        if !record.left_out.is_empty() {
            writeln!(text, "[{}] left out: {:?}", record.rung, record.left_out).unwrap();
        }
    }
    if let Choice::Assign { lines, .. } = &decision.choice {
        let lines: Vec<String> = lines.iter().map(|l| format!("{} x{}", l.sku, l.quantity)).collect();
        writeln!(text, "lines: {}", lines.join(", ")).unwrap();
    }
    text + &decision.words + "\n"
}

#[test]
fn golden_scenarios_decide_as_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core/routing/golden");
    let rewrite = std::env::var_os("HOLDFAST_REWRITE_GOLDEN").is_some();
    let mut seen = 0;
    let mut wrong = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (scene, expected) = text.split_once("---\n").unwrap();
        let got = render(&decide(&parse(scene)));
        if rewrite {
            std::fs::write(&path, format!("{scene}---\n{got}")).unwrap();
        } else if got != expected {
            writeln!(wrong, "{}:\nexpected\n{expected}\ngot\n{got}", path.display()).unwrap();
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen >= 15, "{seen} scenarios");
}

fn any_node() -> impl Strategy<Value = Node> {
    let standing = prop::sample::select(&Standing::ALL);
    let stock = prop::collection::btree_map(prop::sample::select(&["A", "B", "C"]), 0_i64..6, 0..=3);
    (0_u32..8, 0.0..400.0_f64, standing, 0_u32..5, any::<bool>(), stock).prop_map(
        |(n, km, standing, open, centre, stock)| {
            let mut node = node(&[&format!("s{n}"), "0"]);
            node.store.place = km_east(km);
            node.store.capacity_tasks = 4;
            node.open_tasks = open;
            if centre {
                node.store.kind = StoreKind::DistributionCentre;
            }
            node.eligibility = judged(standing);
            node.available = stock.into_iter().map(|(sku, units)| (Sku::new(sku).unwrap(), units)).collect();
            node
        },
    )
}

fn any_scene() -> impl Strategy<Value = Scene> {
    let lines = prop::collection::btree_map(prop::sample::select(&["A", "B", "C"]), 1_i64..5, 1..=3);
    let nodes = prop::collection::vec(any_node(), 0..8);
    let tried = prop::collection::btree_set(0_u32..8, 0..2);
    (lines, nodes, tried, 0_u32..5).prop_map(|(lines, mut nodes, tried, assignments)| {
        nodes.sort_by(|one, other| one.store.store.cmp(&other.store.store));
        nodes.dedup_by(|one, other| one.store.store == other.store.store);
        let mut demand = demand();
        demand.tried = tried.into_iter().map(|n| format!("s{n}").parse().unwrap()).collect();
        demand.assignments = assignments;
        demand.lines = lines
            .into_iter()
            .zip(1..)
            .map(|((sku, quantity), line)| DemandLine {
                line: LineNo(line),
                sku: sku.parse().unwrap(),
                quantity,
            })
            .collect();
        Scene { demand, nodes, policy: RoutingPolicy::default() }
    })
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene").field("demand", &self.demand).field("nodes", &self.nodes).finish()
    }
}

proptest! {
    #[test]
    fn the_chosen_node_may_have_it_and_can_take_it(scene in any_scene()) {
        let decision = decide(&scene);
        if let Choice::Assign { store, lines, .. } = &decision.choice {
            let node = scene.nodes.iter().find(|node| node.store.store == *store).unwrap();
            prop_assert!(node.eligibility.standing != Standing::Ineligible);
            prop_assert!(!scene.demand.tried.contains(store));
            prop_assert!(node.open_tasks < node.store.capacity_tasks);
            prop_assert!(!lines.is_empty());
            for line in lines {
                prop_assert!(scene.demand.lines.contains(line));
                prop_assert!(node.available.get(&line.sku).is_some_and(|units| *units >= line.quantity));
            }
            if lines.len() < scene.demand.lines.len() {
                prop_assert!(scene.demand.sharing() < scene.policy.splits_max);
            }
        }
    }

    #[test]
    fn a_suspect_is_chosen_only_when_no_eligible_node_could_take_it(scene in any_scene()) {
        let suspect_chosen = |decision: &Decision| match &decision.choice {
            Choice::Assign { store, .. } => scene.nodes.iter().any(|node| {
                node.store.store == *store && node.eligibility.standing == Standing::Suspect
            }),
            Choice::Backorder { .. } => false,
        };
        if suspect_chosen(&decide(&scene)) {
            let mut nodes = scene.nodes.clone();
            nodes.retain(|node| node.eligibility.standing == Standing::Eligible);
            let without = decide(&Scene { nodes, demand: scene.demand.clone(), policy: scene.policy.clone() });
            let nobody = matches!(without.choice, Choice::Backorder { .. });
            prop_assert!(nobody);
        }
    }

    #[test]
    fn every_refusal_has_its_rule_and_words(scene in any_scene()) {
        for candidate in decide(&scene).rungs.iter().flat_map(|record| &record.candidates) {
            if let Verdict::Refused { rule, words } = &candidate.verdict {
                prop_assert!(!rule.is_empty() && !words.is_empty());
            }
        }
    }

    #[test]
    fn the_order_of_the_nodes_decides_nothing(scene in any_scene()) {
        let forward = decide(&scene);
        let mut nodes = scene.nodes.clone();
        nodes.reverse();
        prop_assert_eq!(forward, decide(&Scene { nodes, demand: scene.demand, policy: scene.policy }));
    }
}
