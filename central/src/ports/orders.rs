//! Orders in, and what is known of them.

use super::{Page, PageRequest, StoreError};
use crate::core::fences::FenceStep;
use crate::core::order::{Order, OrderEvent, OrderRequest, OrderState};
use crate::core::routing::decision::{Decision, Recorded};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, IdempotencyKey, OrderId, TenantId, TraceId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::Upstream;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq)]
pub struct NewOrder {
    pub tenant: TenantId,
    pub order: OrderId,
    pub request: OrderRequest,
    pub key: IdempotencyKey,
    pub request_hash: [u8; 32],
    pub actor: Actor,
    pub trace: TraceId,
    /// Whose request it came from; none when the trace began here.
    pub upstream: Option<Upstream>,
    /// How long before it an order of the same customer and goods makes it a possible duplicate; 0: never.
    pub duplicate_within_ms: i64,
    pub now: UtcMs,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    New,
    /// The same key and request came before, and became this order.
    Replayed {
        order: OrderId,
        trace: TraceId,
    },
    /// The same key came before with another request.
    KeyReused,
}

/// One entry of some order's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Activity {
    /// Grows over all orders.
    pub entry: u64,
    pub order: OrderId,
    #[serde(flatten)]
    pub event: OrderEvent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelOutcome {
    /// What had no node is cancelled at once; stores that have work are asked.
    Requested {
        cancelled_units: i64,
        asked_stores: u32,
    },
    Unknown,
    /// Nothing is left to cancel.
    TooLate(OrderState),
}

#[async_trait]
pub trait Orders: Send + Sync {
    /// Order, first event, outbox and idempotency record in one transaction.
    async fn place(&self, order: NewOrder) -> Result<Placed, StoreError>;
    async fn order(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<Order>, StoreError>;
    async fn orders(
        &self,
        tenant: &TenantId,
        states: &[OrderState],
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError>;
    async fn count_orders(&self, tenant: &TenantId) -> Result<BTreeMap<OrderState, u64>, StoreError>;
    async fn timeline(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<OrderEvent>, StoreError>;
    /// Newest first, of all the tenant's orders: what just happened, in words.
    async fn activity(&self, tenant: &TenantId, limit: u32) -> Result<Vec<Activity>, StoreError>;
    async fn decisions(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Decision>, StoreError>;
    /// Its decisions with what each was made from, as far as that is kept.
    async fn recorded(
        &self,
        tenant: &TenantId,
        order: &OrderId,
    ) -> Result<Vec<(Decision, Option<Recorded>)>, StoreError>;
    /// Who had it under which fence, oldest first, as far as the facts are still kept.
    async fn fences(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<FenceStep>, StoreError>;
    /// A request: units without a node end now, units at a store when the store answers.
    async fn cancel(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        reason: &str,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<CancelOutcome, StoreError>;
}
