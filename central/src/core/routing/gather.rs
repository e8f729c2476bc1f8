//! Whether an order that no node has all of comes together at one store first, and who sends what there.
//!
//! The goods travel as an order of their own, from ordinary nodes to the store, so whatever holds for orders
//! holds for them. What is decided here is only who it should be, and whether it is in time.

use super::decision::{Choice, Decision, Demand, DemandLine, Gather, Node, Parcel, Verdict};
use super::fleet_index::FleetIndex;
use super::geo::distance_km;
use super::policy::Gathers;
use super::route::Guide;
use crate::core::carriers::{Timetable, Trip, choose};
use crate::core::fleet::Place;
use crate::core::order::{OrderLineRequest, OrderRequest};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{BadId, OrderId, Sku, StoreId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};

/// In which channel goods travel between the stores of one chain.
pub const CHANNEL: &str = "consolidation";

/// The order by which the goods of this one travel. There is at most one, so that its name says whose it is.
pub fn child_of(order: &OrderId) -> Result<OrderId, BadId> {
    OrderId::new(format!("{order}-g"))
}

/// What travels, to a store of the chain and not to a customer.
#[must_use]
pub fn child_request(order: &OrderId, gather: &Gather, place: Place) -> OrderRequest {
    let mut units: BTreeMap<&Sku, i64> = BTreeMap::new();
    for line in gather.feeders.iter().flat_map(|parcel| &parcel.lines) {
        let wanted = units.entry(&line.sku).or_default();
        *wanted = wanted.saturating_add(line.quantity);
    }
    let line = |(sku, quantity): (&Sku, i64)| OrderLineRequest::of(sku.clone(), quantity);
    let store = &gather.store;
    let note = format!(
        "Goes to {store}, where order {order} is gathered. Write the number of this task on the parcel."
    );
    OrderRequest {
        reference: Some(order.to_string()),
        note: Some(note),
        ..OrderRequest::of(CHANNEL, FulfilmentKind::Ship, place, units.into_iter().map(line).collect())
    }
}

impl Guide<'_> {
    /// Instead of what was decided. None when policy, stock or time do not allow it.
    #[must_use]
    pub fn gather(
        &self,
        demand: &Demand,
        fleet: &FleetIndex,
        decided: &Decision,
        now: UtcMs,
    ) -> Option<Gather> {
        if demand.feeds.is_some() || !self.may_gather(demand) {
            return None;
        }
        let store = match demand.kind {
            FulfilmentKind::Pickup => lacking(demand, decided)?,
            FulfilmentKind::Ship | FulfilmentKind::Delivery => splits_from(decided)?,
        };
        let node = fleet.find(store)?;
        let (own, missing) = share(demand, &fleet.node_for(store, demand)?);
        let feeders = self.feeders(demand, node, missing, fleet, decided, now)?;
        let arrives = feeders.iter().map(|parcel| parcel.journey.as_ref().map(|journey| journey.arrives_by));
        let arrives_by = arrives.collect::<Option<Vec<UtcMs>>>().and_then(|by| by.into_iter().max());
        let until = now.plus(self.policy.consolidate.within_ms);
        if !self.is_in_time(demand, node, arrives_by, until) {
            return None;
        }
        let asked = demand.consolidate || self.policy.consolidate.of(demand.kind) == Gathers::Always;
        if !asked && !self.is_cheaper(demand, node, decided, &feeders, now) {
            return None;
        }
        let mut words = words(store, &own, &feeders);
        if !self.keeps_promise(demand, node, arrives_by) {
            words.insert_str(0, "The promised date cannot be kept. ");
        }
        Some(Gather { store: store.clone(), own, feeders, arrives_by, until, words })
    }

    /// Whether what was promised cannot be kept with it.
    #[must_use]
    pub fn gathers_late(&self, demand: &Demand, fleet: &FleetIndex, gather: &Gather) -> bool {
        let node = fleet.find(&gather.store);
        node.is_some_and(|node| !self.keeps_promise(demand, node, gather.arrives_by))
    }

    fn may_gather(&self, demand: &Demand) -> bool {
        match self.policy.consolidate.of(demand.kind) {
            Gathers::Never => false,
            Gathers::Asked => demand.consolidate,
            Gathers::Cheaper | Gathers::Always => true,
        }
    }

    /// Those who send what is missing, as an order to that store would be routed.
    fn feeders(
        &self,
        demand: &Demand,
        node: &Node,
        missing: Vec<DemandLine>,
        fleet: &FleetIndex,
        decided: &Decision,
        now: UtcMs,
    ) -> Option<Vec<Parcel>> {
        if missing.is_empty() {
            return None;
        }
        let store = &node.store.store;
        let wanted = Demand {
            kind: FulfilmentKind::Ship,
            destination: node.store.place,
            pickup_store: None,
            lines: missing,
            prices: BTreeMap::new(),
            promise_by: None,
            tried: BTreeSet::new(),
            declined: BTreeSet::new(),
            assignments: 0,
            feeds: Some(store.clone()),
            ..demand.clone()
        };
        match self.route(&wanted, fleet, decided.decision.clone(), now).choice {
            Choice::Assign(plan) if plan.covers(&wanted) => Some(plan.parcels),
            Choice::Assign(_) | Choice::Hold { .. } | Choice::Backorder { .. } => None,
        }
    }

    /// Whether the goods come before they are waited for no more, and the customer gets them as promised. A
    /// pickup that comes late is better than one that never comes; a split is there to be carried out.
    fn is_in_time(&self, demand: &Demand, node: &Node, arrives_by: Option<UtcMs>, until: UtcMs) -> bool {
        let late = demand.kind == FulfilmentKind::Pickup;
        arrives_by.is_none_or(|by| by <= until) && (late || self.keeps_promise(demand, node, arrives_by))
    }

    /// Where nothing is said about dates, nobody can say that one is kept.
    fn keeps_promise(&self, demand: &Demand, node: &Node, arrives_by: Option<UtcMs>) -> bool {
        let Some(promise_by) = demand.promise_by else { return true };
        let there = arrives_by.and_then(|arrives_by| self.arrives(demand, node, arrives_by));
        there.is_some_and(|(by, _)| by <= promise_by)
    }

    /// When the whole order would be with the customer, sent from there from then on, and at what cost.
    fn arrives(&self, demand: &Demand, node: &Node, from: UtcMs) -> Option<(UtcMs, Option<Money>)> {
        let trip = Trip {
            store: &node.store,
            kind: demand.kind,
            distance_km: distance_km(demand.destination, node.store.place),
            units: demand.lines.iter().map(|line| line.quantity).fold(0, i64::saturating_add),
            open_tasks: node.open_tasks,
        };
        // From another moment than the decision's, which its own timetable keeps.
        let timetable = Timetable::of(self.timetable.as_ref()?.policy());
        let journey = choose(timetable.journeys(&trip, from).ok()?, demand.promise_by)?;
        Some((journey.arrives_by, journey.cost))
    }

    /// A pickup that its store lacks units for has nothing to compare with. What is not known is not cheaper.
    fn is_cheaper(
        &self,
        demand: &Demand,
        node: &Node,
        decided: &Decision,
        feeders: &[Parcel],
        now: UtcMs,
    ) -> bool {
        if demand.kind == FulfilmentKind::Pickup {
            return true;
        }
        let Choice::Assign(plan) = &decided.choice else { return false };
        let one = self.arrives(demand, node, now).and_then(|(_, cost)| cost);
        let gathered = cost(feeders).zip(one).and_then(|(way, one)| way.plus(one).ok());
        let several = cost(&plan.parcels);
        gathered.zip(several).is_some_and(|(gathered, several)| {
            gathered.currency == several.currency && gathered.minor < several.minor
        })
    }
}

