//! Judges every store anew, on a tick and on a change; keeps the history; raises and settles what
//! a person should know of the observer and of drift.

use super::{FlowError, Watch};
use crate::core::eligibility::{Eligibility, Standing};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::health::freeze::Turn;
use crate::core::health::observatory::{Change, Evaluation};
use crate::ports::fleet::{EligibilityChange, Fleet};
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::{Now, UtcMs};
use std::collections::BTreeSet;

const OBSERVER: &str = "observer";

pub async fn evaluate<S: Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    now: Now,
) -> Result<Evaluation, FlowError> {
    let records = store.stores(None).await?;
    let evaluation = watch.with(|observatory| observatory.evaluate(&records, now));
    if let Some(turn) = evaluation.looked.turn {
        let tenants: BTreeSet<&TenantId> = records.iter().map(|record| &record.tenant).collect();
        for tenant in tenants {
            tell_turn(store, tenant, turn, now.utc).await?;
        }
    }
    record(store, watch).await?;
    for change in &evaluation.changes {
        follow(store, watch, change, now.utc).await?;
    }
    Ok(evaluation)
}

/// What could not be written stays for the next run.
async fn record<S: Fleet + ?Sized>(store: &S, watch: &Watch) -> Result<(), FlowError> {
    let mut changes = watch.with(|observatory| observatory.take_unrecorded());
    while let Some(change) = changes.pop_front() {
        let row = EligibilityChange {
            at: change.at,
            store: change.key.store.clone(),
            eligibility: change.after.clone(),
        };
        if let Err(error) = store.record_eligibility(&change.key.tenant, &row).await {
            changes.push_front(change);
            watch.with(|observatory| observatory.put_back(changes));
            return Err(error.into());
        }
    }
    Ok(())
}

async fn tell_turn<S: Fleet + ?Sized>(
    store: &S,
    tenant: &TenantId,
    turn: Turn,
    now: UtcMs,
) -> Result<(), FlowError> {
    match turn {
        Turn::Froze { silent, alive } => {
            let exception = NewException {
                key: OBSERVER.to_owned(),
                category: Category::ObserverFrozen,
                severity: Severity::High,
                order: None,
                task: None,
                store: None,
                detail: format!(
                    "{silent} of {alive} stores fell silent at once: central's own network or broker is \
                     suspected, health is held at last known and nothing fails over"
                ),
                suggestion: String::from(
                    "Check the broker and central's uplink. It ends by itself when stores are heard.",
                ),
            };
            store.raise(tenant, &exception, now).await?;
        }
        Turn::Thawed { frozen_ms } => {
            let words = format!("stores are heard again after {} s", frozen_ms / 1000);
            store.settle(tenant, OBSERVER, &words, now).await?;
        }
    }
    Ok(())
}

async fn follow<S: Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    change: &Change,
    now: UtcMs,
) -> Result<(), FlowError> {
    let key = &change.key;
    let drift_key = format!("drift:{}", key.store);
    let drifted_before = change.before.as_ref().and_then(drift).is_some();
    match drift(&change.after) {
        Some(words) if !drifted_before => {
            let exception = NewException {
                key: drift_key,
                category: Category::Drift,
                severity: Severity::High,
                order: None,
                task: None,
                store: Some(key.store.clone()),
                detail: format!("{}: {words}", key.store),
                suggestion: String::from(
                    "Run holdfast-agent doctor at the store, and have the SKUs in question counted.",
                ),
            };
            store.raise(&key.tenant, &exception, now).await?;
        }
        None if drifted_before => {
            store.settle(&key.tenant, &drift_key, "the stock digests are equal again", now).await?;
        }
        Some(_) | None => {}
    }
    let was_failing = change.before.as_ref().is_some_and(|before| before.fail_over);
    if was_failing && !change.after.fail_over {
        for told in watch.with(|observatory| observatory.take_told(key)) {
            store.settle(&key.tenant, &told, "the store can be reached again", now).await?;
        }
    }
    Ok(())
}

/// Drift that lasted: a single unequal beat may be a race.
fn drift(eligibility: &Eligibility) -> Option<&str> {
    eligibility
        .reasons
        .iter()
        .find(|reason| reason.signal == "drift" && reason.standing == Standing::Ineligible)
        .map(|reason| reason.words.as_str())
}

#[cfg(test)]
mod tests;
