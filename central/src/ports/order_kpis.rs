//! How orders did, as it was added up, and what waits.

use super::StoreError;
use crate::core::kpis::Tally;
use crate::core::kpis::orders::{Measured, OrdersBy, Toil, WaitingIn};
use crate::core::stock::report::Day;
use async_trait::async_trait;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;

/// From the first day to the last, both counted. What has no channel or source has an empty name.
#[async_trait]
pub trait OrderKpis: Send + Sync {
    async fn order_measures(
        &self,
        tenant: &TenantId,
        by: OrdersBy,
        days: (Day, Day),
    ) -> Result<Vec<Measured>, StoreError>;
    /// How routing did with them.
    async fn order_tallies(
        &self,
        tenant: &TenantId,
        by: OrdersBy,
        days: (Day, Day),
    ) -> Result<Vec<(String, Tally)>, StoreError>;
    /// What did not agree, and what people did about orders.
    async fn order_toil(
        &self,
        tenant: &TenantId,
        by: OrdersBy,
        from: UtcMs,
        until: UtcMs,
    ) -> Result<Vec<Toil>, StoreError>;
    /// What waits now, and since when.
    async fn what_waits(&self, tenant: &TenantId, now: UtcMs) -> Result<Vec<WaitingIn>, StoreError>;
}
