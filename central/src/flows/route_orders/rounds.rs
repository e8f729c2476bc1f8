//! A run: orders by the hundred, decided while those before them are written.

use super::carry_out::{Carried, OtherGoods, Written, carry_out};
use super::{Decided, End, Goods, Routed, Router, STOCK_GONE_MAX, route_one};
use crate::core::routing::Guide;
use crate::core::routing::decision::{Decision, Demand};
use crate::core::stock::withheld::Withheld;
use crate::flows::FlowError;
use crate::flows::date_backorders::key_of;
use crate::flows::fleet_view::FleetView;
use crate::flows::gather::planned;
use crate::flows::substitute::{Done, Looking, substitute};
use crate::ports::gatherings::NewGathering;
use crate::ports::stock::Stock;
use futures::future::join;
use holdfast_shared::ids::{Sku, TenantId};
use holdfast_shared::limits::STOCK_POSITIONS_KEPT_MAX;
use holdfast_shared::time::Now;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

/// Orders that are written together. More would keep others from the writer for too long.
const ORDERS_AT_ONCE: usize = 256;

/// An order that waits for a decision.
pub(super) struct Waiting<'a> {
    pub(super) demand: Demand,
    pub(super) guide: &'a Guide<'a>,
    /// How often its stock went while it was decided.
    pub(super) stock_gone: u32,
    pub(super) others: OtherGoods,
    /// Storage has not refused to.
    pub(super) may_gather: bool,
    pub(super) withheld: Vec<Withheld>,
}

impl Waiting<'_> {
    pub(super) fn plans_to_gather(
        &self,
        view: &FleetView,
        left: &Demand,
        decided: &Decision,
        now: Now,
    ) -> Option<NewGathering> {
        if self.may_gather { planned(self.guide, view, left, decided, now.utc) } else { None }
    }
}

pub(super) struct Run<'a> {
    router: &'a Router<'a>,
    views: BTreeMap<TenantId, FleetView>,
    now: Now,
    routed: Routed,
    /// The first order that could not be written. It keeps no other from its turn.
    trouble: Option<FlowError>,
}

impl<'a> Run<'a> {
    pub(super) fn new(router: &'a Router<'a>, views: BTreeMap<TenantId, FleetView>, now: Now) -> Self {
        Self { router, views, now, routed: Routed::default(), trouble: None }
    }

    pub(super) fn over(self) -> Result<Routed, FlowError> {
        self.trouble.map_or(Ok(self.routed), Err)
    }

