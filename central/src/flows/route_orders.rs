//! The reconciler that finds nodes for open units. It takes no input: whatever has no node is
//! routed, whoever woke it. Two that run at once do no harm: the assignment is one conditional
//! write.

use super::fleet_view::FleetView;
use super::in_force::Steers;
use super::shelves::Offering;
use super::{FlowError, Watch};
use crate::core::carriers::CarrierPolicy;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::routing::Guide;
use crate::core::routing::decision::{Choice, Decision, Demand, Parcel, Plan, Recorded};
use crate::core::routing::policy::RoutingPolicy;
use crate::core::stock::withheld::Withheld;
use crate::ports::fleet::Fleet;
use crate::ports::poke::Poke;
use crate::ports::promises::Promises;
use crate::ports::stock::{OrderWithout, Stock};
use crate::ports::work::{AssignOutcome, Assignment, Work};
use holdfast_shared::ids::{DecisionId, TenantId};
use holdfast_shared::time::{Now, UtcMs};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Demands of one run; the caller runs again while `more`.
const DEMANDS_MAX: u32 = 200;
/// Backordered lines are tried this often although nothing that would help was heard of.
const BACKORDER_RETRY_MS: i64 = 5 * 60_000;
/// How often one order is routed again because its stock went while it was decided.
const STOCK_GONE_MAX: u32 = 3;
/// A node that opens is judged open a little later.
const HOLD_GRACE_MS: i64 = 60_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Routed {
    pub assigned: u32,
    pub backordered: u32,
    /// Waiting for a better node that opens soon.
    pub held: u32,
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

/// One run, over all that waits by one policy.
struct Run<'a> {
    router: &'a Router<'a>,
    guide: &'a Guide<'a>,
    now: Now,
}

pub async fn route_orders<S: Work + Fleet + Stock + Promises + ?Sized>(
    store: &S,
    router: &Router<'_>,
    now: Now,
) -> Result<Routed, FlowError> {
    let demands = store.demands(DEMANDS_MAX, now.utc.plus(-BACKORDER_RETRY_MS), now.utc).await?;
    let full = u32::try_from(demands.len()).unwrap_or(u32::MAX) >= DEMANDS_MAX;
    let mut routed = Routed::default();
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
    for (demand, policy) in demands.into_iter().zip(&policies) {
        let guide = guides.get(&demand.tenant).and_then(|guides| guides.get(policy.name.as_str()));
        if let (Some(view), Some(guide)) = (views.get_mut(&demand.tenant), guide) {
            route_one(store, &Run { router, guide, now }, view, demand, &mut routed).await?;
        }
    }
    // A run that could place nothing would find the same again.
    routed.more = full && routed.assigned.saturating_add(routed.backordered).saturating_add(routed.held) > 0;
    Ok(routed)
}

/// Plan by plan, until no unit is open or nobody takes the rest.
async fn route_one<S: Work + Fleet + Stock + Promises + ?Sized>(
    store: &S,
    run: &Run<'_>,
    view: &mut FleetView,
    mut demand: Demand,
    routed: &mut Routed,
) -> Result<(), FlowError> {
    let now = run.now;
    let mut stock_gone = 0;
    let mut withheld = Vec::new();
    while !demand.lines.is_empty() {
        let offering = view.restock(store, &demand, now.utc).await?;
        let shelves = offering.shelves(&demand);
        let mut decision = view.decide(run.guide, &demand, shelves, run.router.decision_id, now.utc);
        decision.inputs = Some(Box::new(Recorded::of(&demand, &view.fleet, &decision)));
        withheld.extend(offering.withheld(&demand, &view.fleet, &decision.choice));
        let plan = match &decision.choice {
            Choice::Assign(plan) => plan.clone(),
            Choice::Hold { until, .. } => {
                store.hold(&demand, &decision, until.plus(HOLD_GRACE_MS), now).await?;
                routed.held = routed.held.saturating_add(1);
                return Ok(());
            }
            Choice::Backorder { .. } => {
                backorder(store, &demand, &decision, now).await?;
                routed.backordered = routed.backordered.saturating_add(1);
                return note_withheld(store, &demand, withheld, now, routed).await;
            }
        };
        match carry_out(store, run, view, &mut demand, (&plan, &decision, &offering), routed).await? {
            Carried::Out => {}
            Carried::StockGone if stock_gone < STOCK_GONE_MAX => stock_gone = stock_gone.saturating_add(1),
            Carried::StockGone | Carried::OrderMoved => {
                routed.postponed = routed.postponed.saturating_add(1);
                return Ok(());
            }
        }
    }
    store.settle(&demand.tenant, &backorder_key(&demand), "a node took it", now.utc).await?;
    note_withheld(store, &demand, withheld, now, routed).await
}

