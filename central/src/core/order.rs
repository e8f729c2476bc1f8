//! An order: what a storefront places, and what it is told of it. Node ids are not part of it.

use super::fleet::{Handling, Place};
use super::health::spoken;
pub use super::order_names::{order_id, promise_id, stand_in, stands_in_for};
use super::order_terms::{Discount, Gift, Payment, Priority, Shipping, Tax};
use super::personal::{Customer, Personal};
use super::shares::{Amounts, LineMoney};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{
    Actor, BrandId, IdempotencyKey, LineNo, OrderId, PromiseId, Sku, StoreId, TaskId, TenantId, TraceId,
};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Not;
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
    /// Under which brand it was sold.
    // Left out when there is none: the hash of an older request must stay what it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<BrandId>,
    pub kind: FulfilmentKind,
    /// Where it goes; for a pickup, where the customer is.
    pub destination: Place,
    /// The store that the customer chose. Required for a pickup, refused otherwise.
    #[serde(default)]
    pub pickup_store: Option<StoreId>,
    pub lines: Vec<OrderLineRequest>,
    #[serde(default)]
    pub promise_by: Option<UtcMs>,
    /// What a checkout was promised; the order takes over the units that were set aside for it.
    // Left out when there is none: the hash of an older request must stay what it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<PromiseId>,
    /// Whether other goods may come in place of those that cannot be had; without a word, none do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitution: Option<Consent>,
    /// How much more a unit of such goods may cost, in minor units of the line's price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 50)]
    pub price_up_max: Option<i64>,
    /// Rather one parcel a little later than several: where the policy allows it, the goods are gathered at
    /// one store first.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub consolidate: bool,
    /// For the store's staff; nothing personal belongs here.
    #[serde(default)]
    pub note: Option<String>,
    /// Personal: kept apart, and never part of what the order becomes.
    #[serde(default, skip_serializing)]
    #[schema(value_type = Option<Customer>)]
    pub customer: Option<Personal<Customer>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Shipping>,
    /// On the whole order; allotted to its lines by what their goods cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    /// Of the whole order; allotted likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift: Option<Gift>,
    /// Who goes first where orders wait for the same.
    #[serde(default, skip_serializing_if = "Priority::is_standard")]
    pub priority: Priority,
}

impl OrderRequest {
    /// An order that says nothing beside what every order says.
    pub fn of(
        channel: impl Into<String>,
        kind: FulfilmentKind,
        destination: Place,
        lines: Vec<OrderLineRequest>,
    ) -> Self {
        Self {
            reference: None,
            channel: channel.into(),
            brand: None,
            kind,
            destination,
            pickup_store: None,
            lines,
            promise_by: None,
            promise: None,
            substitution: None,
            price_up_max: None,
            consolidate: false,
            note: None,
            customer: None,
            payment: None,
            shipping: None,
            discounts: Vec::new(),
            taxes: Vec::new(),
            gift: None,
            priority: Priority::Standard,
        }
    }

    /// What was asked for as this line.
    #[must_use]
    pub fn line(&self, line: LineNo) -> Option<&OrderLineRequest> {
        let place = usize::try_from(line.0).ok()?.checked_sub(1)?;
        self.lines.get(place)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLineRequest {
    pub sku: Sku,
    #[schema(example = 1)]
    pub quantity: i64,
    #[serde(default)]
    pub unit_price: Option<Money>,
    /// Where it differs from the order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitution: Option<Consent>,
    /// Where it differs from the order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_up_max: Option<i64>,
    /// On all units of the line together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    /// Of all units of the line together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<Tax>,
    /// What these goods ask of a node, beside what the catalogue says of the SKU.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub needs: BTreeSet<Handling>,
    /// Only against a signature.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub signature: bool,
}

impl OrderLineRequest {
    /// A line that says nothing beside what every line says.
    #[must_use]
    pub const fn of(sku: Sku, quantity: i64) -> Self {
        Self {
            sku,
            quantity,
            unit_price: None,
            substitution: None,
            price_up_max: None,
            discounts: Vec::new(),
            taxes: Vec::new(),
            needs: BTreeSet::new(),
            signature: false,
        }
    }
}

/// What a customer says about other goods in place of those ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// None of them.
    #[default]
    None,
    /// Only after a question.
    Ask,
    /// Without a question.
    Allow,
}

/// How far a line, and so an order, has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    Placed,
    /// What it comes to is set aside at the customer's bank.
    Authorized,
    Backordered,
    Allocated,
    Accepted,
    Picking,
    Ready,
    Shipped,
    Collected,
    /// All that has left is at the customer's, by the carriers' word.
    Delivered,
    Cancelled,
    /// It could not be paid.
    Rejected,
    /// All that left came back.
    Returned,
    /// All the money went back.
    Refunded,
    Exception,
}

