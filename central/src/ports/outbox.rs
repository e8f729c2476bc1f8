//! Events written with the state, and published afterwards.

use super::StoreError;
use async_trait::async_trait;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;

pub use crate::core::events::stored::OutboxEvent;

/// What is kept of a tenant's events: their first number and their newest, or zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outline {
    pub first: u64,
    pub newest: u64,
}

#[async_trait]
pub trait Outbox: Send + Sync {
    async fn unpublished(&self, limit: u32) -> Result<Vec<OutboxEvent>, StoreError>;
    async fn published(&self, up_to: u64, now: UtcMs) -> Result<(), StoreError>;
    /// Newest first: what just happened, for the console.
    async fn recent_events(&self, tenant: &TenantId, limit: u32) -> Result<Vec<OutboxEvent>, StoreError>;
    /// In the order in which they were written, after this number.
    async fn events_after(
        &self,
        tenant: &TenantId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<OutboxEvent>, StoreError>;
    async fn event(&self, tenant: &TenantId, sequence: u64) -> Result<Option<OutboxEvent>, StoreError>;
    async fn outline(&self, tenant: &TenantId) -> Result<Outline, StoreError>;
}