async fn note_withheld<S: Stock + ?Sized>(
    store: &S,
    demand: &Demand,
    withheld: Vec<Withheld>,
    now: Now,
    routed: &mut Routed,
) -> Result<(), FlowError> {
    if withheld.is_empty() {
        return Ok(());
    }
    let (order, channel) = (demand.order.clone(), demand.channel.clone());
    let without = OrderWithout { order, channel, withheld };
    let units = store.note_withheld(&demand.tenant, &without, now.utc).await?;
    routed.withheld = routed.withheld.saturating_add(units);
    Ok(())
}

/// How far a plan came.
enum Carried {
    Out,
    /// What is left is routed again, with the stock as it is then.
    StockGone,
    OrderMoved,
}

/// Parcel by parcel, each with a fence of its own.
async fn carry_out<S: Work + Fleet + Stock + ?Sized>(
    store: &S,
    run: &Run<'_>,
    view: &mut FleetView,
    demand: &mut Demand,
    (plan, decision, offering): (&Plan, &Decision, &Offering),
    routed: &mut Routed,
) -> Result<Carried, FlowError> {
    for parcel in &plan.parcels {
        let mut assignment = assignment(demand, view, run.router.policy, parcel, decision.clone(), run.now);
        assignment.accept_by = accept_by(offering, &assignment, run.now);
        match store.assign(&assignment, run.now).await? {
            AssignOutcome::Assigned { .. } => {
                routed.assigned = routed.assigned.saturating_add(1);
                run.router.poke.poke(&demand.tenant, &parcel.store, "offer");
                view.gave(demand, &parcel.store, |sku| parcel.lines.iter().any(|line| line.sku == *sku));
                demand.take(&parcel.lines);
                demand.assignments = demand.assignments.saturating_add(1);
            }
            AssignOutcome::StockGone { .. } => return Ok(Carried::StockGone),
            AssignOutcome::OrderMoved => return Ok(Carried::OrderMoved),
        }
    }
    Ok(Carried::Out)
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
fn accept_by(offering: &Offering, assignment: &Assignment, now: Now) -> UtcMs {
    let ttl_ms = offering.hold_ttl_ms(&assignment.store, &assignment.lines);
    ttl_ms.map_or(assignment.accept_by, |ttl_ms| assignment.accept_by.min(now.utc.plus(ttl_ms)))
}

fn backorder_key(demand: &Demand) -> String {
    format!("backorder:{}", demand.order)
}

async fn backorder<S: Work + Fleet + ?Sized>(
    store: &S,
    demand: &Demand,
    decision: &Decision,
    now: Now,
) -> Result<(), FlowError> {
    store.backorder(demand, decision, now).await?;
    let exception = NewException {
        key: backorder_key(demand),
        category: Category::Backorder,
        severity: Severity::Medium,
        order: Some(demand.order.clone()),
        task: None,
        store: demand.pickup_store.clone(),
        detail: decision.words.clone(),
        suggestion: String::from(
            "It is routed again when stock comes in or a node is back. Or agree another article, or a \
             cancellation, with the customer.",
        ),
    };
    store.raise(&demand.tenant, &exception, now.utc).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
