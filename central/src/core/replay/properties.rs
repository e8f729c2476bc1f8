//! What holds of every replay, whatever the orders, the stores and the policies.

use super::case::Sent;
use super::ledger::Ledger;
use super::record::Picks;
use super::sequence::{Moment, World};
use super::test_scene::{Day, replay};
use crate::core::carriers::CarrierPolicy;
use crate::core::routing::Guide;
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::routing::policy::RoutingPolicy;
use holdfast_shared::ids::{Sku, StoreId};
use proptest::prelude::*;
use std::collections::BTreeMap;

const SKUS: [&str; 2] = ["TEA", "MUG"];

/// Stores on a road, orders along it; who declines is drawn too.
fn a_day() -> impl Strategy<Value = Day> {
    let store = (1_u32..150, 0_i64..6, 0_i64..6);
    let order = (0_u32..140, 0_i64..4, 0_i64..3, any::<bool>(), prop::option::of(0_usize..5));
    (prop::collection::vec(store, 1..5), prop::collection::vec(order, 1..12)).prop_map(|(stores, orders)| {
        let mut text = String::new();
        for (number, (km, tea, mug)) in stores.iter().enumerate() {
            text.push_str(&format!("store s{number} {km} TEA={tea} MUG={mug}\n"));
        }
        for (number, (km, tea, mug, promised, declines)) in orders.iter().enumerate() {
            let goods: Vec<String> = [("TEA", *tea), ("MUG", *mug)]
                .iter()
                .filter(|(_, units)| *units > 0)
                .map(|(sku, units)| format!("{sku}={units}"))
                .collect();
            if goods.is_empty() {
                continue;
            }
            let promise = if *promised { " promised=2" } else { "" };
            text.push_str(&format!(
                "order o{number:02} 08:{number:02} {} at={km}{promise}\n",
                goods.join(" ")
            ));
            if let Some(store) = declines {
                text.push_str(&format!("declines o{number:02} s{store}\n"));
            }
        }
        Day::parse(&text)
    })
}

fn a_policy() -> impl Strategy<Value = RoutingPolicy> {
    (1_u32..4, 0_u32..200, 0_u32..200, 20_u32..400).prop_map(|(splits_max, load, depth, radius)| {
        let mut policy = RoutingPolicy { name: "candidate".into(), splits_max, ..RoutingPolicy::default() };
        for rung in &mut policy.ladder {
            (rung.weights.load, rung.weights.depth) = (f64::from(load), f64::from(depth));
            rung.radius_km = rung.radius_km.map(|_| f64::from(radius));
        }
        policy
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_policy_that_is_the_reference_changes_nothing(day in a_day()) {
        let report = day.replayed(&day.reference);
        prop_assert_eq!(report.record.as_decided, report.record.decisions);
        for answer in [&report.alone, &report.sequence] {
            prop_assert_eq!(answer.changed, 0);
            prop_assert!(answer.most_changed.is_empty());
            for row in &answer.score {
                prop_assert_eq!(row.candidate, row.reference);
                prop_assert!(row.difference.is_none_or(|difference| difference == 0.0), "{:?}", row);
            }
        }
    }

    #[test]
    fn the_same_record_gives_the_same_bytes(day in a_day(), policy in a_policy()) {
        let (pasts, mut picks) = day.lived();
        let first = serde_json::to_vec(&replay(&pasts, picks.clone(), &policy, &day.reference)).unwrap();
        picks.reverse();
        let kept: Vec<_> = pasts.iter().map(|past| {
            let mut kept = past.clone();
            // In whatever order nodes were kept.
            kept.inputs.iter_mut().for_each(|inputs| inputs.nodes.reverse());
            kept
        }).collect();
        let again = serde_json::to_vec(&replay(&kept, picks, &policy, &day.reference)).unwrap();
        prop_assert_eq!(first, again);
    }

    #[test]
    fn the_replayed_world_gives_away_no_more_than_there_was(day in a_day(), policy in a_policy()) {
        let (pasts, picks) = day.lived();
        let picks = Picks::of(picks);
        let carriers = CarrierPolicy::default();
        let guide = Guide::of(&policy).with_carriers(&carriers);
        let (mut world, mut ledger) = (World::default(), Ledger::default());
        for past in &pasts {
            let inputs = past.inputs.as_ref().unwrap();
            let fleet = FleetIndex::of(inputs.nodes.clone());
            ledger.before(past);
            world.play(Moment { past, inputs, fleet: &fleet, ledger: &ledger, picks: &picks }, &guide);
            ledger.after(past);
        }
        let cases = world.cases();
        let mut given: BTreeMap<(StoreId, Sku), i64> = BTreeMap::new();
        for order in &day.orders {
            let case = &cases[&order.order];
            prop_assert!(case.sent.iter().map(Sent::units).sum::<i64>() <= case.units, "{:?}", case);
            for line in &order.lines {
                for sent in &case.sent {
                    let units = sent.lines.get(&line.line).copied().unwrap_or(0);
                    *given.entry((sent.store.clone(), line.sku.clone())).or_default() += units;
                }
            }
        }
        for node in &day.nodes {
            for sku in SKUS {
                let key = (node.store.store.clone(), sku.parse::<Sku>().unwrap());
                let there = node.shelves[&key.1].units;
                prop_assert!(given.get(&key).copied().unwrap_or(0) <= there, "{:?} of {there}", key);
            }
        }
    }
}
