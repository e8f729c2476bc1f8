//! What must hold of every decision.

use super::*;
use crate::core::routing::any_scene::any_scene;
use crate::core::routing::decision::Verdict;
use crate::core::routing::fetched::Fetched;
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::routing::rules::{RULES, Sieve};
use crate::core::routing::search::Search;
use crate::core::routing::test_scene::{Scene, decide};
use holdfast_shared::ids::Sku;
use holdfast_shared::time::UtcMs;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn plans(decision: &Decision) -> Vec<&Plan> {
    let chosen = match &decision.choice {
        Choice::Assign(plan) => Some(plan),
        Choice::Hold { .. } | Choice::Backorder { .. } => None,
    };
    chosen.into_iter().chain(decision.runner_up.as_ref()).collect()
}

fn node_of<'a>(scene: &'a Scene, store: &holdfast_shared::ids::StoreId) -> &'a Node {
    scene.nodes.iter().find(|node| node.store.store == *store).unwrap()
}

proptest! {
    #[test]
    fn who_is_chosen_may_have_it_and_can_take_it(scene in any_scene()) {
        let decision = decide(&scene);
        for plan in plans(&decision) {
            prop_assert!(!plan.parcels.is_empty());
            for parcel in &plan.parcels {
                let node = node_of(&scene, &parcel.store);
                prop_assert!(node.eligibility.standing != Standing::Ineligible);
                prop_assert!(!scene.demand.tried.contains(&parcel.store));
                prop_assert!(node.open_tasks < node.store.capacity_tasks);
                prop_assert!(!parcel.lines.is_empty());
            }
            if plan.parcels.len() > 1 {
                let all = scene.demand.sharing() + u32::try_from(plan.parcels.len()).unwrap();
                prop_assert!(all <= scene.policy.splits_max, "{} parcels", plan.parcels.len());
            }
        }
    }

    #[test]
    fn nobody_gives_more_than_lies_there(scene in any_scene()) {
        let decision = decide(&scene);
        for plan in plans(&decision) {
            for parcel in &plan.parcels {
                let mut given: BTreeMap<&Sku, i64> = BTreeMap::new();
                for line in &parcel.lines {
                    *given.entry(&line.sku).or_default() += line.quantity;
                }
                for (sku, units) in given {
                    let shelf = node_of(&scene, &parcel.store).shelves.get(sku);
                    prop_assert!(shelf.is_some_and(|shelf| shelf.units >= units), "{units} of {sku}");
                }
            }
        }
    }

    #[test]
    fn a_split_neither_loses_nor_invents_a_unit(scene in any_scene()) {
        let decision = decide(&scene);
        for plan in plans(&decision) {
            let mut left = scene.demand.clone();
            let asked: i64 = left.lines.iter().map(|line| line.quantity).sum();
            let mut given = 0;
            for parcel in &plan.parcels {
                for line in &parcel.lines {
                    let of = left.lines.iter().find(|wanted| wanted.line == line.line).unwrap();
                    prop_assert!(line.sku == of.sku && (1..=of.quantity).contains(&line.quantity));
                    given += line.quantity;
                }
                left.take(&parcel.lines);
            }
            let open: i64 = left.lines.iter().map(|line| line.quantity).sum();
            prop_assert_eq!(given + open, asked);
            let mut stores: Vec<_> = plan.parcels.iter().map(|parcel| &parcel.store).collect();
            stores.dedup();
            prop_assert_eq!(stores.len(), plan.parcels.len(), "one parcel a store");
        }
    }

    #[test]
    fn plan_b_leaves_out_the_first_node(scene in any_scene()) {
        let decision = decide(&scene);
        if let (Choice::Assign(plan), Some(other)) = (&decision.choice, &decision.runner_up) {
            prop_assert!(other.parcels.iter().all(|parcel| parcel.store != plan.parcels[0].store));
        }
    }

    #[test]
    fn a_suspect_is_chosen_only_when_no_eligible_node_could_take_it(scene in any_scene()) {
        let suspect_chosen = match &decide(&scene).choice {
            Choice::Assign(plan) => plan.parcels.iter().any(|parcel| {
                node_of(&scene, &parcel.store).eligibility.standing == Standing::Suspect
            }),
            Choice::Hold { .. } | Choice::Backorder { .. } => false,
        };
        if suspect_chosen {
            let mut without = scene;
            without.nodes.retain(|node| node.eligibility.standing == Standing::Eligible);
            let nobody = matches!(decide(&without).choice, Choice::Backorder { .. });
            prop_assert!(nobody);
        }
    }

    #[test]
    fn a_nearer_node_is_not_passed_over_without_a_reason_on_record(
        scene in any_scene(), nearer in 0.0..1.0_f64
    ) {
        // A twin of the chosen node, nearer and with a name that is last among equals.
        let Choice::Assign(plan) = decide(&scene).choice else { return Ok(()) };
        prop_assume!(plan.parcels.len() == 1);
        let mut twin = node_of(&scene, &plan.parcels[0].store).clone();
        let here = twin.store.place.longitude;
        prop_assume!(here > 0.01);
        twin.store.store = "twin".parse().unwrap();
        twin.store.place.longitude = here * nearer * 0.99;
        let mut with = scene;
        with.nodes.push(twin);
        let decision = decide(&with);
        let Choice::Assign(now) = &decision.choice else { panic!("somebody can take it") };
        let reason = decision.rungs.iter().flat_map(|rung| &rung.candidates).any(|candidate| {
            candidate.store.as_str() == "twin" && matches!(candidate.verdict, Verdict::Refused { .. })
        });
        prop_assert!(now.parcels[0].store != plan.parcels[0].store || reason, "{now:?}");
    }

    #[test]
    fn every_refusal_has_its_rule_and_words(scene in any_scene()) {
        for candidate in decide(&scene).rungs.iter().flat_map(|record| &record.candidates) {
            if let Verdict::Refused { rule, words } = &candidate.verdict {
                prop_assert!(!rule.is_empty() && !words.to_string().is_empty());
            }
        }
    }

    #[test]
    fn every_node_is_told_or_counted_on_every_rung(scene in any_scene(), told in 1_usize..5) {
        let mut scene = scene;
        scene.policy.candidates_told_max = told;
        for rung in decide(&scene).rungs {
            let counted: u32 = rung.left_out.values().sum();
            prop_assert_eq!(rung.candidates.len() + usize::try_from(counted).unwrap(), scene.nodes.len());
        }
    }

    #[test]
    fn who_is_clear_is_refused_by_no_rule_that_spares_the_clear(scene in any_scene(), recovers in 0_usize..9) {
        let mut nodes = scene.nodes.clone();
        nodes.iter_mut().skip(recovers).take(1).for_each(|node| node.recovering = true);
        let fleet = FleetIndex::of(nodes);
        let search = Search::of(&scene.demand, &fleet, &scene.policy, None, scene.now);
        for (rung, number) in scene.policy.ladder.iter().flat_map(|rung| (0..fleet.len()).map(move |n| (rung, n))) {
            let (ask, mut room) = (search.ask(rung, false), Fetched::default());
            let seen = search.see(number, &mut room).unwrap();
            let spares = RULES.iter().filter(|rule| rule.spares_the_clear());
            let refused = spares.into_iter().find(|rule| rule.refuses(&ask, &seen));
            prop_assert_eq!(seen.glance.for_kind(scene.demand.kind).clear, refused.is_none(), "{:?}", refused);
        }
    }

    #[test]
    fn who_is_not_looked_at_beyond_the_edge_would_be_refused_for_the_distance(
        scene in any_scene(), fed in prop::option::of(0_u32..8)
    ) {
        let mut scene = scene;
        scene.demand.feeds = fed.map(|n| format!("s{n}").parse().unwrap());
        let fleet = FleetIndex::of(scene.nodes.clone());
        let search = Search::of(&scene.demand, &fleet, &scene.policy, None, scene.now);
        for rung in &scene.policy.ladder {
            let ask = search.ask(rung, false);
            let sieve = Sieve::of(&ask);
            let end = Search::end(&ask, &sieve);
            for number in 0..fleet.len() {
                let mut room = Fetched::default();
                let seen = search.see(number, &mut room).unwrap();
                if search.is_beyond(end, seen.glance, seen.chord_squared) {
                    let refused = sieve.refused(&ask, &seen);
                    prop_assert_eq!(refused.map(|no| no.rule.name()), Some("radius"));
                }
            }
        }
    }

    #[test]
    fn the_order_of_nodes_and_lines_decides_nothing(scene in any_scene()) {
        let forward = decide(&scene);
        let mut turned = scene;
        turned.nodes.reverse();
        prop_assert_eq!(forward, decide(&turned));
    }

    #[test]
    fn another_input_has_another_hash(scene in any_scene(), at in 1_usize..6) {
        let was = decide(&scene).hash;
        let mut other = scene;
        match at {
            1 => other.demand.lines[0].quantity += 1,
            2 => other.policy.splits_max += 1,
            3 => other.demand.destination.latitude += 0.1,
            4 if !other.nodes.is_empty() => other.nodes[0].open_tasks += 1,
            5 if !other.nodes.is_empty() => {
                let sku = other.demand.lines[0].sku.clone();
                other.nodes[0].shelves.entry(sku).or_default().units += 1;
            }
            _ => other.demand.assignments += 1,
        }
        prop_assert_ne!(was, decide(&other).hash);
    }
}

#[test]
fn what_was_taken_is_seen_by_the_next_decision_and_its_hash() {
    let scene = Scene::parse("line A 1\nstore one 3 load=3/4 A=9\nstore two 5 A=9\n");
    let guide = Guide::of(&scene.policy);
    let mut fleet = FleetIndex::of(scene.nodes.clone());
    let first = guide.route(&scene.demand, &fleet, "d1".parse().unwrap(), UtcMs(0));
    fleet.took_one(&"one".parse().unwrap());
    let second = guide.route(&scene.demand, &fleet, "d1".parse().unwrap(), UtcMs(0));
    assert!(first.words.starts_with("one takes") && second.words.starts_with("two takes"));
    let mut fresh = scene.clone();
    fresh.nodes[0].open_tasks += 1;
    assert_eq!(second, decide(&fresh), "as if made anew");
    assert_ne!(first.hash, second.hash);
}
