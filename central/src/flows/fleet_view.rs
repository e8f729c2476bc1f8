//! The nodes of one tenant as one run knows them, with what lies on their shelves for the order that
//! is looked at.

use super::carts::Carts;
use super::in_force::Steers;
use super::selling::Selling;
use super::shelves::Offering;
use super::stocked::{Hall, Stocked};
use super::{FlowError, Watch};
use crate::core::eligibility::Eligibility;
use crate::core::fleet::StoreRecord;
use crate::core::health::doubts::doubts;
use crate::core::health::observatory::key_of;
use crate::core::routing::Guide;
use crate::core::routing::decision::{Choice, Decision, Demand, DemandLine, Gather, Node, Parcel};
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::stock::withheld::Withheld;
use crate::ports::fleet::Fleet;
use crate::ports::promises::{CartUnits, Promises};
use crate::ports::stock::Stock;
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{DecisionId, OrderId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};

/// Units that somebody has been given already, although no position says so.
pub(super) type Taken = BTreeMap<(StoreId, Sku), i64>;

pub(super) struct FleetView {
    pub(super) fleet: FleetIndex,
    selling: Selling,
    stocked: Stocked,
    carts: Carts,
}

impl FleetView {
    pub(super) async fn load<S: Fleet + Stock + Promises + ?Sized>(
        store: &S,
        watch: &Watch,
        policy: &dyn Steers,
        tenant: &TenantId,
    ) -> Result<Self, FlowError> {
        Self::load_without(store, watch, policy, tenant, &[]).await
    }

    /// As if these were not there.
    pub(super) async fn load_without<S: Fleet + Stock + Promises + ?Sized>(
        store: &S,
        watch: &Watch,
        policy: &dyn Steers,
        tenant: &TenantId,
        without: &[StoreId],
    ) -> Result<Self, FlowError> {
        let mut records = store.stores(tenant).await?;
        records.retain(|record| !without.contains(&record.store.store));
        let mut judged: BTreeMap<StoreId, Eligibility> = watch.with(|observatory| {
            let judged = |record: &StoreRecord| {
                let known = observatory.eligibility(&key_of(record)).cloned();
                (record.store.store.clone(), known.unwrap_or_else(Eligibility::unknown))
            };
            records.iter().map(judged).collect()
        });
        let doubts = judged.iter().map(|(store, judged)| (store.clone(), doubts(judged))).collect();
        let selling = Selling::load(store, policy, tenant, &records, doubts).await?;
        let node = |record: StoreRecord| Node {
            eligibility: judged.remove(&record.store.store).unwrap_or_else(Eligibility::unknown),
            open_tasks: record.open_tasks,
            recovering: record.recovering && Guard::RecoveryBeforeRouting.stands(),
            shelves: BTreeMap::new(),
            store: record.store,
        };
        let nodes = records.into_iter().map(node).collect();
        let carts = Carts::load(store, tenant).await?;
        Ok(Self { fleet: FleetIndex::of(nodes), selling, stocked: Stocked::default(), carts })
    }

    /// What lies on the shelves, read anew for a decision that stands alone.
    pub(super) async fn restock<S: Stock + ?Sized>(
        &mut self,
        store: &S,
        demand: &Demand,
        now: UtcMs,
    ) -> Result<Offering, FlowError> {
        let offering = self.offering(store, demand, now).await?;
        for (sku, on_shelves) in offering.shelves(demand) {
            self.fleet.stock(sku, on_shelves);
        }
        Ok(offering)
    }

    async fn offering<S: Stock + ?Sized>(
        &self,
        store: &S,
        demand: &Demand,
        now: UtcMs,
    ) -> Result<Offering, FlowError> {
        Offering::read(store, &self.selling, demand, self.carts.of(&demand.order), now).await
    }

    /// The same, when these units are somebody else's already.
    pub(super) async fn restock_less<S: Stock + ?Sized>(
        &mut self,
        store: &S,
        demand: &Demand,
        taken: &Taken,
        now: UtcMs,
    ) -> Result<(), FlowError> {
        let offering = self.offering(store, demand, now).await?;
        for (sku, mut on_shelves) in offering.shelves(demand) {
            for (store, shelf) in &mut on_shelves {
                let gone = taken.get(&(store.clone(), sku.clone())).copied().unwrap_or(0);
                shelf.units = shelf.units.saturating_sub(gone);
            }
            self.fleet.stock(sku, on_shelves);
        }
        Ok(())
    }

