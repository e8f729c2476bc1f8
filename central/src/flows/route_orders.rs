//! The reconciler that finds nodes for open units. It takes no input: whatever has no node is
//! routed, whoever woke it. Two that run at once do no harm: the assignment is one conditional
//! write.

use super::{FlowError, Watch};
use crate::core::eligibility::Eligibility;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::fleet::StoreRecord;
use crate::core::health::observatory::key_of;
use crate::core::routing::decision::{Choice, Decision, Demand, DemandLine, Node};
use crate::core::routing::policy::RoutingPolicy;
use crate::core::routing::route;
use crate::ports::fleet::{Fleet, StorePosition};
use crate::ports::poke::Poke;
use crate::ports::work::{AssignOutcome, Assignment, Work};
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::ids::{DecisionId, Sku, StoreId, TenantId};
use holdfast_shared::time::Now;
use std::collections::{BTreeMap, BTreeSet};

/// Demands of one run; the caller runs again while `more`.
const DEMANDS_MAX: u32 = 200;
/// Backordered lines are tried this often although nothing that would help was heard of.
const BACKORDER_RETRY_MS: i64 = 5 * 60_000;
/// How often one order is routed again because its stock went while it was decided.
const STOCK_GONE_MAX: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Routed {
    pub assigned: u32,
    pub backordered: u32,
    /// Left for the next run: the order or its stock moved meanwhile.
    pub postponed: u32,
    /// More may wait: run again at once.
    pub more: bool,
}

/// What routing needs beside the store.
pub struct Router<'a> {
    pub watch: &'a Watch,
    pub poke: &'a dyn Poke,
    pub policy: &'a RoutingPolicy,
    /// Ids for decisions; random, so passed in.
    pub decision_id: &'a (dyn Fn() -> DecisionId + Send + Sync),
}

impl std::fmt::Debug for Router<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router").field("policy", &self.policy.name).finish_non_exhaustive()
    }
}

pub async fn route_orders<S: Work + Fleet + ?Sized>(
    store: &S,
    router: &Router<'_>,
    now: Now,
) -> Result<Routed, FlowError> {
    let demands = store.demands(DEMANDS_MAX, now.utc.plus(-BACKORDER_RETRY_MS), now.utc).await?;
    let full = u32::try_from(demands.len()).unwrap_or(u32::MAX) >= DEMANDS_MAX;
    let mut routed = Routed::default();
    let tenants: BTreeSet<TenantId> = demands.iter().map(|demand| demand.tenant.clone()).collect();
    let mut views = BTreeMap::new();
    for tenant in tenants {
        let view = FleetView::load(store, router.watch, &tenant).await?;
        views.insert(tenant, view);
    }
    for demand in demands {
        if let Some(view) = views.get_mut(&demand.tenant) {
            route_one(store, router, view, demand, now, &mut routed).await?;
        }
    }
    // A run that could place nothing would find the same again.
    routed.more = full && routed.assigned.saturating_add(routed.backordered) > 0;
    Ok(routed)
}

/// The nodes of one tenant as this run knows them.
struct FleetView {
    nodes: Vec<(StoreRecord, Eligibility)>,
}

impl FleetView {
    async fn load<S: Fleet + ?Sized>(store: &S, watch: &Watch, tenant: &TenantId) -> Result<Self, FlowError> {
        let records = store.stores(Some(tenant)).await?;
        let nodes = watch.with(|observatory| {
            records
                .into_iter()
                .map(|record| {
                    let known = observatory.eligibility(&key_of(&record)).cloned();
                    (record, known.unwrap_or_else(Eligibility::unknown))
                })
                .collect()
        });
        Ok(Self { nodes })
    }

    fn nodes(&self, positions: &[StorePosition]) -> Vec<Node> {
        let mut available: BTreeMap<&StoreId, BTreeMap<Sku, i64>> = BTreeMap::new();
        for position in positions {
            let of_store = available.entry(&position.store).or_default();
            of_store.insert(position.sku.clone(), position.available);
        }
        self.nodes
            .iter()
            .map(|(record, eligibility)| Node {
                store: record.store.clone(),
                eligibility: eligibility.clone(),
                open_tasks: record.open_tasks,
                available: available.get(&record.store.store).cloned().unwrap_or_default(),
            })
            .collect()
    }

    fn took_one(&mut self, store: &StoreId) {
        if let Some((record, _)) = self.nodes.iter_mut().find(|(record, _)| record.store.store == *store) {
            record.open_tasks = record.open_tasks.saturating_add(1);
        }
    }

    fn release_point(&self, store: &StoreId, kind: FulfilmentKind) -> ReleasePoint {
        match kind {
            // Bound to its store, and never moved by silence.
            FulfilmentKind::Pickup => ReleasePoint::Offered,
            FulfilmentKind::Ship | FulfilmentKind::Delivery => self
                .nodes
                .iter()
                .find(|(record, _)| record.store.store == *store)
                .map_or(ReleasePoint::Packed, |(record, _)| record.store.release_point),
        }
    }
}

/// Node by node, until no line is open or nobody takes the rest.
async fn route_one<S: Work + Fleet + ?Sized>(
    store: &S,
    router: &Router<'_>,
    view: &mut FleetView,
    mut demand: Demand,
    now: Now,
    routed: &mut Routed,
) -> Result<(), FlowError> {
    let mut stock_gone = 0;
    while !demand.lines.is_empty() {
        let skus: Vec<Sku> = demand.lines.iter().map(|line| line.sku.clone()).collect();
        let positions = store.positions(&demand.tenant, &skus).await?;
        let nodes = view.nodes(&positions);
        let decision = route(&demand, &nodes, router.policy, (router.decision_id)(), now.utc);
        let Choice::Assign { store: chosen, lines, .. } = decision.choice.clone() else {
            backorder(store, &demand, &decision, now).await?;
            routed.backordered = routed.backordered.saturating_add(1);
            return Ok(());
        };
        let assignment =
            assignment(&demand, view, router.policy, chosen.clone(), lines.clone(), decision, now);
        match store.assign(&assignment, now).await? {
            AssignOutcome::Assigned { .. } => {
                routed.assigned = routed.assigned.saturating_add(1);
                router.poke.poke(&demand.tenant, &chosen, "offer");
                view.took_one(&chosen);
                demand.lines.retain(|line| !lines.contains(line));
                demand.assignments = demand.assignments.saturating_add(1);
            }
            AssignOutcome::StockGone { .. } if stock_gone < STOCK_GONE_MAX => {
                stock_gone = stock_gone.saturating_add(1);
            }
            AssignOutcome::StockGone { .. } | AssignOutcome::OrderMoved => {
                routed.postponed = routed.postponed.saturating_add(1);
                return Ok(());
            }
        }
    }
    store.settle(&demand.tenant, &backorder_key(&demand), "a node took it", now.utc).await?;
    Ok(())
}

fn assignment(
    demand: &Demand,
    view: &FleetView,
    policy: &RoutingPolicy,
    store: StoreId,
    lines: Vec<DemandLine>,
    decision: Decision,
    now: Now,
) -> Assignment {
    Assignment {
        tenant: demand.tenant.clone(),
        order: demand.order.clone(),
        release_point: view.release_point(&store, demand.kind),
        store,
        kind: demand.kind,
        lines,
        assignments: demand.assignments,
        accept_by: now.utc.plus(policy.accept_within_ms),
        promise_by: demand.promise_by,
        note: demand.note.clone(),
        decision,
    }
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
