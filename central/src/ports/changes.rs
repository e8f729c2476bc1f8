//! What customers change of their orders, and what they cancel of them.

use super::StoreError;
use crate::core::order::OrderState;
use crate::core::order_change::{CannotChange, ChangeRequest, LineUnits};
use crate::core::shares::Totals;
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, IdempotencyKey, LineNo, OrderId, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    Change(Box<ChangeRequest>),
    /// Without lines all of it: what a store has in hand ends when that store answers.
    Cancel {
        lines: Vec<LineUnits>,
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewChange {
    pub tenant: TenantId,
    pub order: OrderId,
    pub key: IdempotencyKey,
    pub request_hash: [u8; 32],
    pub wish: Wish,
    pub actor: Actor,
    pub now: UtcMs,
}

/// What was done. The same wish under the same key gets it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeDone {
    pub order: OrderId,
    /// Counted within the order.
    pub change: u32,
    pub state: OrderState,
    /// Units that were taken off.
    #[serde(default)]
    pub cancelled: Vec<LineUnits>,
    /// Lines that came on top.
    #[serde(default)]
    pub added: Vec<LineNo>,
    /// Stores that had the work and had not begun: the rest of it is routed anew. Of a cancellation of all of it,
    /// stores that are asked to stop.
    #[serde(default)]
    pub recalled: u32,
    /// What the order comes to, where all prices are known.
    #[serde(default)]
    pub totals: Option<Totals>,
    #[serde(default)]
    pub totals_before: Option<Totals>,
}

/// One entry of an order's record of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderChange {
    pub at: UtcMs,
    pub actor: Actor,
    /// Nothing personal.
    pub words: String,
    #[serde(flatten)]
    pub done: ChangeDone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// The stores are to be woken.
    Done {
        done: ChangeDone,
        stores: Vec<StoreId>,
    },
    Replayed(ChangeDone),
    /// The key came before with another wish.
    KeyReused,
    Cannot(CannotChange),
    /// Nothing is left to cancel.
    TooLate(OrderState),
    /// Central was restored, and stores are asked first.
    Held,
    Unknown,
}

#[async_trait]
pub trait Changes: Send + Sync {
    /// As a whole or not at all, in one transaction with its key.
    async fn change_order(&self, change: NewChange) -> Result<ChangeOutcome, StoreError>;
    /// Oldest first, as far as they are kept.
    async fn changes_of_order(
        &self,
        tenant: &TenantId,
        order: &OrderId,
    ) -> Result<Vec<OrderChange>, StoreError>;
}