impl OrderState {
    pub const ALL: [Self; 15] = [
        Self::Placed,
        Self::Authorized,
        Self::Backordered,
        Self::Allocated,
        Self::Accepted,
        Self::Picking,
        Self::Ready,
        Self::Shipped,
        Self::Collected,
        Self::Delivered,
        Self::Cancelled,
        Self::Rejected,
        Self::Returned,
        Self::Refunded,
        Self::Exception,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Authorized => "authorized",
            Self::Backordered => "backordered",
            Self::Allocated => "allocated",
            Self::Accepted => "accepted",
            Self::Picking => "picking",
            Self::Ready => "ready",
            Self::Shipped => "shipped",
            Self::Collected => "collected",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Returned => "returned",
            Self::Refunded => "refunded",
            Self::Exception => "exception",
        }
    }

    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Shipped
                | Self::Collected
                | Self::Delivered
                | Self::Cancelled
                | Self::Rejected
                | Self::Returned
                | Self::Refunded
        )
    }

    /// No store was asked about it yet.
    #[must_use]
    pub const fn is_unrouted(self) -> bool {
        matches!(self, Self::Placed | Self::Authorized)
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
    /// Of the finished ones, those that are back.
    pub came_back: i64,
    /// Units that other lines stand in for now. They are among the cancelled ones, unless they were found
    /// again and left after all.
    pub replaced: i64,
    pub unit_price: Option<Money>,
    /// The line whose units it stands in for.
    pub substitutes: Option<LineNo>,
    /// By when the customer was told that it may come, while it is backordered.
    pub expected_at: Option<UtcMs>,
    /// What was said of its money beside the price; none says nothing of it.
    pub amounts: Option<Amounts>,
}

impl OrderLine {
    /// As it is when it was just ordered.
    #[must_use]
    pub const fn ordered(line: LineNo, sku: Sku, quantity: i64, unit_price: Option<Money>) -> Self {
        Self {
            line,
            sku,
            quantity,
            open: quantity,
            backordered: false,
            finished: 0,
            cancelled: 0,
            came_back: 0,
            replaced: 0,
            unit_price,
            substitutes: None,
            expected_at: None,
            amounts: None,
        }
    }

    /// What it costs unit by unit; none when nobody said.
    #[must_use]
    pub fn money(&self) -> Option<LineMoney> {
        let price = self.unit_price?;
        let amounts = self.amounts.unwrap_or_else(|| Amounts::none(price.currency));
        Some(LineMoney { quantity: self.quantity, unit_price: price.minor, amounts })
    }

    /// Units that nobody gets: neither these nor others in their place.
    #[must_use]
    pub fn given_up(&self) -> i64 {
        self.cancelled.saturating_sub(self.replaced).max(0)
    }

    /// Of the cancelled units, those that other lines stand in for.
    #[must_use]
    pub fn replaced_units(&self) -> i64 {
        self.cancelled.saturating_sub(self.given_up())
    }
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
    /// Adopted from a store since central was restored: what the storefront asked for is lost.
    pub request_lost: bool,
    /// The key under which it was placed.
    pub root_key: Option<IdempotencyKey>,
    /// An order of the same customer with the same goods, shortly before.
    pub duplicate_of: Option<OrderId>,
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
