//! The reconciler that finds nodes for open units. It takes no input: whatever has no node is
//! routed, whoever woke it. Two that run at once do no harm: the assignment is one conditional
//! write.
//!
//! Many orders are decided from stock that was read once, less what the run has given away since, and
//! are written together; while some are written, the next are decided. What storage refuses is decided
//! again from fresh stock.

use super::date_backorders::exception;
use super::fleet_view::FleetView;
use super::in_force::Steers;
use super::{FlowError, Watch};
use crate::core::carriers::CarrierPolicy;
use crate::core::routing::Guide;
use crate::core::routing::decision::{Choice, Decision, Demand, Parcel};
use crate::core::routing::kept::keep;
use crate::core::routing::policy::RoutingPolicy;
use crate::core::stock::withheld::Withheld;
use crate::ports::backorders::Backorders;
use crate::ports::fleet::Fleet;
use crate::ports::gatherings::{Gatherings, NewGathering};
use crate::ports::poke::Poke;
use crate::ports::promises::Promises;
use crate::ports::stock::{OrderWithout, Stock};
use crate::ports::substitutions::Substitutions;
use crate::ports::work::{Assignment, Work};
use carry_out::OtherGoods;
use holdfast_shared::ids::{DecisionId, TenantId};
use holdfast_shared::limits::DEMANDS_MAX;
use holdfast_shared::time::{Now, UtcMs};
use rounds::{Run, Waiting};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod carry_out;
mod late;
mod rounds;

/// Backordered lines are tried this often although nothing that would help was heard of.
const BACKORDER_RETRY_MS: i64 = 5 * 60_000;
/// How often one order is routed again because its stock went while it was decided.
const STOCK_GONE_MAX: u32 = 3;
/// A node that opens is judged open a little later.
const HOLD_GRACE_MS: i64 = 60_000;

/// What routing needs of storage.
pub trait Goods: Work + Fleet + Stock + Promises + Substitutions + Backorders + Gatherings {}

impl<S: Work + Fleet + Stock + Promises + Substitutions + Backorders + Gatherings + ?Sized> Goods for S {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Routed {
    pub assigned: u32,
    pub backordered: u32,
    /// Lines that other goods stand in for now.
    pub substituted: u32,
    /// Lines about which customers are asked.
    pub proposed: u32,
    /// Waiting for a better node that opens soon.
    pub held: u32,
    /// Coming together at one store first.
    pub gathered: u32,
    /// Left for the next run: the order or its stock moved meanwhile.
    pub postponed: u32,
    /// Units that were kept back somewhere while their order went farther away, or nowhere.
    pub withheld: u64,
    /// More may wait: run again at once.
    pub more: bool,
}

/// What routing needs beside the store.
pub struct Router<'a> {
    pub watch: &'a Watch,
    pub poke: &'a dyn Poke,
    pub policy: &'a dyn Steers,
    /// Ids for decisions; random, so passed in.
    pub decision_id: &'a (dyn Fn() -> DecisionId + Send + Sync),
}

impl std::fmt::Debug for Router<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router").finish_non_exhaustive()
    }
}

/// What was decided about an order, and not written yet.
struct Decided<'a> {
    waiting: Waiting<'a>,
    /// One for each parcel, in the order in which they are to be written.
    parcels: Vec<Parcel>,
    assignments: Vec<Assignment>,
    /// What they leave open.
    left: Demand,
    end: End,
    /// Nobody can bring what is left by the promised date.
    lost: bool,
}

/// What becomes of an order when all its assignments are written.
enum End {
    /// No unit is open.
    Placed,
    Hold {
        decision: Box<Decision>,
        until: UtcMs,
    },
    Backorder(Box<Decision>),
    /// It comes together at one store first.
    Gather(Box<NewGathering>),
}

pub async fn route_orders<S: Goods + ?Sized>(
    store: &S,
    router: &Router<'_>,
    now: Now,
) -> Result<Routed, FlowError> {
    let demands = store.demands(DEMANDS_MAX, now.utc.plus(-BACKORDER_RETRY_MS), now.utc).await?;
    let full = u32::try_from(demands.len()).unwrap_or(u32::MAX) >= DEMANDS_MAX;
    let tenants: BTreeSet<TenantId> = demands.iter().map(|demand| demand.tenant.clone()).collect();
    let carriers: BTreeMap<TenantId, Arc<CarrierPolicy>> =
        tenants.iter().map(|tenant| (tenant.clone(), router.policy.carriers(tenant))).collect();
    let mut views = BTreeMap::new();
    for tenant in tenants {
        let view = FleetView::load(store, router.watch, router.policy, &tenant).await?;
        views.insert(tenant, view);
    }
    let policies: Vec<Arc<RoutingPolicy>> =
        demands.iter().map(|demand| router.policy.routing(demand)).collect();
    // A name is that of one version of a tenant: made ready once, however many follow it.
    let mut guides: BTreeMap<TenantId, BTreeMap<&str, Guide<'_>>> = BTreeMap::new();
    for (demand, policy) in demands.iter().zip(&policies) {
        if let Some(carriers) = carriers.get(&demand.tenant) {
            let of_tenant = guides.entry(demand.tenant.clone()).or_default();
            let ready = || Guide::of(policy).with_carriers(carriers);
            of_tenant.entry(policy.name.as_str()).or_insert_with(ready);
        }
    }
    let waiting = demands.into_iter().zip(&policies).filter_map(|(demand, policy)| {
        let guide = guides.get(&demand.tenant)?.get(policy.name.as_str())?;
        Some(Waiting {
            demand,
            guide,
            stock_gone: 0,
            others: OtherGoods::Untried,
            may_gather: true,
            withheld: Vec::new(),
        })
    });
    let mut run = Run::new(router, views, now);
    let mut waiting: Vec<Waiting<'_>> = waiting.collect();
    while !waiting.is_empty() {
        waiting = run.round(store, waiting).await?;
    }
    let mut routed = run.over()?;
    // A run that could place nothing would find the same again.
    let moved = [routed.assigned, routed.backordered, routed.held, routed.proposed];
    routed.more |= full && moved.iter().any(|count| *count > 0);
    Ok(routed)
}

