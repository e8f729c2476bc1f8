//! What a launch looks at in storage: orders in flight, the books of orders, integrations, the ways back
//! that were taken. All of it is bounded: the newest count.

use super::StoreError;
use crate::core::exception::Category;
use crate::core::launch::postlaunch::{Counts, Raised};
use crate::core::launch::preflight::{ChannelSeen, StoreSeen};
use crate::core::launch::reconcile::OrderFacts;
use crate::core::launch::rollback::Flight;
use crate::core::policy::version::PolicyVersion;
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, ApiKeyId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Orders that followed one version, by the newest decisions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecidedBy {
    pub orders: u64,
    /// Those whose goods have left.
    pub left: u64,
    /// The newest of them, one by one.
    pub facts: Vec<OrderFacts>,
}

/// A way back that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RollbackRecord {
    pub from: PolicyVersion,
    /// As decisions record it.
    #[schema(example = "v3 5f1c0b7a9e22")]
    pub from_policy: String,
    pub to: PolicyVersion,
    pub to_policy: String,
    pub actor: Actor,
    pub reason: String,
    pub at: UtcMs,
    /// The newest saved decision before it; those after it should follow `to`.
    #[serde(skip)]
    pub decisions_from: i64,
}

/// The newest orders since then, counted and one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrdersSince {
    pub counts: Counts,
    pub facts: Vec<OrderFacts>,
}

#[async_trait]
pub trait Launch: Send + Sync {
    async fn in_flight(&self, tenant: &TenantId) -> Result<Vec<Flight>, StoreError>;
    /// By the name that decisions record.
    async fn decided_by(&self, tenant: &TenantId, policy: &str) -> Result<DecidedBy, StoreError>;
    /// As it was taken; the newest decision is read where it is written.
    async fn record_rollback(&self, tenant: &TenantId, taken: &RollbackRecord) -> Result<(), StoreError>;
    async fn newest_rollback(&self, tenant: &TenantId) -> Result<Option<RollbackRecord>, StoreError>;
    /// Decisions that were saved after this one, by policy.
    async fn decisions_since(
        &self,
        tenant: &TenantId,
        after: i64,
    ) -> Result<BTreeMap<String, u64>, StoreError>;

    /// Through which keys orders came, of the newest.
    async fn channels_seen(&self, tenant: &TenantId) -> Result<Vec<ChannelSeen>, StoreError>;
    /// A key that is not there is not noted.
    async fn note_key_use(&self, tenant: &TenantId, key: &ApiKeyId, now: UtcMs) -> Result<(), StoreError>;
    async fn key_uses(&self, tenant: &TenantId) -> Result<BTreeMap<ApiKeyId, UtcMs>, StoreError>;
    async fn store_boxes(&self, tenant: &TenantId) -> Result<Vec<StoreSeen>, StoreError>;
    /// Open exceptions, of one kind or of all, counted up to a limit.
    async fn open_exceptions(&self, tenant: &TenantId, category: Option<Category>)
    -> Result<u64, StoreError>;

    async fn orders_since(&self, tenant: &TenantId, since: UtcMs) -> Result<OrdersSince, StoreError>;
    async fn raised_since(&self, tenant: &TenantId, since: UtcMs) -> Result<Vec<Raised>, StoreError>;
}
