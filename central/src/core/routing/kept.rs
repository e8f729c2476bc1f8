//! What is kept of a decision beside its head: whom it looked at and with which verdict, and what it was made from.
//! Packed, for nodes say much that is alike; what a node is stands once, for all decisions that looked at it. It is
//! the larger part of what one order costs the disk.

use super::beside::{Kept, SeenKey};
use super::decision::{Choice, Decision, Demand, Recorded, RungRecord, Shelf};
use super::fleet_index::FleetIndex;
use super::seen::KnownNode;
use holdfast_shared::ids::{Sku, StoreId};
use holdfast_shared::limits::{DECISION_INPUT_BYTES_MAX, DECISION_KEPT_BYTES_MAX};
use holdfast_shared::packed::{pack_bytes, unpack_bytes};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

#[derive(Serialize)]
struct Whole<'a> {
    rungs: &'a [RungRecord],
    demand: &'a Demand,
    nodes: Vec<Looked<'a>>,
    unrecorded: u32,
}

/// A node as one decision found it.
#[derive(Serialize)]
struct Looked<'a> {
    node: &'a SeenKey,
    open_tasks: u32,
    shelves: BTreeMap<&'a Sku, Shelf>,
}

/// None of what has no text, or too much of it.
#[must_use]
pub fn keep(demand: &Demand, fleet: &FleetIndex, decision: &Decision) -> Option<Kept> {
    // A note is the customer's, and no rule reads it.
    let demand = match demand.note {
        Some(_) => Cow::Owned(Demand { note: None, ..demand.clone() }),
        None => Cow::Borrowed(demand),
    };
    let mut room = DECISION_INPUT_BYTES_MAX.saturating_sub(length(&*demand));
    let (mut nodes, mut looked, mut named) = (Vec::new(), Vec::new(), BTreeSet::new());
    for store in told(decision) {
        if !named.insert(store) {
            continue;
        }
        let Some((node, seen)) = fleet.seen(store) else { continue };
        let shelf = |sku| Some((sku, fleet.shelf(store, sku)?));
        let shelves = demand.lines.iter().filter_map(|line| shelf(&line.sku)).collect();
        let one = Looked { node: seen.key(), open_tasks: node.open_tasks, shelves };
        let needed = seen.text().len().saturating_add(length(&one));
        let Some(left) = room.checked_sub(needed) else { break };
        room = left;
        looked.push(one);
        nodes.push(Arc::clone(seen));
    }
    let unrecorded = u32::try_from(fleet.len().saturating_sub(nodes.len())).unwrap_or(u32::MAX);
    let whole = Whole { rungs: &decision.rungs, demand: &demand, nodes: looked, unrecorded };
    let text = serde_json::to_string(&whole).ok().filter(|text| text.len() <= DECISION_KEPT_BYTES_MAX)?;
    Some(Kept::new(pack_bytes(&text).ok()?, nodes))
}

/// The same, read again.
#[derive(Debug, Deserialize)]
pub struct Unpacked {
    rungs: Vec<RungRecord>,
    demand: Demand,
    nodes: Vec<Found>,
    unrecorded: u32,
}

#[derive(Debug, Deserialize)]
struct Found {
    node: SeenKey,
    open_tasks: u32,
    shelves: BTreeMap<Sku, Shelf>,
}

impl Unpacked {
    pub fn of(packed: &[u8]) -> io::Result<Self> {
        Ok(serde_json::from_str(&unpack_bytes(packed, DECISION_KEPT_BYTES_MAX)?)?)
    }

    #[must_use]
    pub fn into_rungs(self) -> Vec<RungRecord> {
        self.rungs
    }

    pub fn nodes(&self) -> impl Iterator<Item = &SeenKey> {
        self.nodes.iter().map(|found| &found.node)
    }

    /// With what is known of those nodes. One of which nothing is known counts as not recorded.
    pub fn complete(self, known: impl Fn(&SeenKey) -> Option<KnownNode>) -> (Vec<RungRecord>, Recorded) {
        let Self { rungs, demand, nodes, mut unrecorded } = self;
        let mut complete = Vec::with_capacity(nodes.len());
        for Found { node, open_tasks, shelves } in nodes {
            match known(&node) {
                Some(node) => complete.push(node.with(open_tasks, shelves)),
                None => unrecorded = unrecorded.saturating_add(1),
            }
        }
        (rungs, Recorded { demand, nodes: complete, unrecorded })
    }
}

impl Decision {
    /// Without what is kept beside it.
    #[must_use]
    pub fn head(&self) -> Self {
        let Self { decision, order, at, policy, hash, demand, rungs: _, inputs: _, .. } = self;
        let Self { choice, runner_up, gather, missed, words, .. } = self;
        Self {
            decision: decision.clone(),
            order: order.clone(),
            at: *at,
            policy: policy.clone(),
            hash: hash.clone(),
            demand: demand.clone(),
            rungs: Vec::new(),
            choice: choice.clone(),
            runner_up: runner_up.clone(),
            gather: gather.clone(),
            missed: missed.clone(),
            words: words.clone(),
            inputs: None,
        }
    }
}

/// As it is stored, counted and not written. What has no text would not be stored either.
fn length(value: &impl Serialize) -> usize {
    let mut counted = Counted(0);
    serde_json::to_writer(&mut counted, value).map_or(usize::MAX, |()| counted.0)
}

struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whom a decision names, the most telling first.
fn told(decision: &Decision) -> impl Iterator<Item = &StoreId> {
    let (plan, held) = match &decision.choice {
        Choice::Assign(plan) => (Some(plan), None),
        Choice::Hold { store, .. } => (None, Some(store)),
        Choice::Backorder { .. } => (None, None),
    };
    let plans = plan.into_iter().chain(&decision.runner_up);
    let chosen = plans.flat_map(|plan| plan.parcels.iter().map(|parcel| &parcel.store));
    let missed = decision.missed.as_ref().map(|missed| &missed.store);
    let listed = decision.rungs.iter().flat_map(|rung| &rung.candidates).map(|candidate| &candidate.store);
    chosen.chain(held).chain(missed).chain(listed)
}

#[cfg(test)]
impl Recorded {
    /// As it is read of what was kept.
    pub(crate) fn of(demand: &Demand, fleet: &FleetIndex, decision: &Decision) -> Self {
        let kept = keep(demand, fleet, decision).unwrap();
        let known = |key: &SeenKey| {
            let seen = kept.nodes().iter().find(|seen| seen.key() == key)?;
            serde_json::from_str(seen.text()).ok()
        };
        Unpacked::of(kept.packed()).unwrap().complete(known).1
    }
}

#[cfg(test)]
mod tests;
