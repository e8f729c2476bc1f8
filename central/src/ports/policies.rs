//! Versions of policies, their history, and who may change what now. Each step is decided again in
//! the transaction that writes it.

use super::{Page, PageRequest, StoreError};
use crate::core::policy::document::PolicyHash;
use crate::core::policy::version::{PolicyEvent, PolicyFreeze, PolicyRecord, PolicyVersion, Refusal, Step};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, SkuClass, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeSet;

/// A policy that was checked, to be kept as a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPolicy {
    /// As its author wrote it, with comments.
    pub text: String,
    pub canonical: String,
    pub hash: PolicyHash,
    pub author: Actor,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    pub record: PolicyRecord,
    pub text: String,
    pub canonical: String,
}

/// What a tenant's decisions follow; of those without one the built-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub tenant: TenantId,
    pub version: PolicyVersion,
    pub canonical: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stepped {
    /// None: no version is in force any more, but what was built in.
    Done(Option<PolicyRecord>),
    Refused(Refusal),
    Unknown,
}

#[async_trait]
pub trait Policies: Send + Sync {
    /// Keeps a draft under the tenant's next number, with its first entry of the history.
    async fn draft_policy(
        &self,
        tenant: &TenantId,
        policy: &NewPolicy,
        now: UtcMs,
    ) -> Result<PolicyRecord, StoreError>;
    async fn policy(
        &self,
        tenant: &TenantId,
        version: PolicyVersion,
    ) -> Result<Option<StoredPolicy>, StoreError>;
    /// Newest first.
    async fn policies(&self, tenant: &TenantId, page: &PageRequest)
    -> Result<Page<PolicyRecord>, StoreError>;
    /// Of every tenant that has one.
    async fn policies_in_force(&self) -> Result<Vec<InForce>, StoreError>;
    /// One step of one version, with its entry of the history; the version that was in force retires
    /// in the same transaction. Going back to version 0 leaves none in force.
    async fn step_policy(
        &self,
        tenant: &TenantId,
        version: PolicyVersion,
        step: &Step,
        now: UtcMs,
    ) -> Result<Stepped, StoreError>;
    /// Those that are to begin by now, the earliest first, with the step as it was asked for.
    async fn due_policies(
        &self,
        now: UtcMs,
        limit: u32,
    ) -> Result<Vec<(TenantId, PolicyVersion, Step)>, StoreError>;

    /// The newest freeze, which may be over.
    async fn policy_freeze(&self, tenant: &TenantId) -> Result<Option<PolicyFreeze>, StoreError>;
    /// Not when one is in force that lasts longer: a freeze is made longer by this, and never shorter.
    async fn freeze_policies(&self, tenant: &TenantId, freeze: &PolicyFreeze) -> Result<bool, StoreError>;
    /// Ends the freeze that is in force. Whether there was one.
    async fn thaw_policies(
        &self,
        tenant: &TenantId,
        by: &Actor,
        reason: &str,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    /// Newest first; nothing of it ever changes.
    async fn policy_history(
        &self,
        tenant: &TenantId,
        page: &PageRequest,
    ) -> Result<Page<PolicyEvent>, StoreError>;

    /// The classes that articles of the catalogue have, as far as a policy can name them.
    async fn sku_classes(&self, tenant: &TenantId) -> Result<BTreeSet<SkuClass>, StoreError>;
}
