//! One sync round: facts both ways, and a sign of life whatever became of MQTT.

use super::digest::{compare_newest, heed_sync};
use super::hear::hear_by_sync;
use super::{FlowError, Watch};
use crate::core::health::StoreKey;
use crate::ports::access::ReplicaIdentity;
use crate::ports::leases::Leases;
use crate::ports::poke::Poke;
use crate::ports::replication::{Exchanged, Replication};
use holdfast_shared::error::Code;
use holdfast_shared::time::Now;
use holdfast_shared::wire::sync::SyncRequest;

/// The caller wakes routing when `stock_grew` or tasks changed.
pub async fn exchange<S: Replication + Leases + ?Sized>(
    store: &S,
    watch: &Watch,
    poke: &dyn Poke,
    (replica, address): (&ReplicaIdentity, Option<&str>),
    request: &SyncRequest,
    now: Now,
) -> Result<Exchanged, FlowError> {
    if request.store != replica.store || request.replica != replica.replica {
        watch.with(|observatory| {
            observatory.counts.foreign = observatory.counts.foreign.saturating_add(1);
        });
        let what = format!("this credential is of {}, not of {}", replica.replica, request.replica);
        return Err(FlowError::refused(Code::Forbidden, what));
    }
    let mut exchanged = store.exchange(replica, address, request, now).await?;
    let key = StoreKey::new(replica.tenant.clone(), replica.store.clone());
    if exchanged.response.quarantined.is_some() {
        watch.with(|observatory| observatory.keep_apart(&key, &request.boot));
    }
    // A box that does not speak for its replica is no sign of life of the store, and has no lease.
    if exchanged.response.quarantined.is_some() || exchanged.response.superseded.is_some() {
        return Ok(exchanged);
    }
    let siblings = watch.with(|observatory| {
        observatory.book.note_sync(&key, now.mono);
        observatory.record(&key).is_some_and(|record| record.enrolled_replicas > 1)
    });
    heed_sync(watch, &key, &exchanged.digests, now.mono);
    exchanged.response.lease_ms = lease(store, watch, &key, now).await?;
    if let Some(json) = &request.health {
        hear_by_sync(store, watch, replica, json, now).await?;
    } else if exchanged.new_facts > 0 {
        compare_newest(store, watch, &key, &replica.replica, now.mono).await?;
    }
    if siblings && exchanged.new_facts > 0 {
        poke.poke(&replica.tenant, &replica.store, "facts of another replica");
    }
    Ok(exchanged)
}

/// How long the store may count on keeping the work that it accepted, written down by now.
async fn lease<S: Leases + ?Sized>(
    store: &S,
    watch: &Watch,
    key: &StoreKey,
    now: Now,
) -> Result<u64, FlowError> {
    let (lease_ms, unwritten) = watch.with(|observatory| observatory.grant_lease(key, now));
    if unwritten {
        store.grant(key, lease_ms).await?;
        watch.with(|observatory| observatory.leases.note_written(key, lease_ms));
    }
    Ok(u64::try_from(lease_ms).unwrap_or_default())
}

#[cfg(test)]
mod tests;
