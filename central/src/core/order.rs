//! An order: what a storefront places, and what it is told of it. Node ids are not part of it.

use super::fleet::Place;
use super::health::spoken;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{
    Actor, BadId, BrandId, IdempotencyKey, LineNo, OrderId, PromiseId, Sku, StoreId, TaskId, TenantId,
    TraceId,
};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
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
    /// Where it differs from the order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitution: Option<Consent>,
    /// Where it differs from the order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_up_max: Option<i64>,
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

/// Between the number of a line and that of one that stands in for it: more than an order has lines.
const STAND_IN_STEP: u32 = 1_000;

/// The number of the line that stands in for this one, the `nth` of those that do. Whoever sees the number
/// knows what it stands in for: also a central that was restored, from a store's offer alone.
#[must_use]
pub fn stand_in(line: LineNo, nth: u32) -> Option<LineNo> {
    let below = line.0 < STAND_IN_STEP && nth > 0;
    below.then(|| nth.checked_mul(STAND_IN_STEP)?.checked_add(line.0)).flatten().map(LineNo)
}

/// The line whose units it stands in for.
#[must_use]
pub const fn stands_in_for(line: LineNo) -> Option<LineNo> {
    if line.0 > STAND_IN_STEP { Some(LineNo(line.0 % STAND_IN_STEP)) } else { None }
}

/// The id of the order that this key places: the same intent has the same order, also at a central
/// that was restored and has never heard of the key. `o-` and 26 letters and digits.
pub fn order_id(tenant: &TenantId, key: &IdempotencyKey) -> Result<OrderId, BadId> {
    OrderId::new(format!("o-{}", name_of("holdfast order", tenant, key)))
}

/// The id of the promise that this key asks for, likewise.
pub fn promise_id(tenant: &TenantId, key: &IdempotencyKey) -> Result<PromiseId, BadId> {
    PromiseId::new(format!("p-{}", name_of("holdfast promise", tenant, key)))
}

fn name_of(what: &str, tenant: &TenantId, key: &IdempotencyKey) -> String {
    let mut hasher = blake3::Hasher::new();
    // A tenant id holds no zero byte, so tenant and key cannot be confused.
    for part in [what, tenant.as_str(), key.as_str()] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    data_encoding::BASE32_DNSSEC.encode(&id)
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
    /// The line whose units it stands in for; they are among that line's cancelled ones.
    pub substitutes: Option<LineNo>,
    /// By when the customer was told that it may come, while it is backordered.
    pub expected_at: Option<UtcMs>,
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
            unit_price,
            substitutes: None,
            expected_at: None,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_shared::limits::ORDER_LINES_MAX;

    #[test]
    fn a_line_that_stands_in_tells_for_which() {
        assert_eq!(stand_in(LineNo(7), 1), Some(LineNo(1_007)));
        assert_eq!(stand_in(LineNo(7), 3).and_then(stands_in_for), Some(LineNo(7)));
        assert_eq!(
            (stand_in(LineNo(1_007), 1), stand_in(LineNo(7), 0)),
            (None, None),
            "it is not carried on"
        );
        let last = LineNo(u32::try_from(ORDER_LINES_MAX).unwrap());
        assert_eq!((stands_in_for(last), stand_in(last, 1).and_then(stands_in_for)), (None, Some(last)));
    }

    #[test]
    fn one_intent_is_one_order() {
        let id = |tenant: &str, key: &str| order_id(&tenant.parse().unwrap(), &key.parse().unwrap()).unwrap();
        assert_eq!(id("acme", "k-1"), id("acme", "k-1"));
        assert_ne!(id("acme", "k-1"), id("acme", "k-2"));
        assert_ne!(id("acme", "k-1"), id("acm", "ek-1"));
        assert_eq!(id("acme", "k-1").as_str().len(), 28);
    }
}
