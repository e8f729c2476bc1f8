//! Rungs that ask regions in which nobody is.

use super::{Advice, Landscape, Weight, advice, rungs};
use crate::core::routing::policy::Regions;
use crate::core::steering::Steering;
use holdfast_shared::ids::RegionId;
use std::collections::BTreeSet;

/// Stores that one word of advice names.
const NAMES_MAX: usize = 3;

pub(super) fn regions_of_nobody(steering: &Steering, land: &Landscape, found: &mut Vec<Advice>) {
    let peopled: BTreeSet<&RegionId> =
        land.places.iter().filter_map(|place| place.store.region.as_ref()).collect();
    for (at, rung) in rungs(steering) {
        let at = format!("{at}[{}].region", rung.name);
        match &rung.region {
            Regions::Any => {}
            // A chain without regions does without this rung, and means to.
            Regions::Same if peopled.is_empty() => {}
            Regions::Same => {
                let nowhere = land
                    .places
                    .iter()
                    .map(|place| &place.store)
                    .filter(|store| store.region.is_none() && rung.kinds.contains(&store.kind));
                let names: Vec<&str> = nowhere.map(|store| store.store.as_str()).take(NAMES_MAX).collect();
                if !names.is_empty() {
                    found.push(advice(
                        Weight::Note,
                        at,
                        format!("{} lie in no region, and it never asks them", names.join(", ")),
                        "say with each store in which region it lies",
                    ));
                }
            }
            Regions::Named(names) if names.iter().any(|name| peopled.contains(name)) => {}
            Regions::Named(names) => {
                let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
                found.push(advice(
                    Weight::Wrong,
                    at,
                    format!("no node lies in {}, so this rung never serves an order", names.join(" or ")),
                    "check the names, or take the rung out",
                ));
            }
        }
    }
}
