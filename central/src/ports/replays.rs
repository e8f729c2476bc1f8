//! What is on record of orders, to be replayed.

use super::StoreError;
use crate::core::replay::record::{Past, Pick};
use async_trait::async_trait;
use holdfast_shared::ids::{OrderId, TenantId};
use holdfast_shared::time::UtcMs;

/// One decision by its place in the record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecisionAt {
    pub at: UtcMs,
    /// Among those of the same time.
    pub sequence: i64,
    pub order: OrderId,
}

#[async_trait]
pub trait Replays: Send + Sync {
    /// Orders placed from `from` until before `until`, the oldest first.
    async fn orders_placed(
        &self,
        tenant: &TenantId,
        from: UtcMs,
        until: UtcMs,
        limit: u32,
    ) -> Result<Vec<OrderId>, StoreError>;
    /// Those of these orders that there are.
    async fn known_orders(&self, tenant: &TenantId, orders: &[OrderId]) -> Result<Vec<OrderId>, StoreError>;
    /// When these orders were decided, in no order that matters.
    async fn decision_times(
        &self,
        tenant: &TenantId,
        orders: &[OrderId],
    ) -> Result<Vec<DecisionAt>, StoreError>;
    /// In the order that was asked for; one that is gone by now is left out.
    async fn past_decisions(&self, tenant: &TenantId, sequences: &[i64]) -> Result<Vec<Past>, StoreError>;
    /// What was found at the shelves by the tasks of these orders.
    async fn picks(&self, tenant: &TenantId, orders: &[OrderId]) -> Result<Vec<Pick>, StoreError>;
}