    /// Decides about all that wait, and tells who is to be decided again.
    pub(super) async fn round<'w, S: Goods + ?Sized>(
        &mut self,
        store: &S,
        waiting: Vec<Waiting<'w>>,
    ) -> Result<Vec<Waiting<'w>>, FlowError> {
        let mut rest = waiting.into_iter().peekable();
        let (mut decided, mut again) = (Vec::new(), Vec::new());
        while rest.peek().is_some() || !decided.is_empty() {
            let some = self.some(&mut rest);
            let is_full = some.is_empty();
            let writing = carry_out(store, std::mem::take(&mut decided), self.now);
            let ((written, trouble), next) = join(writing, self.decide(store, some)).await;
            again.extend(self.conclude(written)?);
            self.trouble = self.trouble.take().or(trouble);
            decided = next?;
            if is_full {
                // Nothing is on its way to storage: what is read from now on knows of all that was given.
                self.views.values_mut().for_each(FleetView::forget_stock);
            }
        }
        // Nothing is on its way to storage now, either.
        let again = self.with_other_goods(store, again).await;
        for Waiting { demand, .. } in &again {
            if let Some(view) = self.views.get_mut(&demand.tenant) {
                view.forget_stock_of(demand);
            }
        }
        Ok(again)
    }

    /// Those that nobody can send as they were ordered, with other goods as far as that may be.
    async fn with_other_goods<'w, S: Goods + ?Sized>(
        &mut self,
        store: &S,
        again: Vec<Waiting<'w>>,
    ) -> Vec<Waiting<'w>> {
        let mut next = Vec::with_capacity(again.len());
        for waiting in again {
            if waiting.others != OtherGoods::Wanted {
                next.push(waiting);
                continue;
            }
            match self.other_goods(store, waiting).await {
                Ok(waiting) => next.extend(waiting),
                Err(error) => {
                    self.trouble.get_or_insert(error);
                }
            }
        }
        next
    }

    /// None when nothing of it is to be decided now.
    async fn other_goods<'w, S: Goods + ?Sized>(
        &mut self,
        store: &S,
        mut waiting: Waiting<'w>,
    ) -> Result<Option<Waiting<'w>>, FlowError> {
        let Some(view) = self.views.get_mut(&waiting.demand.tenant) else { return Ok(None) };
        let Router { policy, decision_id, .. } = *self.router;
        let looking = Looking { guide: waiting.guide, policy, decision_id, now: self.now.utc };
        let done = substitute(store, &looking, view, &mut waiting.demand).await?;
        self.routed.substituted = self.routed.substituted.saturating_add(done.made);
        self.routed.proposed = self.routed.proposed.saturating_add(done.proposed);
        if done.order_moved {
            self.routed.postponed = self.routed.postponed.saturating_add(1);
            return Ok(None);
        }
        waiting.stock_gone = waiting.stock_gone.saturating_add(u32::from(done.stock_gone));
        let over = done == Done::default() || waiting.stock_gone > STOCK_GONE_MAX;
        waiting.others = if over { OtherGoods::Tried } else { OtherGoods::Untried };
        if waiting.demand.lines.is_empty() {
            let (demand, end) = (&waiting.demand, "the customer is asked about other goods");
            store.settle(&demand.tenant, &key_of(&demand.order), end, self.now.utc).await?;
            return Ok(None);
        }
        Ok(Some(waiting))
    }

    /// The next ones, as many as there is room for their stock; none when what is kept must go first.
    fn some<'w>(&self, rest: &mut Peekable<IntoIter<Waiting<'w>>>) -> Vec<Waiting<'w>> {
        let mut kept = self.views.values().map(FleetView::positions_kept).sum::<usize>();
        let mut some: Vec<Waiting<'w>> = Vec::new();
        let mut skus: BTreeSet<(TenantId, Sku)> = BTreeSet::new();
        while some.len() < ORDERS_AT_ONCE {
            let fits = |waiting: &Waiting<'w>| {
                let more = self.positions_for(&waiting.demand, &skus);
                kept == 0 || kept.saturating_add(more) <= STOCK_POSITIONS_KEPT_MAX
            };
            let Some(next) = rest.next_if(fits) else { break };
            kept = kept.saturating_add(self.positions_for(&next.demand, &skus)).max(1);
            let tenant = &next.demand.tenant;
            skus.extend(next.demand.lines.iter().map(|line| (tenant.clone(), line.sku.clone())));
            some.push(next);
        }
        some
    }

    /// How many would have to be read for it.
    fn positions_for(&self, demand: &Demand, known: &BTreeSet<(TenantId, Sku)>) -> usize {
        let Some(view) = self.views.get(&demand.tenant) else { return 0 };
        let new = demand.lines.iter().filter(|line| {
            !view.knows_stock_of(&line.sku) && !known.contains(&(demand.tenant.clone(), line.sku.clone()))
        });
        new.count().saturating_mul(view.fleet.len())
    }

    async fn decide<'w, S: Stock + ?Sized>(
        &mut self,
        store: &S,
        some: Vec<Waiting<'w>>,
    ) -> Result<Vec<Decided<'w>>, FlowError> {
        let mut skus: BTreeMap<&TenantId, BTreeSet<&Sku>> = BTreeMap::new();
        for Waiting { demand, .. } in &some {
            skus.entry(&demand.tenant).or_default().extend(demand.lines.iter().map(|line| &line.sku));
        }
        for (tenant, skus) in skus {
            if let Some(view) = self.views.get_mut(tenant) {
                view.stock_up(store, tenant, &skus).await?;
            }
        }
        let mut decided = Vec::with_capacity(some.len());
        for waiting in some {
            if let Some(view) = self.views.get_mut(&waiting.demand.tenant) {
                decided.push(route_one(self.router, view, waiting, self.now));
            }
        }
        Ok(decided)
    }

    /// Counts what was written, tells the stores, and puts the view right where storage refused.
    fn conclude<'w>(&mut self, written: Vec<Written<'w>>) -> Result<Vec<Waiting<'w>>, FlowError> {
        let mut again = Vec::new();
        let (all, mut failed) = (written.len(), 0_usize);
        for Written { decided, given, carried } in written {
            let Decided { mut waiting, parcels, end, .. } = decided;
            let (got, refused) = parcels.split_at_checked(given).unwrap_or((&parcels, &[]));
            for parcel in got {
                self.routed.assigned = self.routed.assigned.saturating_add(1);
                self.router.poke.poke(&waiting.demand.tenant, &parcel.store, "offer");
                waiting.demand.give(&parcel.store, &parcel.lines);
            }
            let gone = match &carried {
                Carried::StockGone(sku) => Some(sku),
                Carried::Out { .. }
                | Carried::OrderMoved
                | Carried::OtherGoods
                | Carried::NotGathered
                | Carried::Failed(_) => None,
            };
            if let Some(view) = self.views.get_mut(&waiting.demand.tenant) {
                for (n, parcel) in refused.iter().enumerate() {
                    view.refused(&parcel.store, gone.filter(|_| n == 0), self.now.utc);
                }
            }
            match carried {
                Carried::Out { withheld } => self.count(&end, withheld),
                Carried::StockGone(_) if waiting.stock_gone < STOCK_GONE_MAX => {
                    waiting.stock_gone = waiting.stock_gone.saturating_add(1);
                    again.push(waiting);
                }
                Carried::OtherGoods => {
                    waiting.others = OtherGoods::Wanted;
                    again.push(waiting);
                }
                Carried::NotGathered => {
                    waiting.may_gather = false;
                    again.push(waiting);
                }
                Carried::StockGone(_) | Carried::OrderMoved => {
                    self.routed.postponed = self.routed.postponed.saturating_add(1);
                }
                Carried::Failed(error) => {
                    failed = failed.saturating_add(1);
                    // Where nothing at all can be written, it is not for the orders.
                    if failed == all {
                        return Err(error);
                    }
                    self.trouble.get_or_insert(error);
                }
            }
        }
        Ok(again)
    }

    const fn count(&mut self, end: &End, withheld: u64) {
        let routed = &mut self.routed;
        routed.withheld = routed.withheld.saturating_add(withheld);
        match end {
            End::Placed => {}
            End::Hold { .. } => routed.held = routed.held.saturating_add(1),
            End::Backorder(_) => routed.backordered = routed.backordered.saturating_add(1),
            End::Gather(_) => {
                routed.gathered = routed.gathered.saturating_add(1);
                // What travels is routed at once.
                routed.more = true;
            }
        }
    }
}