    /// A few of the nodes by themselves, with what lies there now of what is asked for.
    pub(super) async fn few<S: Stock + ?Sized>(
        &self,
        store: &S,
        demand: &Demand,
        wanted: &[StoreId],
        now: UtcMs,
    ) -> Result<Vec<Node>, FlowError> {
        let offering = self.offering(store, demand, now).await?;
        let on_shelves = offering.shelves(demand);
        let nodes = wanted.iter().filter_map(|wanted| self.fleet.find(wanted)).map(|node| {
            let here = on_shelves.iter().filter_map(|(sku, of_sku)| {
                let (_, shelf) = of_sku.iter().find(|(store, _)| *store == node.store.store)?;
                Some((sku.clone(), shelf.clone()))
            });
            Node { shelves: here.collect(), ..node.clone() }
        });
        Ok(nodes.collect())
    }

    /// Positions of these SKUs, as far as the run does not know them yet.
    pub(super) async fn stock_up<S: Stock + ?Sized>(
        &mut self,
        store: &S,
        tenant: &TenantId,
        skus: &BTreeSet<&Sku>,
    ) -> Result<(), FlowError> {
        self.stocked.read(store, tenant, skus).await
    }

    /// Positions that are kept in memory.
    pub(super) const fn positions_kept(&self) -> usize {
        self.stocked.positions()
    }

    pub(super) fn knows_stock_of(&self, sku: &Sku) -> bool {
        self.stocked.knows(sku)
    }

    /// Stock that is kept no more is read again when it is asked for.
    pub(super) fn forget_stock(&mut self) {
        self.stocked.forget_all();
    }

    pub(super) fn forget_stock_of(&mut self, demand: &Demand) {
        self.stocked.forget(demand.lines.iter().map(|line| &line.sku));
    }

    /// What lies on the shelves, as the run knows it.
    pub(super) fn lay_out(&mut self, demand: &Demand, now: UtcMs) {
        let (mut hall, stocked, carts) = self.hall(now);
        stocked.lay_out(&mut hall, demand, carts.of(&demand.order));
    }

    fn hall(&mut self, now: UtcMs) -> (Hall<'_>, &mut Stocked, &Carts) {
        let Self { fleet, selling, stocked, carts } = self;
        (Hall { selling, fleet, now }, stocked, carts)
    }

    /// What was kept back of the lines that this choice decided.
    pub(super) fn withheld(&self, demand: &Demand, choice: &Choice) -> Vec<Withheld> {
        self.stocked.withheld(demand, &self.fleet, choice)
    }

    /// The shortest hold that the classes of these lines allow at that store.
    pub(super) fn hold_ttl_ms(&self, store: &StoreId, lines: &[DemandLine]) -> Option<i64> {
        self.stocked.hold_ttl_ms(&self.selling, store, lines)
    }

    /// The nodes of the order's cart alone, while they can take all of it; else any node.
    pub(super) fn decide(
        &self,
        guide: &Guide<'_>,
        demand: &Demand,
        decision_id: &dyn Fn() -> DecisionId,
        now: UtcMs,
    ) -> Decision {
        let planned = self.carts.nodes(&demand.order);
        let with_shelves = |node: &Node| {
            let shelf =
                |line: &DemandLine| Some((line.sku.clone(), self.fleet.shelf(&node.store.store, &line.sku)?));
            Node { shelves: demand.lines.iter().filter_map(shelf).collect(), ..node.clone() }
        };
        let nodes = planned.iter().filter_map(|store| self.fleet.find(store)).map(with_shelves);
        let few = FleetIndex::of(nodes.collect());
        if !few.is_empty() {
            let mut decision = guide.route(demand, &few, decision_id(), now);
            if matches!(&decision.choice, Choice::Assign(plan) if plan.covers(demand)) {
                decision.words.push_str(" Units were set aside there for the cart.");
                return decision;
            }
        }
        let decision = guide.route(demand, &self.fleet, decision_id(), now);
        match (&decision.choice, demand.promise_by) {
            (Choice::Backorder { .. }, Some(_)) => self.late(guide, demand, decision, now),
            (Choice::Assign(_) | Choice::Hold { .. } | Choice::Backorder { .. }, _) => decision,
        }
    }

