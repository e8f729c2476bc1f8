//! Whom central trusts: keys of its API, codes of enrolment, secrets of replicas.

use super::{Ram, Result, not_here};
use crate::ports::access::{Access, ApiKey, ReplicaIdentity};
use async_trait::async_trait;
use holdfast_shared::ids::{ApiKeyId, StoreId, TenantId};
use holdfast_shared::time::UtcMs;

#[async_trait]
impl Access for Ram {
    async fn create_api_key(&self, _: ApiKey, _: [u8; 32]) -> Result<()> {
        not_here()
    }
    async fn api_key(&self, _: [u8; 32]) -> Result<Option<ApiKey>> {
        not_here()
    }
    async fn api_keys(&self, _: &TenantId) -> Result<Vec<ApiKey>> {
        not_here()
    }
    async fn order_token_key(&self, _: &TenantId) -> Result<Option<[u8; 32]>> {
        not_here()
    }
    async fn make_order_token_key(&self, _: &TenantId, _: [u8; 32]) -> Result<[u8; 32]> {
        not_here()
    }
    async fn revoke_api_key(&self, _: &TenantId, _: &ApiKeyId, _: UtcMs) -> Result<bool> {
        not_here()
    }
    async fn offer_enrolment(&self, _: &TenantId, _: &StoreId, code: [u8; 32], _: UtcMs) -> Result<()> {
        self.done(|done| done.codes.push(code));
        Ok(())
    }
    async fn enrol(
        &self,
        code: [u8; 32],
        _: [u8; 32],
        _: Option<&str>,
        _: UtcMs,
    ) -> Result<Option<ReplicaIdentity>> {
        let known = self.done(|done| {
            done.codes.iter().position(|offered| *offered == code).map(|at| done.codes.remove(at))
        });
        Ok(known.and_then(|_| self.told(|told| told.enrolment.clone())))
    }
    async fn replica_by_secret(&self, _: [u8; 32]) -> Result<Option<ReplicaIdentity>> {
        not_here()
    }
}
