//! Promises to carts, the units set aside for them, and whether promised dates were kept.

use super::StoreError;
use crate::core::fleet::Handling;
use crate::core::promise::{PromiseChange, PromiseOption};
use async_trait::async_trait;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{OrderId, PromiseId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Units of one position that are set aside for a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartUnits {
    pub store: StoreId,
    pub sku: Sku,
    pub quantity: i64,
    /// They are set aside out of what the store has ceded; the one who sets them aside decides it.
    pub ceded: bool,
    /// Units of them that came to the store for this order alone, beyond what it sells of its own.
    pub gathered: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewCart {
    pub tenant: TenantId,
    pub promise: PromiseId,
    pub request_hash: [u8; 32],
    pub kind: FulfilmentKind,
    pub options: Vec<PromiseOption>,
    pub units: Vec<CartUnits>,
    pub made_at: UtcMs,
    pub expires_at: UtcMs,
}

/// How a promise ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromiseEnd {
    GivenBack,
    Expired,
    /// An order took it over and has its nodes.
    Order,
}

impl PromiseEnd {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GivenBack => "given_back",
            Self::Expired => "expired",
            Self::Order => "order",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct CartPromise {
    pub promise: PromiseId,
    pub request_hash: [u8; 32],
    pub kind: FulfilmentKind,
    pub options: Vec<PromiseOption>,
    pub made_at: UtcMs,
    pub expires_at: UtcMs,
    pub order: Option<OrderId>,
    pub ended: Option<PromiseEnd>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CartHeld {
    New,
    /// The same key and request came before.
    Replayed(CartPromise),
    /// The same key came before with another request.
    KeyReused,
    /// The position no longer allows it: nothing was set aside.
    StockGone {
        sku: Sku,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum GivenBack {
    /// Also when it had ended before.
    Ended(CartPromise),
    /// The units are the order's now.
    TakenOver(OrderId),
    Unknown,
}

/// A promised date that came out, for the counters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    pub tenant: TenantId,
    pub channel: String,
    pub source: PromiseSource,
    pub kept: bool,
}

/// Whose promise it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromiseSource {
    /// Central made it to a cart.
    Cart,
    /// It came with the order.
    Order,
}

impl PromiseSource {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cart => "cart",
            Self::Order => "order",
        }
    }
}

/// How well promised dates were kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accuracy {
    pub channel: String,
    pub source: PromiseSource,
    pub promises: u64,
    pub kept: u64,
    /// Of those that were not kept, on average.
    pub late_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// Promises whose time was up; their units are free.
    pub expired: u32,
    /// Long over, and forgotten.
    pub dropped: u32,
    /// Known since the last time.
    pub outcomes: Vec<Outcome>,
    /// A step is bounded: there is more to do.
    pub more: bool,
}

#[async_trait]
pub trait Promises: Send + Sync {
    /// What these goods ask of a node; those that ask for nothing are left out.
    async fn needs_of(
        &self,
        tenant: &TenantId,
        skus: &[Sku],
    ) -> Result<BTreeMap<Sku, BTreeSet<Handling>>, StoreError>;
    /// Sets all units aside or none, in one transaction.
    async fn hold_cart(&self, cart: NewCart) -> Result<CartHeld, StoreError>;
    async fn cart_promise(
        &self,
        tenant: &TenantId,
        promise: &PromiseId,
    ) -> Result<Option<CartPromise>, StoreError>;
    async fn give_back_cart(
        &self,
        tenant: &TenantId,
        promise: &PromiseId,
        now: UtcMs,
    ) -> Result<GivenBack, StoreError>;
    /// What is set aside for orders that have no node for it yet.
    async fn carts_of_orders(
        &self,
        tenant: &TenantId,
    ) -> Result<BTreeMap<OrderId, Vec<CartUnits>>, StoreError>;
    /// Gives back what was set aside until before now, forgets promises that ended longer ago than
    /// `kept_ms`, and tells what came out. One bounded step; doing it again does no harm.
    async fn sweep_promises(&self, now: UtcMs, kept_ms: i64) -> Result<Swept, StoreError>;
    /// Nobody has what is open of the order, and nobody can bring it by the promised date any more. Whether
    /// the customer and a person had to be told: once, until there is a new date.
    async fn promise_lost(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        why: &str,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    /// What was told last about a date that could not be kept.
    async fn promise_change(
        &self,
        tenant: &TenantId,
        order: &OrderId,
    ) -> Result<Option<PromiseChange>, StoreError>;
    /// Of orders whose outcome became known from `from` until before `to`.
    async fn promise_accuracy(
        &self,
        tenant: &TenantId,
        from: UtcMs,
        to: UtcMs,
    ) -> Result<Vec<Accuracy>, StoreError>;
}
