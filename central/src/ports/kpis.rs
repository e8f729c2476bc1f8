//! How routing does, as it was counted with what was written.

use super::StoreError;
use crate::core::kpis::{By, Slice, Tally};
use crate::core::stock::report::Day;
use async_trait::async_trait;
use holdfast_shared::ids::TenantId;

#[async_trait]
pub trait RoutingKpis: Send + Sync {
    /// From the first day to the last, both counted: most units first, at most as many as asked for.
    async fn routing_slices(
        &self,
        tenant: &TenantId,
        by: By,
        days: (Day, Day),
        limit: u32,
    ) -> Result<Vec<Slice>, StoreError>;
    /// The same by day; days on which nothing happened are left out.
    async fn routing_days(
        &self,
        tenant: &TenantId,
        days: (Day, Day),
    ) -> Result<Vec<(Day, Tally)>, StoreError>;
}
