//! Which parts of policies mattered, counted with each decision, and whose word there is about a version.

use super::StoreError;
use crate::core::launch::coverage::Used;
use crate::core::launch::sign_off::{Refusal, SignOff};
use crate::core::policy::version::PolicyVersion;
use crate::core::stock::report::Day;
use async_trait::async_trait;
use holdfast_shared::ids::TenantId;

#[async_trait]
pub trait Coverage: Send + Sync {
    /// Since that day, by the name of the policy that decisions record.
    async fn uses(&self, tenant: &TenantId, policy: &str, from: Day) -> Result<Vec<Used>, StoreError>;
    /// Whether a word may be added is decided again where it is written. All of them then.
    async fn sign_off(
        &self,
        tenant: &TenantId,
        version: PolicyVersion,
        word: &SignOff,
    ) -> Result<Result<Vec<SignOff>, Refusal>, StoreError>;
    /// Oldest first.
    async fn sign_offs(&self, tenant: &TenantId, version: PolicyVersion) -> Result<Vec<SignOff>, StoreError>;
}
