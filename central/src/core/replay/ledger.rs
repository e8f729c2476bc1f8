//! What the record says of where units went then, and of nodes: both policies are replayed beside it.

use super::known::{Known, Units};
use super::record::Past;
use crate::core::routing::decision::{Choice, Parcel};
use holdfast_shared::ids::{LineNo, OrderId, Sku, StoreId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// Work by when it is done, as its carrier's date says.
#[derive(Debug, Default)]
pub struct Busy(BTreeMap<StoreId, Vec<UtcMs>>);

impl Busy {
    pub fn begin(&mut self, parcel: &Parcel, at: UtcMs) {
        let Some(journey) = &parcel.journey else { return };
        let work = self.0.entry(parcel.store.clone()).or_default();
        work.retain(|until| *until > at);
        work.push(journey.ready_at);
    }

    /// It was given back.
    pub fn end(&mut self, store: &StoreId, until: UtcMs) {
        let Some(work) = self.0.get_mut(store) else { return };
        if let Some(place) = work.iter().position(|known| *known == until) {
            work.swap_remove(place);
        }
    }

    #[must_use]
    pub fn load(&self, store: &StoreId, at: UtcMs) -> i64 {
        let work = self.0.get(store).map_or(0, |work| work.iter().filter(|until| **until > at).count());
        super::number::count(work)
    }
}

/// Units of one line that one store was given.
#[derive(Debug, Clone)]
struct Given {
    store: StoreId,
    line: LineNo,
    sku: Sku,
    units: i64,
    until: Option<UtcMs>,
}

#[derive(Debug, Default)]
struct Lived {
    asked: BTreeMap<LineNo, i64>,
    given: Vec<Given>,
}

#[derive(Debug, Default)]
pub struct Ledger {
    orders: BTreeMap<OrderId, Lived>,
    /// Units that were given away until now, less what came back.
    pub(super) units: Units,
    pub(super) busy: Busy,
    pub(super) known: Known,
}

impl Ledger {
    /// Of such an order nothing can be decided otherwise: it went as it went, and what it took stays taken.
    /// What was gathered instead of being given away stays set aside, until it is decided where all of it is.
    #[must_use]
    pub fn leaves_out(&self, past: &Past) -> bool {
        let unknown = past.inputs.is_none() && !self.orders.contains_key(&past.decision.order);
        unknown || past.decision.gather.is_some()
    }

    /// Before a decision is replayed. Units that are open again had come back from the stores that had them:
    /// first from those that lost them, then from the newest.
    pub fn before(&mut self, past: &Past) {
        self.give_back(past);
        if let Some(inputs) = &past.inputs {
            self.known.learn(inputs, past.decision.at, &self.units);
        }
    }

    fn give_back(&mut self, past: &Past) {
        let Some(lived) = self.orders.get_mut(&past.decision.order) else { return };
        let tried = past.inputs.as_ref().map(|inputs| &inputs.demand.tried);
        for line in &past.decision.demand {
            let held = lived.given.iter().filter(|given| given.line == line.line);
            let held = held.map(|given| given.units).fold(0, i64::saturating_add);
            let asked = lived.asked.entry(line.line).or_insert(line.quantity);
            let mut back = held.saturating_add(line.quantity).saturating_sub(*asked).max(0);
            for lost_it in [true, false] {
                for given in lived.given.iter_mut().rev().filter(|given| given.line == line.line) {
                    if tried.is_some_and(|tried| tried.contains(&given.store)) != lost_it {
                        continue;
                    }
                    let units = back.min(given.units);
                    given.units = given.units.saturating_sub(units);
                    back = back.saturating_sub(units);
                    let gone = self.units.entry((given.store.clone(), given.sku.clone())).or_default();
                    *gone = gone.saturating_sub(units);
                }
            }
        }
        let over: Vec<Given> = lived.given.extract_if(.., |given| given.units == 0).collect();
        for Given { store, until, .. } in over {
            let stays = lived.given.iter().any(|given| given.store == store);
            if let Some(until) = until.filter(|_| !stays) {
                self.busy.end(&store, until);
            }
        }
    }

    /// After it was replayed: what was given away then.
    pub fn after(&mut self, past: &Past) {
        let lived = self.orders.entry(past.decision.order.clone()).or_default();
        for line in &past.decision.demand {
            lived.asked.entry(line.line).or_insert(line.quantity);
        }
        let Choice::Assign(plan) = &past.decision.choice else { return };
        for parcel in &plan.parcels {
            let until = parcel.journey.as_ref().map(|journey| journey.ready_at);
            for line in &parcel.lines {
                let (store, sku, units) = (parcel.store.clone(), line.sku.clone(), line.quantity);
                let gone = self.units.entry((store.clone(), sku.clone())).or_default();
                *gone = gone.saturating_add(units);
                lived.given.push(Given { store, line: line.line, sku, units, until });
            }
            self.busy.begin(parcel, past.decision.at);
        }
    }
}
