//! Who may ask: API keys, enrolment codes and the credentials of replicas. Stored hashed; the
//! caller hashes.

use super::StoreError;
use async_trait::async_trait;
use holdfast_shared::ids::{ApiKeyId, ReplicaId, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Place orders and read their own status: a storefront.
    OrdersWrite,
    OrdersRead,
    FleetRead,
    /// Stores, closures, catalogue, enrolment codes.
    FleetWrite,
    /// Exceptions, cancellations.
    Support,
    /// Draft policies, let them begin, go back, freeze them.
    PolicyWrite,
    /// Agree to what somebody else drafted.
    PolicyApprove,
    /// API keys, and everything else of the tenant.
    Admin,
}

impl Scope {
    pub const ALL: [Self; 8] = [
        Self::OrdersWrite,
        Self::OrdersRead,
        Self::FleetRead,
        Self::FleetWrite,
        Self::Support,
        Self::PolicyWrite,
        Self::PolicyApprove,
        Self::Admin,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrdersWrite => "orders_write",
            Self::OrdersRead => "orders_read",
            Self::FleetRead => "fleet_read",
            Self::FleetWrite => "fleet_write",
            Self::Support => "support",
            Self::PolicyWrite => "policy_write",
            Self::PolicyApprove => "policy_approve",
            Self::Admin => "admin",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    pub key: ApiKeyId,
    pub tenant: TenantId,
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    /// It sees this store and its orders alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    pub created_at: UtcMs,
    pub revoked_at: Option<UtcMs>,
}

/// An enrolled agent installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaIdentity {
    pub tenant: TenantId,
    pub store: StoreId,
    pub replica: ReplicaId,
}

#[async_trait]
pub trait Access: Send + Sync {
    async fn create_api_key(&self, key: ApiKey, token_hash: [u8; 32]) -> Result<(), StoreError>;
    /// None when unknown or revoked.
    async fn api_key(&self, token_hash: [u8; 32]) -> Result<Option<ApiKey>, StoreError>;
    async fn api_keys(&self, tenant: &TenantId) -> Result<Vec<ApiKey>, StoreError>;
    /// With which the tokens of the tenant's customers are signed; none until there was one.
    async fn order_token_key(&self, tenant: &TenantId) -> Result<Option<[u8; 32]>, StoreError>;
    /// The one that there is, or else this one.
    async fn make_order_token_key(&self, tenant: &TenantId, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;
    async fn revoke_api_key(&self, tenant: &TenantId, key: &ApiKeyId, now: UtcMs)
    -> Result<bool, StoreError>;

    async fn offer_enrolment(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        code_hash: [u8; 32],
        until: UtcMs,
    ) -> Result<(), StoreError>;
    /// Uses up the code and creates the next replica (`{store}-a`, `{store}-b`, ...) of its store.
    /// None when the code is unknown, used or past its time.
    async fn enrol(
        &self,
        code_hash: [u8; 32],
        secret_hash: [u8; 32],
        box_name: Option<&str>,
        now: UtcMs,
    ) -> Result<Option<ReplicaIdentity>, StoreError>;
    async fn replica_by_secret(&self, secret_hash: [u8; 32]) -> Result<Option<ReplicaIdentity>, StoreError>;
}