/// The store of a pickup, when nothing but its shelf keeps it from taking the order.
fn lacking<'a>(demand: &'a Demand, decided: &Decision) -> Option<&'a StoreId> {
    let store = demand.pickup_store.as_ref()?;
    match &decided.choice {
        Choice::Assign(plan) if plan.covers(demand) => return None,
        Choice::Hold { .. } => return None,
        Choice::Assign(_) | Choice::Backorder { .. } => {}
    }
    let lacks = |verdict: &Verdict| matches!(verdict, Verdict::Refused { rule, .. } if rule == "stock");
    let looked = decided.rungs.iter().flat_map(|rung| &rung.candidates);
    looked.into_iter().any(|found| found.store == *store && lacks(&found.verdict)).then_some(store)
}

/// The best of the nodes that would share it.
fn splits_from(decided: &Decision) -> Option<&StoreId> {
    let Choice::Assign(plan) = &decided.choice else { return None };
    plan.parcels.first().filter(|_| plan.parcels.len() > 1).map(|parcel| &parcel.store)
}

/// What of the demand lies there, and what does not.
fn share(demand: &Demand, node: &Node) -> (Vec<DemandLine>, Vec<DemandLine>) {
    let (mut own, mut missing) = (Vec::new(), Vec::new());
    for line in &demand.lines {
        let there = node.shelves.get(&line.sku).map_or(0, |shelf| shelf.units).clamp(0, line.quantity);
        let lacks = line.quantity.saturating_sub(there);
        own.extend((there > 0).then(|| DemandLine { quantity: there, ..line.clone() }));
        missing.extend((lacks > 0).then(|| DemandLine { quantity: lacks, ..line.clone() }));
    }
    (own, missing)
}

fn cost(parcels: &[Parcel]) -> Option<Money> {
    let mut costs = parcels.iter().map(|parcel| parcel.journey.as_ref()?.cost);
    let first = costs.next()??;
    costs.try_fold(first, |sum, cost| sum.plus(cost?).ok())
}

fn words(store: &StoreId, own: &[DemandLine], feeders: &[Parcel]) -> String {
    let told = |lines: &[DemandLine]| {
        let told: Vec<String> =
            lines.iter().map(|line| format!("{} x {}", line.quantity, line.sku)).collect();
        told.join(", ")
    };
    let from: Vec<String> =
        feeders.iter().map(|parcel| format!("{} from {}", told(&parcel.lines), parcel.store)).collect();
    let there = if own.is_empty() { String::new() } else { format!("; {} is there", told(own)) };
    format!("Gathered at {store} before it goes out: {}{there}.", from.join(", "))
}

#[cfg(test)]
mod tests;
