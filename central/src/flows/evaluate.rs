//! Judges every store anew, on a tick and on a change; keeps the history; raises and settles what
//! a person should know of the observer and of drift.

use super::standing::{Causes, keep};
use super::{FlowError, Watch};
use crate::core::eligibility::{Reason, Standing};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::health::clocks::wrong_clocks;
use crate::core::health::freeze::Observer;
use crate::core::health::observatory::{Evaluation, Observatory};
use crate::ports::fleet::{EligibilityChange, Fleet};
use crate::ports::leases::Leases;
use crate::ports::vetoes::{Peer, Vetoes};
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::Now;
use std::collections::BTreeSet;

const OBSERVER: &str = "observer";
const DRIFT: &str = "drift";
const CLOCK: &str = "clock";

/// How this replica is called among those of central; there is one of it yet.
const REPLICA: &str = "central";

pub async fn evaluate<S: Fleet + Leases + Vetoes + ?Sized>(
    store: &S,
    watch: &Watch,
    now: Now,
) -> Result<Evaluation, FlowError> {
    if !watch.with(|observatory| observatory.leases.are_known()) {
        let written = store.granted().await?;
        watch.with(|observatory| observatory.leases.begin(written, now.mono));
    }
    let peers = store.peers(REPLICA).await?;
    watch.with(|observatory| {
        let words = peers.iter().map(|peer| (peer.replica.as_str(), peer.frozen, peer.said_at));
        observatory.peers.hear(words, now.utc);
    });
    let changed = store.changed_stores(watch.with(|observatory| observatory.read_up_to)).await?;
    let (evaluation, observer, drift, clocks) = watch.with(|observatory| {
        if observatory.eligibilities().is_empty() {
            // The process before this one may have left it open.
            let tenants: BTreeSet<_> = changed.records.iter().map(|record| record.tenant.clone()).collect();
            for tenant in tenants {
                observatory.note_raised(OBSERVER, (tenant, OBSERVER.to_owned()));
            }
        }
        let evaluation = observatory.evaluate(&changed.records, now);
        observatory.read_up_to = changed.up_to;
        (evaluation, frozen(observatory), drifting(observatory), wrong_clocks(observatory))
    });
    say(store, watch, now).await?;
    record(store, watch).await?;
    keep(store, watch, OBSERVER, observer, "stores are heard again", now.utc).await?;
    keep(store, watch, DRIFT, drift, "the stock digests are equal again", now.utc).await?;
    keep(store, watch, CLOCK, clocks, "the clocks agree again", now.utc).await?;
    Ok(evaluation)
}

/// The other replicas should know whether this one trusts its ear.
async fn say<S: Vetoes + ?Sized>(store: &S, watch: &Watch, now: Now) -> Result<(), FlowError> {
    let frozen = watch.with(|observatory| {
        let frozen = observatory.frozen();
        observatory.peers.has_to_say(frozen, now.mono).then_some(frozen)
    });
    let Some(frozen) = frozen else { return Ok(()) };
    let said = store.say(&Peer { replica: REPLICA.to_owned(), frozen, said_at: now.utc }).await;
    if said.is_err() {
        watch.with(|observatory| observatory.peers.was_not_heard());
    }
    Ok(said?)
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

/// Every tenant is told that nothing of it fails over.
fn frozen(observatory: &Observatory) -> Causes {
    let detail = match observatory.book.observer() {
        Observer::Watching => return Causes::new(),
        Observer::Frozen { silent, alive, .. } => format!(
            "{silent} of {alive} stores fell silent at once: central's own network or broker is suspected, \
             health is held at last known and nothing fails over"
        ),
        Observer::Deaf { .. } => String::from(
            "central's own word does not come back through the broker: what is silent may be central's own \
             ear, health is held at last known and nothing fails over",
        ),
    };
    let exception = NewException {
        key: OBSERVER.to_owned(),
        category: Category::ObserverFrozen,
        severity: Severity::High,
        order: None,
        task: None,
        store: None,
        detail,
        suggestion: String::from(
            "Check the broker and central's uplink. It ends by itself when stores are heard.",
        ),
    };
    let tenants: BTreeSet<TenantId> =
        observatory.eligibilities().keys().map(|key| key.tenant.clone()).collect();
    tenants.into_iter().map(|tenant| ((tenant, OBSERVER.to_owned()), exception.clone())).collect()
}

/// Stores whose stock has differed for several beats: a single unequal one may be a race.
fn drifting(observatory: &Observatory) -> Causes {
    let lasting = |reason: &&Reason| reason.signal == DRIFT && reason.standing == Standing::Ineligible;
    let stores = observatory.eligibilities().iter();
    stores
        .filter_map(|(key, eligibility)| Some((key, eligibility.reasons.iter().find(lasting)?)))
        .map(|(key, reason)| {
            let exception = NewException {
                key: format!("{DRIFT}:{}", key.store),
                category: Category::Drift,
                severity: Severity::High,
                order: None,
                task: None,
                store: Some(key.store.clone()),
                detail: format!("{}: {}", key.store, reason.words),
                suggestion: String::from(
                    "Run holdfast-agent doctor at the store, and have the SKUs in question counted.",
                ),
            };
            ((key.tenant.clone(), exception.key.clone()), exception)
        })
        .collect()
}

#[cfg(test)]
mod tests;
