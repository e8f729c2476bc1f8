//! Events written with the state, and published afterwards.

use super::StoreError;
use async_trait::async_trait;
use holdfast_shared::ids::{IdempotencyKey, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboxEvent {
    pub sequence: u64,
    pub tenant: TenantId,
    /// `OrderPlaced`, `OrderAllocated`, `OrderReopened`, `InventoryAdjusted`, ...
    pub kind: String,
    /// Events of one key keep their order: an order, or store and SKU.
    pub key: String,
    /// create, update, compensate or confirm.
    pub class: String,
    pub at: UtcMs,
    pub body: serde_json::Value,
    /// The key under which the order was placed that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_key: Option<IdempotencyKey>,
}

#[async_trait]
pub trait Outbox: Send + Sync {
    async fn unpublished(&self, limit: u32) -> Result<Vec<OutboxEvent>, StoreError>;
    async fn published(&self, up_to: u64, now: UtcMs) -> Result<(), StoreError>;
    /// Newest first: what just happened, for the console.
    async fn recent_events(&self, tenant: &TenantId, limit: u32) -> Result<Vec<OutboxEvent>, StoreError>;
}
