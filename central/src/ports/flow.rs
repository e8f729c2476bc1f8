//! Which way orders went, as it is on record, and summed by day.

use super::StoreError;
use crate::core::kpis::flow::{FlowBy, Standing, Step, Summed};
use crate::core::order::OrderState;
use crate::core::stock::report::Day;
use async_trait::async_trait;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;

#[async_trait]
pub trait OrderFlow: Send + Sync {
    /// Adds the next steps to the sums, at most so many, in one transaction. None are left when it gives none.
    async fn sum_up_steps(&self, limit: u32) -> Result<Vec<Step>, StoreError>;
    /// Forgets the sums, which are then added up from the first step on.
    async fn forget_flow(&self) -> Result<(), StoreError>;
    /// From the first day to the last, both counted.
    async fn flow(&self, tenant: &TenantId, by: FlowBy, days: (Day, Day)) -> Result<Vec<Summed>, StoreError>;
    /// Orders that stand in one of these states now, and how many of them were placed by then.
    async fn orders_now(
        &self,
        tenant: &TenantId,
        states: &[OrderState],
        placed_before: UtcMs,
    ) -> Result<Vec<Standing>, StoreError>;
}
