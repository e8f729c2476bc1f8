//! An order: what a storefront places, and what it is told of it. Node ids are not part of it.

use super::fleet::Place;
use super::health::spoken;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Actor, LineNo, OrderId, Sku, StoreId, TaskId, TenantId, TraceId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/orders`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// What the channel calls the order; for people, not a key.
    #[serde(default)]
    pub reference: Option<String>,
    #[schema(example = "web")]
    pub channel: String,
    pub kind: FulfilmentKind,
    /// Where it goes; for a pickup, where the customer is.
    pub destination: Place,
    /// The store that the customer chose. Required for a pickup, refused otherwise.
    #[serde(default)]
    pub pickup_store: Option<StoreId>,
    pub lines: Vec<OrderLineRequest>,
    #[serde(default)]
    pub promise_by: Option<UtcMs>,
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLineRequest {
    pub sku: Sku,
    #[schema(example = 1)]
    pub quantity: i64,
    #[serde(default)]
    pub unit_price: Option<Money>,
}

/// How far a line, and so an order, has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    Placed,
    Backordered,
    Allocated,
    Accepted,
    Picking,
    Ready,
    Shipped,
    Collected,
    Cancelled,
    Exception,
}

impl OrderState {
    pub const ALL: [Self; 10] = [
        Self::Placed,
        Self::Backordered,
        Self::Allocated,
        Self::Accepted,
        Self::Picking,
        Self::Ready,
        Self::Shipped,
        Self::Collected,
        Self::Cancelled,
        Self::Exception,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Backordered => "backordered",
            Self::Allocated => "allocated",
            Self::Accepted => "accepted",
            Self::Picking => "picking",
            Self::Ready => "ready",
            Self::Shipped => "shipped",
            Self::Collected => "collected",
            Self::Cancelled => "cancelled",
            Self::Exception => "exception",
        }
    }

    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Shipped | Self::Collected | Self::Cancelled)
    }
}

/// One order line as central keeps it. `open` units have no node yet; the sum of `open`, of what
/// its tasks hold, and of what is finished or cancelled is always `quantity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    pub line: LineNo,
    pub sku: Sku,
    pub quantity: i64,
    pub open: i64,
    pub backordered: bool,
    pub finished: i64,
    pub cancelled: i64,
    pub unit_price: Option<Money>,
}

/// An order as support sees it; the storefront's answer leaves the tasks out.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub tenant: TenantId,
    pub order: OrderId,
    pub request: OrderRequest,
    pub state: OrderState,
    pub lines: Vec<OrderLine>,
    pub tasks: Vec<TaskId>,
    pub placed_at: UtcMs,
    pub changed_at: UtcMs,
    pub trace: TraceId,
}

/// One entry of an order's timeline: what happened, when, by whom, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderEvent {
    pub sequence: u64,
    /// `placed`, `allocated`, `recalled`, `handed_over`, ...
    pub kind: String,
    pub at: UtcMs,
    pub actor: Actor,
    pub store: Option<StoreId>,
    pub task: Option<TaskId>,
    /// In plain words, for support.
    pub words: String,
    /// The store's clock could not be taken at its word; `at` is then what central makes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_clock: Option<StoreClock>,
}

/// What a store's clock said when it was off, beside when central heard of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreClock {
    pub said_at: UtcMs,
    pub received_at: UtcMs,
    /// How far it was ahead of central's; negative is behind.
    pub ahead_ms: i64,
}

impl StoreClock {
    /// For people, beside what happened.
    #[must_use]
    pub fn words(&self) -> String {
        let side = if self.ahead_ms > 0 { "ahead" } else { "behind" };
        format!("the store's clock was {} {side}", spoken(self.ahead_ms.saturating_abs()))
    }
}
