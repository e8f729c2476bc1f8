//! What became of one order, or of one decision by itself, under a policy.

use super::number::float;
use super::record::Picks;
use crate::core::routing::decision::{Choice, Decision, Demand, Node, Parcel};
use crate::core::routing::geo::distance_km;
use crate::core::stock::sellable::{Kept, Sellable};
use crate::core::stock::withheld::{KeptBack, Wanted, withheld};
use holdfast_shared::ids::{DecisionId, LineNo, OrderId, StoreId};
use holdfast_shared::money::{Currency, Money};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub order: OrderId,
    /// The first of the order that was replayed.
    pub decision: DecisionId,
    pub placed_at: UtcMs,
    pub promise_by: Option<UtcMs>,
    /// That were asked for.
    pub units: i64,
    pub sent: Vec<Sent>,
    /// It waits for a node that opens.
    pub waits: bool,
    /// A node was better, and only that day kept it out.
    pub missed: bool,
    /// Units that nearer nodes kept back, each once.
    pub withheld: BTreeMap<(LineNo, StoreId, Kept), i64>,
    /// Nodes of which nothing is kept: one of them might have been chosen.
    pub unrecorded: u32,
}

/// One parcel.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub store: StoreId,
    pub lines: BTreeMap<LineNo, i64>,
    pub km: f64,
    /// None: no date could be told.
    pub arrives_by: Option<UtcMs>,
    /// The carrier's price and the store's work, as far as they are known.
    pub cost: BTreeMap<Currency, i64>,
    /// Units that are to be expected missing, of those whose confidence is known.
    pub doubt: f64,
    pub weighed: i64,
    /// Units that were not there, of those whose shelf was looked at.
    pub short: i64,
    pub looked: i64,
}

impl Sent {
    #[must_use]
    pub fn units(&self) -> i64 {
        self.lines.values().copied().fold(0, i64::saturating_add)
    }

    fn of(demand: &Demand, node: &Node, parcel: &Parcel, picks: &Picks, at: UtcMs) -> Self {
        let mut sent = Self {
            store: parcel.store.clone(),
            lines: BTreeMap::new(),
            km: distance_km(demand.destination, node.store.place),
            arrives_by: parcel.journey.as_ref().map(|journey| journey.arrives_by),
            cost: BTreeMap::new(),
            doubt: 0.0,
            weighed: 0,
            short: 0,
            looked: 0,
        };
        for line in &parcel.lines {
            let units = sent.lines.entry(line.line).or_default();
            *units = units.saturating_add(line.quantity);
            let shelf = node.shelves.get(&line.sku);
            if let Some(confidence) = shelf.and_then(|shelf| shelf.confidence) {
                sent.doubt += float(line.quantity) * (1.0 - confidence);
                sent.weighed = sent.weighed.saturating_add(line.quantity);
            }
            if let Some(pick) = picks.near(&parcel.store, &line.sku, &demand.order, at) {
                sent.looked = sent.looked.saturating_add(line.quantity);
                sent.short = sent.short.saturating_add(pick.short.min(line.quantity));
            }
        }
        sent.charge(parcel.journey.as_ref().and_then(|journey| journey.cost), 1);
        let handling = node.store.handling_cost;
        sent.charge(handling.map(|cost| cost.per_parcel), 1);
        sent.charge(handling.map(|cost| cost.per_unit), sent.units());
        sent
    }

    fn charge(&mut self, price: Option<Money>, times: i64) {
        if let Some(Money { minor, currency }) = price {
            let sum = self.cost.entry(currency).or_default();
            *sum = sum.saturating_add(minor.saturating_mul(times));
        }
    }
}

impl Case {
    /// Before anything was decided.
    #[must_use]
    pub fn begun(demand: &Demand, decision: &DecisionId) -> Self {
        Self {
            order: demand.order.clone(),
            decision: decision.clone(),
            placed_at: demand.placed_at,
            promise_by: demand.promise_by,
            units: demand.lines.iter().map(|line| line.quantity).fold(0, i64::saturating_add),
            sent: Vec::new(),
            waits: false,
            missed: false,
            withheld: BTreeMap::new(),
            unrecorded: 0,
        }
    }

