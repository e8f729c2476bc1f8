//! Sync of the store in memory: it answers as it was told, and counts how often digests are read.

use super::{Ram, Result, not_here};
use crate::ports::access::ReplicaIdentity;
use crate::ports::replication::{Exchanged, Replication, StoreDigest};
use async_trait::async_trait;
use holdfast_shared::ids::{FactId, StoreId, TenantId};
use holdfast_shared::time::Now;
use holdfast_shared::wire::sync::SyncRequest;

#[async_trait]
impl Replication for Ram {
    async fn exchange(
        &self,
        _: &ReplicaIdentity,
        _: Option<&str>,
        _: &SyncRequest,
        _: Now,
    ) -> Result<Exchanged> {
        Ok(self.told(|told| told.exchanged.clone()).unwrap())
    }
    async fn missing_intents(&self, _: &TenantId, _: &StoreId, _: &[FactId]) -> Result<Vec<FactId>> {
        not_here()
    }
    async fn digests(&self, _: &TenantId, _: &StoreId) -> Result<Vec<StoreDigest>> {
        self.done(|done| done.digest_reads += 1);
        Ok(self.told(|told| told.digests.clone()))
    }
}
