//! The orders one after another. What the record says of a shelf already lacks what was given away then;
//! so each shelf is put back by that, and less what the replay gave away instead.
//!
//! What is not moved: sales at tills, deliveries, closures and health are as they were. Work counts
//! against a node's capacity as long as its carrier's date says that it takes.

use super::case::Case;
use super::known::Units;
use super::ledger::{Busy, Ledger};
use super::record::{Past, Picks};
use crate::core::routing::Guide;
use crate::core::routing::again::once_more;
use crate::core::routing::decision::{Choice, Decision, Demand, DemandLine, Node, Recorded};
use crate::core::routing::fleet_index::FleetIndex;
use holdfast_shared::ids::{LineNo, OrderId, StoreId};
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
struct Standing {
    case: Case,
    open: BTreeMap<LineNo, DemandLine>,
    /// Where work for it is done, and until when.
    work: Vec<(StoreId, UtcMs)>,
}

/// The world as it becomes under one policy.
#[derive(Debug, Default)]
pub struct World {
    /// Units that the replay gave away.
    units: Units,
    busy: Busy,
    orders: BTreeMap<OrderId, Standing>,
}

/// What one decision of the record is replayed from.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    pub past: &'a Past,
    pub inputs: &'a Recorded,
    /// Of the nodes that are kept, as they were.
    pub fleet: &'a FleetIndex,
    pub ledger: &'a Ledger,
    pub picks: &'a Picks,
}

impl World {
    /// What is decided instead; none where nothing of the order is open.
    pub fn play(&mut self, moment: Moment<'_>, guide: &Guide<'_>) -> Option<Decision> {
        self.come_back(moment.inputs);
        self.decide(moment, guide)
    }

    #[must_use]
    pub fn cases(self) -> BTreeMap<OrderId, Case> {
        self.orders.into_iter().map(|(order, standing)| (order, standing.case)).collect()
    }

    /// A store that lost the work then would have lost it now.
    fn come_back(&mut self, inputs: &Recorded) {
        let Some(standing) = self.orders.get_mut(&inputs.demand.order) else { return };
        let mut wanted: BTreeMap<LineNo, DemandLine> =
            inputs.demand.lines.iter().map(|line| (line.line, line.clone())).collect();
        for sent in &mut standing.case.sent {
            if !inputs.demand.tried.contains(&sent.store) {
                continue;
            }
            for (number, units) in &mut sent.lines {
                let Some(line) = wanted.get_mut(number) else { continue };
                let back = line.quantity.min(*units);
                *units = units.saturating_sub(back);
                line.quantity = line.quantity.saturating_sub(back);
                let none = DemandLine { quantity: 0, ..line.clone() };
                let open = standing.open.entry(*number).or_insert(none);
                open.quantity = open.quantity.saturating_add(back);
                let gone = self.units.entry((sent.store.clone(), line.sku.clone())).or_default();
                *gone = gone.saturating_sub(back);
            }
        }
        standing.open.retain(|_, line| line.quantity > 0);
        standing.case.sent.retain(|sent| sent.units() > 0);
        let stays: BTreeSet<&StoreId> = standing.case.sent.iter().map(|sent| &sent.store).collect();
        for (store, until) in standing.work.extract_if(.., |(store, _)| !stays.contains(store)) {
            self.busy.end(&store, until);
        }
    }

    fn decide(&mut self, moment: Moment<'_>, guide: &Guide<'_>) -> Option<Decision> {
        let Moment { past, inputs, ledger, picks, .. } = moment;
        let begun = || Standing {
            case: Case::begun(&inputs.demand, &past.decision.decision),
            open: inputs.demand.lines.iter().map(|line| (line.line, line.clone())).collect(),
            work: Vec::new(),
        };
        let standing = self.orders.entry(inputs.demand.order.clone()).or_insert_with(begun);
        let demand = wanted(standing, &inputs.demand)?;
        let shift = Shift { units: (&self.units, &ledger.units), busy: (&self.busy, &ledger.busy) };
        let (decision, nodes) = look(moment, &demand, guide, &shift);
        standing.case.unrecorded = standing.case.unrecorded.max(inputs.unrecorded);
        standing.case.follow(&demand, &nodes, &decision, picks);
        if let Choice::Assign(plan) = &decision.choice {
            for parcel in &plan.parcels {
                for line in &parcel.lines {
                    if let Some(open) = standing.open.get_mut(&line.line) {
                        open.quantity = open.quantity.saturating_sub(line.quantity);
                    }
                    let gone = self.units.entry((parcel.store.clone(), line.sku.clone())).or_default();
                    *gone = gone.saturating_add(line.quantity);
                }
                let until = parcel.journey.as_ref().map(|journey| journey.ready_at);
                standing.work.extend(until.map(|until| (parcel.store.clone(), until)));
                self.busy.begin(parcel, decision.at);
            }
            standing.open.retain(|_, line| line.quantity > 0);
        }
        Some(decision)
    }
}

