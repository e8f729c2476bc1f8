//! An order as it is shown. Nodes are not part of it, what is personal only for those who may see it, and the
//! payment's token for nobody.

use crate::core::backorder::Standing;
use crate::core::fleet::{Handling, Place};
use crate::core::gathering::{Gathering, GatheringEnd};
use crate::core::order::{Order, OrderLine, OrderLineRequest, OrderState, stands_in_for};
use crate::core::order_terms::{Discount, Priority, Shipping, Tax};
use crate::core::personal::{Contact, Customer};
use crate::core::shares::Totals;
use crate::core::totals::due;
use crate::ports::changes::OrderChange;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{
    BrandId, IdempotencyKey, LineNo, OrderId, PaymentMethod, PaymentProvider, Sku, TraceId,
};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::Not;
use utoipa::ToSchema;

/// An order as its storefront sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct OrderView {
    order: OrderId,
    reference: Option<String>,
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<BrandId>,
    kind: FulfilmentKind,
    state: OrderState,
    lines: Vec<OrderLineView>,
    placed_at: UtcMs,
    changed_at: UtcMs,
    trace_id: TraceId,
    /// Known from a store alone since central was restored: what was asked for is lost.
    request_lost: bool,
    /// Its goods come together at one place before they go out. Told of one order, not in listings.
    #[serde(skip_serializing_if = "Option::is_none")]
    gathering: Option<OrderGathering>,
    /// The key under which it was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    root_key: Option<IdempotencyKey>,
    destination: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    promise_by: Option<UtcMs>,
    #[serde(skip_serializing_if = "Priority::is_standard")]
    priority: Priority,
    /// What it comes to without what was cancelled; absent when a price is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Totals>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping: Option<Shipping>,
    /// On the whole order, as it was placed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    discounts: Vec<Discount>,
    /// Of the whole order, as it was placed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    taxes: Vec<Tax>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gift: Option<GiftView>,
    /// An order of the same customer with the same goods, shortly before. Nothing was done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    possible_duplicate_of: Option<OrderId>,
    /// Personal: for customer service alone, and of one order, not in listings.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Customer>,
    /// Told of one order, not in listings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<OrderChange>,
}

/// Without the token.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderPayment)]
pub(super) struct PaymentView {
    provider: PaymentProvider,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<PaymentMethod>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct GiftView {
    wrap: bool,
    /// Personal, as the customer is.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderGathering {
    began_at: UtcMs,
    /// When all of it should be there, as it was planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrives_by: Option<UtcMs>,
    /// What has not come by then is not waited for.
    due_at: UtcMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<UtcMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<GatheringEnd>,
}

impl From<Gathering> for OrderGathering {
    fn from(gathering: Gathering) -> Self {
        Self {
            began_at: gathering.began_at,
            arrives_by: gathering.arrives_by,
            due_at: gathering.due_at,
            ended_at: gathering.ended_at,
            ended_by: gathering.ended_by,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct OrderLineView {
    line: LineNo,
    sku: Sku,
    quantity: i64,
    /// Units that no store has yet.
    open: i64,
    backordered: bool,
    finished: i64,
    /// Also those that another line stands in for.
    cancelled: i64,
    /// Of the finished ones, those that are back.
    #[serde(skip_serializing_if = "is_zero")]
    came_back: i64,
    /// Of the cancelled ones, those that another line stands in for: the customer did not give them up.
    replaced: i64,
    /// The line whose units it stands in for.
    #[serde(skip_serializing_if = "Option::is_none")]
    substitutes: Option<LineNo>,
    /// Of what is backordered of it, in the queue of the SKU; 1 is next. Told of one order, not in listings.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u64>,
    /// Those that others wait for who are served first.
    #[serde(skip_serializing_if = "Option::is_none")]
    units_ahead: Option<i64>,
    /// By when what is backordered of it may come; absent is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_at: Option<UtcMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_price: Option<Money>,
    /// The share of all its units of everything that was said, those that were cancelled among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Totals>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    needs: BTreeSet<Handling>,
    #[serde(skip_serializing_if = "Not::not")]
    signature: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_zero(units: &i64) -> bool {
    *units == 0
}

fn line_view(line: OrderLine, asked: Option<&OrderLineRequest>) -> OrderLineView {
    let totals = line.money().and_then(|money| money.units(0, line.quantity).ok());
    OrderLineView {
        line: line.line,
        quantity: line.quantity,
        open: line.open,
        backordered: line.backordered,
        finished: line.finished,
        cancelled: line.cancelled,
        came_back: line.came_back,
        replaced: line.replaced_units(),
        substitutes: line.substitutes,
        place: None,
        units_ahead: None,
        expected_at: line.expected_at.filter(|_| line.backordered),
        unit_price: line.unit_price,
        totals,
        needs: asked.map(|asked| asked.needs.clone()).unwrap_or_default(),
        signature: asked.is_some_and(|asked| asked.signature),
        sku: line.sku,
    }
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        let totals = due(&order.lines).ok().flatten();
        let request = &order.request;
        let asked = |line: LineNo| request.line(stands_in_for(line).unwrap_or(line));
        let lines = order.lines.into_iter().map(|line| {
            let asked = asked(line.line);
            line_view(line, asked)
        });
        let lines = lines.collect();
        let request = order.request;
        Self {
            order: order.order,
            reference: request.reference,
            channel: request.channel,
            brand: request.brand,
            kind: request.kind,
            state: order.state,
            lines,
            placed_at: order.placed_at,
            changed_at: order.changed_at,
            trace_id: order.trace,
            request_lost: order.request_lost,
            gathering: None,
            root_key: order.root_key,
            destination: request.destination,
            promise_by: request.promise_by,
            priority: request.priority,
            totals,
            payment: request.payment.map(|paid| PaymentView { provider: paid.provider, method: paid.method }),
            shipping: request.shipping,
            discounts: request.discounts,
            taxes: request.taxes,
            gift: request.gift.map(|gift| GiftView { wrap: gift.wrap, message: None }),
            possible_duplicate_of: order.duplicate_of,
            customer: None,
            changes: Vec::new(),
        }
    }
}

impl OrderView {
    /// What is read apart, of one order.
    pub(super) fn with(
        self,
        gathering: Option<Gathering>,
        changes: Vec<OrderChange>,
        contact: Option<Contact>,
        standings: &[Standing],
    ) -> Self {
        let mut lines = self.lines;
        for line in &mut lines {
            let standing = standings.iter().find(|standing| standing.line == line.line);
            line.place = standing.map(|standing| standing.place);
            line.units_ahead = standing.map(|standing| standing.units_ahead);
        }
        let (customer, message) = match contact {
            Some(Contact { customer, gift_message }) => (Some(customer), gift_message),
            None => (None, None),
        };
        let customer = customer.filter(|customer| *customer != Customer::default());
        let gift = match (self.gift, message) {
            (gift, None) => gift,
            (gift, message) => Some(GiftView { wrap: gift.is_some_and(|gift| gift.wrap), message }),
        };
        Self { gathering: gathering.map(OrderGathering::from), changes, customer, gift, lines, ..self }
    }
}