    /// What this decision makes of it.
    pub fn follow(&mut self, demand: &Demand, nodes: &[Node], decision: &Decision, picks: &Picks) {
        self.waits = matches!(decision.choice, Choice::Hold { .. });
        if let Choice::Assign(plan) = &decision.choice {
            self.missed |= decision.missed.is_some();
            let node = |store: &StoreId| nodes.iter().find(|node| node.store.store == *store);
            let sent = plan.parcels.iter().filter_map(|parcel| {
                Some(Sent::of(demand, node(&parcel.store)?, parcel, picks, decision.at))
            });
            self.sent.extend(sent);
        }
        for (key, units) in kept_back(demand, nodes, &decision.choice) {
            self.withheld.entry(key).or_insert(units);
        }
    }

    /// Units that have no node.
    #[must_use]
    pub fn open(&self) -> i64 {
        let sent = self.sent.iter().map(Sent::units).fold(0, i64::saturating_add);
        self.units.saturating_sub(sent).max(0)
    }

    /// When the last of it arrives; none while anything of it has no date.
    #[must_use]
    pub fn arrives_by(&self) -> Option<UtcMs> {
        let dates: Option<Vec<UtcMs>> = self.sent.iter().map(|sent| sent.arrives_by).collect();
        dates.filter(|_| self.open() == 0)?.into_iter().max()
    }

    /// Whether the promised date is kept, as planned; none where nothing was promised, or no date is known.
    #[must_use]
    pub fn keeps_promise(&self) -> Option<bool> {
        let by = self.promise_by?;
        if self.open() > 0 {
            return Some(false);
        }
        self.arrives_by().map(|arrives| arrives <= by)
    }

    #[must_use]
    pub fn withheld_units(&self) -> i64 {
        self.withheld.values().copied().fold(0, i64::saturating_add)
    }
}

/// Counted as it is counted live: what nearer nodes kept back while a line went farther away or nowhere.
fn kept_back(demand: &Demand, nodes: &[Node], choice: &Choice) -> BTreeMap<(LineNo, StoreId, Kept), i64> {
    let far = |store: &StoreId| {
        let node = nodes.iter().find(|node| node.store.store == *store);
        node.map_or(f64::MAX, |node| distance_km(demand.destination, node.store.place))
    };
    let mut found = BTreeMap::new();
    for line in &demand.lines {
        let taken_km = match choice {
            Choice::Assign(plan) => {
                let has = |parcel: &&Parcel| parcel.lines.iter().any(|part| part.line == line.line);
                let from = plan.parcels.iter().filter(has).map(|parcel| far(&parcel.store));
                let Some(farthest) = from.reduce(f64::max) else { continue };
                Some(farthest)
            }
            Choice::Backorder { .. } => None,
            Choice::Hold { .. } => continue,
        };
        let sellable: Vec<(&Node, Sellable)> = nodes
            .iter()
            .filter(|node| node.would_be_asked(demand))
            .filter_map(|node| {
                let shelf = node.shelves.get(&line.sku).filter(|shelf| !shelf.kept.is_empty())?;
                Some((node, Sellable { units: shelf.units, kept: shelf.kept.clone() }))
            })
            .collect();
        let kept: Vec<KeptBack<'_>> = sellable
            .iter()
            .map(|(node, sellable)| KeptBack {
                store: &node.store.store,
                distance_km: far(&node.store.store),
                sellable,
            })
            .collect();
        let wanted = Wanted { line: line.line, sku: &line.sku, quantity: line.quantity, taken_km };
        for one in withheld(wanted, &kept) {
            found.insert((one.line, one.store, one.why), one.units);
        }
    }
    found
}
