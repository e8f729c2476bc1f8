//! Lines that wait for goods, and what is said of when they come.

use super::{Page, PageRequest, StoreError};
use crate::core::backorder::{Awaited, Dated, Expected, Queue, Standing};
use crate::core::order_terms::Priority;
use async_trait::async_trait;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Actor, LineNo, OrderId, Sku, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One line that waits for goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Backorder {
    pub order: OrderId,
    pub line: LineNo,
    pub sku: Sku,
    /// Those that wait.
    pub units: i64,
    /// In the queue of the SKU; 1 is next.
    pub place: u64,
    pub units_ahead: i64,
    /// Of the order; a higher one is served first.
    pub priority: Priority,
    pub placed_at: UtcMs,
    /// By when the customer was told that they may come.
    pub expected_at: Option<UtcMs>,
    pub reference: Option<String>,
    pub channel: String,
    pub kind: FulfilmentKind,
}

/// Of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantQueue {
    pub tenant: TenantId,
    pub queue: Queue,
    /// A line of it has a date and waits no more.
    pub stale: bool,
}

#[async_trait]
pub trait Backorders: Send + Sync {
    /// Replaces what was expected of the SKU before.
    async fn put_expected(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        expected: &[Expected],
        by: &Actor,
        now: UtcMs,
    ) -> Result<(), StoreError>;
    /// What has not come and is not over, the earliest first.
    async fn expected(&self, tenant: &TenantId, sku: &Sku, now: UtcMs) -> Result<Vec<Expected>, StoreError>;
    async fn queue_of(&self, tenant: &TenantId, sku: &Sku, now: UtcMs) -> Result<TenantQueue, StoreError>;
    /// SKUs that somebody waits for and that have a date, or should have: a bounded number of them, after
    /// the one that is named.
    async fn queues(
        &self,
        after: Option<&(TenantId, Sku)>,
        now: UtcMs,
    ) -> Result<Vec<TenantQueue>, StoreError>;
    /// In one transaction: the dates, the timelines and the events of those that changed. A line that
    /// waits no more has no date. How many were told.
    async fn tell_dates(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        dated: &[Dated],
        now: UtcMs,
    ) -> Result<u32, StoreError>;
    /// The lines of an order that wait for goods.
    async fn awaited(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Awaited>, StoreError>;
    /// Where those lines stand. It reads the queues of their SKUs: for who looks at one order.
    async fn standings(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Standing>, StoreError>;
    /// Who is served next first.
    async fn backorders(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Backorder>, StoreError>;
}
