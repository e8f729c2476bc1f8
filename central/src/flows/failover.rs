//! Moves work away from stores that are dark or closed hard. Each recall decides once more,
//! against a release, in its own transaction; the plan only says what to try.

use super::{FlowError, Watch};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::failover::{Exposed, Stays, Step, plan};
use crate::core::health::StoreKey;
use crate::ports::fleet::Fleet;
use crate::ports::poke::Poke;
use crate::ports::work::{RecallOutcome, TaskRow, Work};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::ids::{StoreId, TaskId, TenantId};
use holdfast_shared::time::Now;
use std::collections::BTreeMap;

/// Tasks of one store that one run looks at.
const TASKS_MAX: u32 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FailedOver {
    /// Their lines are open again and wait for routing.
    pub recalled: u32,
    /// Exceptions raised about work that must stay.
    pub told: u32,
}

pub async fn fail_over<S: Work + Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    poke: &dyn Poke,
    now: Now,
) -> Result<FailedOver, FlowError> {
    let failing: BTreeMap<StoreKey, String> = watch.with(|observatory| {
        let why = |key: &StoreKey| observatory.eligibility(key).map_or("", |e| e.why()).to_owned();
        observatory.failing().keys().map(|key| (key.clone(), why(key))).collect()
    });
    let mut done = FailedOver::default();
    for (key, why) in &failing {
        let tasks = store.open_tasks(Some(&key.tenant), Some(&key.store), TASKS_MAX).await?;
        for step in steps(watch, &tasks, why, now) {
            take(store, watch, poke, key, step, now, &mut done).await?;
        }
    }
    Ok(done)
}

/// Planned with what the observatory holds now: it may have frozen since the run began.
fn steps(watch: &Watch, tasks: &[TaskRow], why: &str, now: Now) -> Vec<Step> {
    let open: Vec<Exposed<'_>> =
        tasks.iter().map(|row| Exposed { tenant: &row.tenant, task: &row.state, why }).collect();
    watch.with(|observatory| {
        let lease_ms = observatory.policy.lease_ms;
        plan(&open, observatory.failing(), observatory.frozen(), lease_ms, now.mono)
    })
}

async fn take<S: Work + Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    poke: &dyn Poke,
    key: &StoreKey,
    step: Step,
    now: Now,
    done: &mut FailedOver,
) -> Result<(), FlowError> {
    let (task, stays, detail) = match step {
        Step::Tell { task, stays, detail, .. } => (task, stays, detail),
        Step::Recall { tenant, task, fence, reason } => {
            match recall(store, poke, &tenant, &key.store, &task, fence, &reason, now).await? {
                RecallOutcome::Recalled => {
                    done.recalled = done.recalled.saturating_add(1);
                    return Ok(());
                }
                RecallOutcome::Moot => return Ok(()),
                RecallOutcome::ReleasedAlready => (task, Stays::Released, reason),
            }
        }
    };
    let exception = stays_exception(key, &task, stays, detail);
    if watch.with(|observatory| observatory.tell_once(key, &exception.key)) {
        store.raise(&key.tenant, &exception, now.utc).await?;
        done.told = done.told.saturating_add(1);
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "a recall names all of it")]
async fn recall<S: Work + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    tenant: &TenantId,
    node: &StoreId,
    task: &TaskId,
    fence: Fence,
    reason: &str,
    now: Now,
) -> Result<RecallOutcome, FlowError> {
    let outcome = store.recall(tenant, task, fence, reason, now).await?;
    if outcome == RecallOutcome::Recalled {
        poke.poke(tenant, node, "recall");
    }
    Ok(outcome)
}

fn stays_exception(key: &StoreKey, task: &TaskId, stays: Stays, detail: String) -> NewException {
    let (severity, suggestion) = match stays {
        Stays::Released => (
            Severity::High,
            "Reach the store by telephone: were the goods handed over? Its own answer arrives when it is back.",
        ),
        Stays::Pickup => (
            Severity::Medium,
            "Tell the customer to wait, or agree a cancellation. It goes on when the store is back.",
        ),
    };
    NewException {
        key: format!("released:{task}"),
        category: Category::ReleasedAtDarkStore,
        severity,
        order: None,
        task: Some(task.clone()),
        store: Some(key.store.clone()),
        detail,
        suggestion: suggestion.to_owned(),
    }
}

#[cfg(test)]
mod tests;
