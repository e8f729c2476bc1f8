//! Orders that come together at one store before they go out.

use super::StoreError;
use crate::core::fleet::Place;
use crate::core::gathering::{Gathering, GatheringNow};
use crate::core::routing::decision::{Decision, Demand, Gather};
use async_trait::async_trait;
use holdfast_shared::ids::{OrderId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;

/// A decision to gather an order.
#[derive(Debug, Clone, PartialEq)]
pub struct NewGathering {
    /// As it was read.
    pub demand: Demand,
    pub gather: Gather,
    /// Where the store is.
    pub place: Place,
    pub decision: Decision,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatherOutcome {
    /// The order by which the goods travel is placed.
    Begun { child: OrderId },
    /// A position no longer allows it: decide again with fresh stock.
    StockGone { sku: Sku },
    /// The order moved on since the demand was read.
    OrderMoved,
    /// It was gathered before, carries goods to a gathering itself, or wants a SKU there that is in escrow.
    Refused,
}

/// How many gatherings were ended; a step is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GatheringsEnded {
    pub ended: u32,
    pub more: bool,
}

#[async_trait]
pub trait Gatherings: Send + Sync {
    /// One transaction: what the store has is set aside there, what others send is set aside at them for an
    /// order of its own, the decision is saved, and the order is not routed until it ends.
    async fn gather(&self, new: &NewGathering, now: UtcMs) -> Result<GatherOutcome, StoreError>;
    /// That of this order, or the one that its goods travel for.
    async fn gathering(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<Gathering>, StoreError>;
    /// What comes together now, at most as many as a store is told; at one store with what was late there
    /// and may still come.
    async fn gatherings_now(
        &self,
        tenant: &TenantId,
        store: Option<&StoreId>,
        now: UtcMs,
    ) -> Result<Vec<GatheringNow>, StoreError>;
    /// Ends those whose time is up, and those that nothing more comes for. What has not left is asked back;
    /// of what left and did not come a person is told.
    async fn end_gatherings_over(&self, now: UtcMs) -> Result<GatheringsEnded, StoreError>;
    /// Where orders are gathered now.
    async fn gathering_stores(&self) -> Result<Vec<(TenantId, StoreId)>, StoreError>;
    /// Ends those at a store that serves nobody now. Pickups stay: they are bound to it.
    async fn end_gatherings_at(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        now: UtcMs,
    ) -> Result<GatheringsEnded, StoreError>;
}
