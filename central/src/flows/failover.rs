//! Moves work away from stores that are dark or closed hard. Each recall decides once more,
//! against a release, in its own transaction; the plan only says what to try.

use super::standing::{Causes, keep};
use super::{FlowError, Watch};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::failover::{Exposed, Stays, Step, plan};
use crate::core::health::StoreKey;
use crate::ports::fleet::Fleet;
use crate::ports::poke::Poke;
use crate::ports::work::{RecallOutcome, TaskRow, Work};
use holdfast_shared::ids::TaskId;
use holdfast_shared::time::Now;
use std::collections::BTreeMap;

const TOPIC: &str = "released";
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
    let mut stay = Causes::new();
    for (key, why) in &failing {
        let tasks = store.open_tasks(Some(&key.tenant), Some(&key.store), TASKS_MAX).await?;
        for step in steps(watch, &tasks, why, now) {
            if let Some(exception) = take(store, poke, key, step, now, &mut done).await? {
                stay.insert((key.tenant.clone(), exception.key.clone()), exception);
            }
        }
    }
    // While the observer is suspected, what is not planned is not over.
    if !watch.with(|observatory| observatory.frozen()) {
        let over = "the store can be reached again, or has answered";
        done.told = keep(store, watch, TOPIC, stay, over, now.utc).await?;
    }
    Ok(done)
}

/// Planned with what the observatory holds now: it may have frozen since the run began.
fn steps(watch: &Watch, tasks: &[TaskRow], why: &str, now: Now) -> Vec<Step> {
    watch.with(|observatory| {
        let lease_ended = |row: &TaskRow| {
            let key = StoreKey::new(row.tenant.clone(), row.state.store.clone());
            observatory.lease_ended(&key, now.mono)
        };
        let open: Vec<Exposed<'_>> = tasks
            .iter()
            .map(|row| Exposed { tenant: &row.tenant, task: &row.state, why, lease_ended: lease_ended(row) })
            .collect();
        plan(&open, observatory.failing(), observatory.frozen())
    })
}

/// What a person must know of it, if it stays.
async fn take<S: Work + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    key: &StoreKey,
    step: Step,
    now: Now,
    done: &mut FailedOver,
) -> Result<Option<NewException>, FlowError> {
    match step {
        Step::Tell { task, stays, detail, .. } => Ok(Some(stays_exception(key, &task, stays, detail))),
        Step::Recall { tenant, task, fence, reason } => {
            match store.recall(&tenant, &task, fence, &reason, now).await? {
                RecallOutcome::Recalled => {
                    poke.poke(&tenant, &key.store, "recall");
                    done.recalled = done.recalled.saturating_add(1);
                    Ok(None)
                }
                RecallOutcome::Moot => Ok(None),
                RecallOutcome::ReleasedAlready => {
                    Ok(Some(stays_exception(key, &task, Stays::Released, reason)))
                }
            }
        }
    }
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