    /// Goods that come late are better than goods that never come, and whoever reads the decision learns
    /// that the promise is broken.
    fn late(&self, guide: &Guide<'_>, demand: &Demand, in_time: Decision, now: UtcMs) -> Decision {
        let without = Demand { promise_by: None, ..demand.clone() };
        let mut late = guide.route(&without, &self.fleet, in_time.decision.clone(), now);
        match late.choice {
            Choice::Assign(_) => {
                late.words = format!("No node can keep the promised date. {}", late.words);
                late
            }
            Choice::Hold { .. } | Choice::Backorder { .. } => in_time,
        }
    }

    /// Units are set aside for the order since this view was made.
    pub(super) fn set_aside(&mut self, order: &OrderId, units: &[CartUnits]) {
        self.carts.add(order, units);
    }

    /// The store has one task more, and the cart of the order what these SKUs were set aside for no more.
    pub(super) fn gave(&mut self, demand: &Demand, store: &StoreId, taken: impl Fn(&Sku) -> bool) {
        self.fleet.took_one(store);
        self.carts.spent(&demand.order, store, |units| taken(&units.sku));
    }

    /// The same of a parcel whose units are less on the shelves that the run knows.
    pub(super) fn packed(&mut self, demand: &Demand, parcel: &Parcel, now: UtcMs) {
        let (mut hall, stocked, carts) = self.hall(now);
        let here = |own: &&CartUnits| {
            own.store == parcel.store && parcel.lines.iter().any(|line| line.sku == own.sku)
        };
        for own in carts.of(&demand.order).iter().filter(here) {
            stocked.free(&mut hall, own);
        }
        for line in &parcel.lines {
            stocked.take(&mut hall, &parcel.store, &line.sku, line.quantity);
        }
        self.gave(demand, &parcel.store, |sku| parcel.lines.iter().any(|line| line.sku == *sku));
    }

    /// The units that a gathering sets aside, where it is and elsewhere, are nobody else's in this run.
    pub(super) fn gathers(&mut self, demand: &Demand, gather: &Gather, now: UtcMs) {
        let (mut hall, stocked, carts) = self.hall(now);
        let here = std::iter::once((&gather.store, &gather.own));
        for (store, lines) in here.chain(gather.feeders.iter().map(|parcel| (&parcel.store, &parcel.lines))) {
            let cart = carts.of(&demand.order).iter();
            let own = |own: &&CartUnits| own.store == *store && lines.iter().any(|line| line.sku == own.sku);
            cart.filter(own).for_each(|own| stocked.free(&mut hall, own));
            for line in lines {
                stocked.take(&mut hall, store, &line.sku, line.quantity);
            }
        }
    }

    /// Storage refused it: the store has one task less than was thought, and of this SKU nothing.
    pub(super) fn refused(&mut self, store: &StoreId, gone: Option<&Sku>, now: UtcMs) {
        self.fleet.lost_one(store);
        if let Some(sku) = gone {
            let (mut hall, stocked, _) = self.hall(now);
            stocked.gone(&mut hall, store, sku);
        }
    }

    /// As the policy stands at that store.
    pub(super) fn accept_within_ms(&self, policy: &dyn Steers, demand: &Demand, store: &StoreId) -> i64 {
        let at_store = self.fleet.find(store).map(|node| policy.routing_at(demand, &node.store));
        at_store.unwrap_or_else(|| policy.routing(demand)).accept_within_ms
    }

    pub(super) fn release_point(&self, store: &StoreId, kind: FulfilmentKind) -> ReleasePoint {
        match kind {
            // Bound to its store, and never moved by silence.
            FulfilmentKind::Pickup => ReleasePoint::Offered,
            FulfilmentKind::Ship | FulfilmentKind::Delivery => {
                self.fleet.find(store).map_or(ReleasePoint::Packed, |node| node.store.release_point)
            }
        }
    }
}
