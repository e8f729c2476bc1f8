//! Nodes as decisions of the last day knew them. A decision keeps only the nodes that it came to: where the
//! replay has to go on to others, they are as they were known last.

use crate::core::routing::decision::{Demand, Node, Recorded, Shelf};
use crate::core::routing::geo::distance_km;
use holdfast_shared::ids::{Sku, StoreId};
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};

/// Units by where they lay.
pub type Units = BTreeMap<(StoreId, Sku), i64>;

/// What was known longer ago tells nothing.
const LATELY_MS: i64 = 24 * 60 * 60 * 1_000;
/// As many as a decision lists of one rung, and some more.
const NEAREST_MAX: usize = 32;

#[derive(Debug)]
struct Seen {
    at: UtcMs,
    /// With the units that were given away until then put back.
    shelf: Shelf,
}

#[derive(Debug, Default)]
pub struct Known {
    nodes: BTreeMap<StoreId, Node>,
    shelves: BTreeMap<Sku, BTreeMap<StoreId, Seen>>,
}

impl Known {
    /// `gone`: what was given away until then.
    pub fn learn(&mut self, inputs: &Recorded, at: UtcMs, gone: &Units) {
        for node in &inputs.nodes {
            let store = &node.store.store;
            for (sku, shelf) in &node.shelves {
                let before = gone.get(&(store.clone(), sku.clone())).copied().unwrap_or(0);
                let shelf = Shelf { units: shelf.units.saturating_add(before), ..shelf.clone() };
                self.shelves.entry(sku.clone()).or_default().insert(store.clone(), Seen { at, shelf });
            }
            self.nodes.insert(store.clone(), Node { shelves: BTreeMap::new(), ..node.clone() });
        }
    }

    /// The nearest that have something of it and are not among these. `gone`: what is given away by now.
    #[must_use]
    pub fn beside(&self, these: &[Node], demand: &Demand, at: UtcMs, gone: &Units) -> Vec<Node> {
        let these: BTreeSet<&StoreId> = these.iter().map(|node| &node.store.store).collect();
        let fresh = |seen: &&Seen| at.since(seen.at) <= LATELY_MS;
        let holders = demand.lines.iter().filter_map(|line| self.shelves.get(&line.sku)).flatten();
        let stores: BTreeSet<&StoreId> = holders
            .filter(|(store, seen)| fresh(seen) && !these.contains(store))
            .map(|(store, _)| store)
            .collect();
        let mut near: Vec<(f64, &Node)> = stores
            .into_iter()
            .filter_map(|store| self.nodes.get(store))
            .map(|node| (distance_km(demand.destination, node.store.place), node))
            .collect();
        near.sort_by(|(one, a), (other, b)| {
            one.total_cmp(other).then_with(|| a.store.store.cmp(&b.store.store))
        });
        near.truncate(NEAREST_MAX);
        let stocked = |node: &Node| {
            let shelf = |sku: &Sku| {
                let Seen { shelf, .. } = self.shelves.get(sku)?.get(&node.store.store).filter(fresh)?;
                let gone = gone.get(&(node.store.store.clone(), sku.clone())).copied().unwrap_or(0);
                let units = shelf.units.saturating_sub(gone).max(0);
                Some((sku.clone(), Shelf { units, ..shelf.clone() }))
            };
            Node {
                shelves: demand.lines.iter().filter_map(|line| shelf(&line.sku)).collect(),
                ..node.clone()
            }
        };
        near.into_iter().map(|(_, node)| stocked(node)).collect()
    }
}