/// By how much the replay is ahead of the record.
struct Shift<'a> {
    units: (&'a Units, &'a Units),
    busy: (&'a Busy, &'a Busy),
}

impl Shift<'_> {
    /// The node as it would be; whether that is another than it was.
    fn apply(&self, node: &mut Node, at: UtcMs) -> bool {
        let store = node.store.store.clone();
        let load = self.busy.0.load(&store, at).saturating_sub(self.busy.1.load(&store, at));
        let open = i64::from(node.open_tasks).saturating_add(load).max(0);
        node.open_tasks = u32::try_from(open).unwrap_or(u32::MAX);
        let mut moved = load != 0;
        for (sku, shelf) in &mut node.shelves {
            let key = (store.clone(), sku.clone());
            let of = |units: &Units| units.get(&key).copied().unwrap_or(0);
            let gone = of(self.units.0).saturating_sub(of(self.units.1));
            shelf.units = shelf.units.saturating_sub(gone).max(0);
            moved |= gone != 0;
        }
        moved
    }
}

/// Before the nodes that are kept; where fewer units find a node than did then, before others, too.
fn look(moment: Moment<'_>, demand: &Demand, guide: &Guide<'_>, shift: &Shift<'_>) -> (Decision, Vec<Node>) {
    let Moment { past, inputs, fleet, ledger, .. } = moment;
    let at = past.decision.at;
    let mut nodes = inputs.nodes.clone();
    let mut moved = false;
    for node in &mut nodes {
        moved |= shift.apply(node, at);
    }
    let other = moved.then(|| FleetIndex::of(nodes.clone()));
    let decision = once_more(guide, demand, other.as_ref().unwrap_or(fleet), &past.decision);
    // One that nobody could take had come to every node.
    let came_to_all = matches!(past.decision.choice, Choice::Backorder { .. });
    let then = left(&past.decision.choice, &inputs.demand);
    if came_to_all || left(&decision.choice, demand) <= then {
        return (decision, nodes);
    }
    let others = ledger.known.beside(&nodes, demand, at, shift.units.0);
    if others.is_empty() {
        return (decision, nodes);
    }
    nodes.extend(others);
    (once_more(guide, demand, &FleetIndex::of(nodes.clone()), &past.decision), nodes)
}

/// Units that the choice leaves without a node.
fn left(choice: &Choice, demand: &Demand) -> i64 {
    let units = |lines: &[DemandLine]| lines.iter().map(|line| line.quantity).fold(0, i64::saturating_add);
    match choice {
        Choice::Assign(plan) => {
            let given = plan.parcels.iter().map(|parcel| units(&parcel.lines)).fold(0, i64::saturating_add);
            units(&demand.lines).saturating_sub(given)
        }
        Choice::Hold { .. } => 0,
        Choice::Backorder { .. } => units(&demand.lines),
    }
}

/// What is open in the replay, of the lines that the record tells of; none when nothing is.
fn wanted(standing: &Standing, recorded: &Demand) -> Option<Demand> {
    let lines: Vec<DemandLine> =
        recorded.lines.iter().filter_map(|line| standing.open.get(&line.line)).cloned().collect();
    let stores = standing.case.sent.iter().map(|sent| &sent.store);
    let sharing: BTreeSet<&StoreId> = stores.filter(|store| !recorded.tried.contains(*store)).collect();
    let assignments = recorded.tried.len().saturating_add(sharing.len());
    let assignments = u32::try_from(assignments).unwrap_or(u32::MAX);
    (!lines.is_empty()).then(|| Demand { lines, assignments, ..recorded.clone() })
}
