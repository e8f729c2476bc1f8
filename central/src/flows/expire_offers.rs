//! Withdraws offers that nobody accepted in time. Unreleased goods cannot leave, so it is safe to
//! offer them elsewhere at once.

use super::standing::{Causes, keep};
use super::{FlowError, Watch};
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::fleet::Fleet;
use crate::ports::poke::Poke;
use crate::ports::work::{RecallOutcome, TaskRow, Work};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::time::Now;

const TOPIC: &str = "unaccepted";
const OFFERS_MAX: u32 = 500;

/// `period_ms` is the time that a store has to accept: after a step of the wall clock, and after
/// a start, deadlines wait that long once more. How many were withdrawn.
pub async fn expire_offers<S: Work + Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    poke: &dyn Poke,
    period_ms: i64,
    now: Now,
) -> Result<u32, FlowError> {
    if watch.with(|observatory| observatory.frozen() || observatory.deadlines_wait(period_ms, now.mono)) {
        return Ok(0);
    }
    // No offer is given that long. A period of slack, because the replicas' clocks differ a little.
    let beyond = now.utc.plus(period_ms.saturating_mul(2));
    let mut withdrawn: u32 = 0;
    let mut stay = Causes::new();
    for row in store.expired_offers(now.utc, beyond, OFFERS_MAX).await? {
        let task = &row.state;
        let outcome = match task.kind {
            FulfilmentKind::Pickup => RecallOutcome::ReleasedAlready,
            FulfilmentKind::Ship | FulfilmentKind::Delivery => {
                let reason = format!("{} did not accept it in time", task.store);
                store.recall(&row.tenant, &task.task, task.fence, &reason, now).await?
            }
        };
        match outcome {
            RecallOutcome::Recalled => {
                poke.poke(&row.tenant, &task.store, "recall");
                withdrawn = withdrawn.saturating_add(1);
            }
            RecallOutcome::ReleasedAlready => {
                let exception = unaccepted(&row);
                stay.insert((row.tenant.clone(), exception.key.clone()), exception);
            }
            RecallOutcome::Moot => {}
        }
    }
    keep(store, watch, TOPIC, stay, "it no longer waits for an answer", now.utc).await?;
    Ok(withdrawn)
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
