//! Withdraws offers that nobody accepted in time. Unreleased goods cannot leave, so it is safe to
//! offer them elsewhere at once.

use super::FlowError;
use super::moving::Mover;
use super::route_orders::Router;
use super::standing::{Causes, keep};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::failover::plan::{Cause, Exposed, Lately, Step, plan};
use crate::core::failover::policy::FailoverPolicy;
use crate::ports::fleet::Fleet;
use crate::ports::moves::{MoveOutcome, Moves};
use crate::ports::orders::Orders;
use crate::ports::promises::Promises;
use crate::ports::stock::Stock;
use crate::ports::work::{TaskRow, Work};
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::Now;
use std::collections::BTreeMap;

const TOPIC: &str = "unaccepted";
const OFFERS_MAX: u32 = 500;

/// `period_ms` is the time that a store has to accept: after a step of the wall clock, and after
/// a start, deadlines wait that long once more. What is withdrawn counts towards the pace of all
/// moves. How many were withdrawn.
pub async fn expire_offers<S: Work + Fleet + Orders + Moves + Stock + Promises + ?Sized>(
    store: &S,
    router: &Router<'_>,
    period_ms: i64,
    now: Now,
) -> Result<u32, FlowError> {
    let watch = router.watch;
    if watch.with(|observatory| observatory.deadlines_wait(period_ms, now.mono)) {
        return Ok(0);
    }
    // No offer is given that long. A period of slack, because the replicas' clocks differ a little.
    let beyond = now.utc.plus(period_ms.saturating_mul(2));
    let mut late: BTreeMap<TenantId, Vec<TaskRow>> = BTreeMap::new();
    for row in store.expired_offers(now.utc, beyond, OFFERS_MAX).await? {
        if !watch.with(|observatory| observatory.holds(&row.tenant)) {
            late.entry(row.tenant.clone()).or_default().push(row);
        }
    }
    let mut withdrawn: u32 = 0;
    let mut stay = Causes::new();
    let mut mover = Mover::new(store, router, now);
    for (tenant, rows) in late {
        let lately = store.moved_lately(&tenant, now.utc).await?;
        let policy = router.policy.failover(&tenant);
        for step in steps(&rows, &lately, &policy, now) {
            let task = step.task().clone();
            let outcome = match step {
                Step::Move(leaving) => mover.move_away(leaving, &policy).await?,
                Step::Wait { why, .. } => MoveOutcome::Waits(why),
                Step::Tell { .. } => MoveOutcome::ReleasedAlready,
            };
            match outcome {
                MoveOutcome::Moved => withdrawn = withdrawn.saturating_add(1),
                MoveOutcome::ReleasedAlready => {
                    let stays = rows.iter().find(|row| row.state.task == task).map(unaccepted);
                    stay.extend(stays.map(|stays| ((tenant.clone(), stays.key.clone()), stays)));
                }
                MoveOutcome::Waits(_) | MoveOutcome::Moot => {}
            }
        }
    }
    keep(store, watch, TOPIC, stay, "it no longer waits for an answer", now.utc).await?;
    Ok(withdrawn)
}

/// All of one tenant.
fn steps(rows: &[TaskRow], lately: &Lately, policy: &FailoverPolicy, now: Now) -> Vec<Step> {
    let late = rows.iter().map(|row| Exposed {
        tenant: &row.tenant,
        task: &row.state,
        cause: Cause::NotAccepted,
        why: "did not accept it in time",
        lasts_ms: now.utc.since(row.state.accept_by).max(0),
        lease_ended: true,
    });
    plan(&late.collect::<Vec<_>>(), lately, policy, false)
}

/// Bound to its store, and nobody there has looked at it: a person asks.
fn unaccepted(row: &TaskRow) -> NewException {
    let task = &row.state;
    NewException {
        key: format!("unaccepted:{}", task.task),
        category: Category::Stuck,
        severity: Severity::Medium,
        order: Some(task.order.clone()),
        task: Some(task.task.clone()),
        store: Some(task.store.clone()),
        detail: format!("{} has not accepted {} in time, and it is bound to it", task.store, task.task),
        suggestion: String::from("Ask the store to accept or decline it. It is not moved by itself."),
    }
}

#[cfg(test)]
mod tests;