/// Plan by plan, until no unit is open or nobody takes the rest. Nothing of it is written yet.
fn route_one<'w>(
    router: &Router<'_>,
    view: &mut FleetView,
    mut waiting: Waiting<'w>,
    now: Now,
) -> Decided<'w> {
    let mut left = waiting.demand.clone();
    let (mut parcels, mut assignments) = (Vec::new(), Vec::new());
    let mut end = End::Placed;
    while !left.lines.is_empty() {
        view.lay_out(&left, now.utc);
        let mut decision = view.decide(waiting.guide, &left, router.decision_id, now.utc);
        decision.inputs = keep(&left, &view.fleet, &decision).map(Arc::new);
        if let Some(new) = waiting.plans_to_gather(view, &left, &decision, now) {
            view.gathers(&left, &new.gather, now.utc);
            end = End::Gather(Box::new(new));
            break;
        }
        waiting.withheld.extend(view.withheld(&left, &decision.choice));
        let plan = match &decision.choice {
            Choice::Assign(plan) => plan.clone(),
            Choice::Hold { until, .. } => {
                let until = until.plus(HOLD_GRACE_MS);
                end = End::Hold { decision: Box::new(decision), until };
                break;
            }
            Choice::Backorder { .. } => {
                end = End::Backorder(Box::new(decision));
                break;
            }
        };
        // Parcel by parcel, each with a fence of its own.
        let copies = std::iter::repeat_n(decision, plan.parcels.len());
        for (parcel, decision) in plan.parcels.into_iter().zip(copies) {
            let mut assignment = assignment(&left, view, router.policy, &parcel, decision, now);
            assignment.accept_by = accept_by(view, &assignment, now);
            assignments.push(assignment);
            view.packed(&left, &parcel, now.utc);
            left.give(&parcel.store, &parcel.lines);
            parcels.push(parcel);
        }
    }
    let lost = match &end {
        End::Placed => false,
        End::Gather(new) => waiting.guide.gathers_late(&left, &view.fleet, &new.gather),
        End::Hold { .. } | End::Backorder(_) => late::is_lost(router, &view.fleet, &left, now),
    };
    Decided { waiting, parcels, assignments, left, end, lost }
}

async fn note_withheld<S: Stock + ?Sized>(
    store: &S,
    demand: &Demand,
    withheld: Vec<Withheld>,
    now: Now,
) -> Result<u64, FlowError> {
    if withheld.is_empty() {
        return Ok(0);
    }
    let (order, channel) = (demand.order.clone(), demand.channel.clone());
    let without = OrderWithout { order, channel, withheld };
    Ok(store.note_withheld(&demand.tenant, &without, now.utc).await?)
}

pub(super) fn assignment(
    demand: &Demand,
    view: &FleetView,
    policy: &dyn Steers,
    parcel: &Parcel,
    decision: Decision,
    now: Now,
) -> Assignment {
    Assignment {
        tenant: demand.tenant.clone(),
        order: demand.order.clone(),
        release_point: view.release_point(&parcel.store, demand.kind),
        store: parcel.store.clone(),
        kind: demand.kind,
        lines: parcel.lines.clone(),
        assignments: demand.assignments,
        accept_by: now.utc.plus(view.accept_within_ms(policy, demand, &parcel.store)),
        promise_by: demand.promise_by,
        note: demand.note.clone(),
        decision,
        journey: parcel.journey.clone(),
    }
}

/// Units of a class that is wanted by many are not held for long by a store that does not answer.
fn accept_by(view: &FleetView, assignment: &Assignment, now: Now) -> UtcMs {
    let ttl_ms = view.hold_ttl_ms(&assignment.store, &assignment.lines);
    ttl_ms.map_or(assignment.accept_by, |ttl_ms| assignment.accept_by.min(now.utc.plus(ttl_ms)))
}

async fn backorder<S: Goods + ?Sized>(
    store: &S,
    demand: &Demand,
    decision: &Decision,
    now: Now,
) -> Result<(), FlowError> {
    store.backorder(demand, decision, now).await?;
    let awaited = store.awaited(&demand.tenant, &demand.order).await?;
    let raised = exception(&demand.order, demand.pickup_store.clone(), &decision.words, &awaited);
    store.raise(&demand.tenant, &raised, now.utc).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
