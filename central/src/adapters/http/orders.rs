//! What storefronts and customer service ask. A storefront never learns the ids of stores.

use super::answer::{Answer, Refused, internal, known};
use super::app::Shared;
use super::doors::Caller;
use super::paging::Paging;
use crate::core::gathering::{Gathering, GatheringEnd};
use crate::core::order::{Order, OrderEvent, OrderRequest, OrderState, StoreClock, order_id};
use crate::flows::cancel::cancel_order;
use crate::flows::place_order::{PlaceOrder, place_order};
use crate::ports::access::Scope;
use crate::ports::orders::Placed;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery, Idempotency, Trace};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{Actor, BrandId, LineNo, OrderId, PromiseId, Sku, StoreId, TaskId, TraceId};
use holdfast_shared::limits::NOTE_CHARS_MAX;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The order is taken, and will not be lost. What becomes of it is at `status_url`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlacedOrder {
    order: OrderId,
    state: OrderState,
    #[schema(example = "/v1/orders/o-7k2")]
    status_url: String,
    trace_id: TraceId,
    /// The same request came before under the same key; this is its answer again.
    replayed: bool,
    /// What became of the promise that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<PromiseTaken>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PromiseTaken {
    /// The units that were set aside are the order's.
    TakenOver,
    /// It had ended, or another order had it: this one is routed like any other.
    Over,
}

/// An order as its storefront sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderView {
    order: OrderId,
    reference: Option<String>,
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<BrandId>,
    kind: holdfast_shared::domain::task::FulfilmentKind,
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

#[derive(Debug, Serialize, ToSchema)]
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
    /// The line whose units it stands in for.
    #[serde(skip_serializing_if = "Option::is_none")]
    substitutes: Option<LineNo>,
    /// By when what is backordered of it may come; absent is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_at: Option<UtcMs>,
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        let line = |line: crate::core::order::OrderLine| OrderLineView {
            line: line.line,
            sku: line.sku,
            quantity: line.quantity,
            open: line.open,
            backordered: line.backordered,
            finished: line.finished,
            cancelled: line.cancelled,
            substitutes: line.substitutes,
            expected_at: line.expected_at.filter(|_| line.backordered),
        };
        Self {
            order: order.order,
            reference: order.request.reference,
            channel: order.request.channel,
            brand: order.request.brand,
            kind: order.request.kind,
            state: order.state,
            lines: order.lines.into_iter().map(line).collect(),
            placed_at: order.placed_at,
            changed_at: order.changed_at,
            trace_id: order.trace,
            request_lost: order.request_lost,
            gathering: None,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderPage {
    orders: Vec<OrderView>,
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderFilter {
    /// Only orders in this state.
    state: Option<OrderState>,
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Timeline {
    order: OrderId,
    events: Vec<TimelineEntry>,
}

/// One thing that happened. Store and task are told to customer service only.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TimelineEntry {
    sequence: u64,
    kind: String,
    at: UtcMs,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<StoreId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// The store's clock was off: `at` is what central makes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_clock: Option<StoreClockEntry>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoreClockEntry {
    #[serde(flatten)]
    clock: StoreClock,
    #[schema(example = "the store's clock was 6 h ahead")]
    words: String,
}

impl TimelineEntry {
    fn full(event: OrderEvent) -> Self {
        Self {
            sequence: event.sequence,
            kind: event.kind,
            at: event.at,
            words: event.words,
            actor: Some(event.actor),
            store: event.store,
            task: event.task,
            store_clock: event.store_clock.map(|clock| StoreClockEntry { words: clock.words(), clock }),
        }
    }

    /// Without anything that names a store: its words may, so they are replaced too.
    fn for_storefront(event: OrderEvent) -> Self {
        let words = event.kind.replace('_', " ");
        Self {
            sequence: event.sequence,
            kind: event.kind,
            at: event.at,
            words,
            actor: None,
            store: None,
            task: None,
            store_clock: None,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelRequest {
    #[schema(example = "the customer changed their mind")]
    reason: String,
}

/// A cancellation is a request: what has no store ends now, what a store has in hand ends when
/// the store answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CancelAnswer {
    order: OrderId,
    cancelled_units: i64,
    asked_stores: u32,
}

/// Place an order.
#[utoipa::path(post, path = "/v1/orders", tag = "orders", request_body = OrderRequest,
    params(("Idempotency-Key" = String, Header, description = "Chosen once per intent, kept for retries")),
    responses((status = 202, body = PlacedOrder), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn place(
    State(app): State<Shared>,
    caller: Caller,
    Trace(trace): Trace,
    Idempotency(key): Idempotency,
    ApiJson(request): ApiJson<OrderRequest>,
) -> Answer<(StatusCode, Json<PlacedOrder>)> {
    let (tenant, actor) = (caller.tenant().clone(), caller.actor()?);
    let order = order_id(&tenant, &key).map_err(|bad| internal("an order id", bad))?;
    let promise = request.promise.clone();
    let command = PlaceOrder { tenant, order: order.clone(), request, key, actor, trace: trace.clone() };
    let placed = place_order(&*app.storage, command, app.clock.now().utc).await?;
    let (order, trace_id, replayed) = match placed {
        Placed::New => (order, trace, false),
        Placed::Replayed { order, trace } => (order, trace, true),
        Placed::KeyReused => {
            return Err(Refused::new(Code::IdempotencyKeyReused, "the key came before with another order"));
        }
    };
    let state = if replayed {
        app.storage.order(caller.tenant(), &order).await?.map_or(OrderState::Placed, |order| order.state)
    } else {
        metrics::counter!("holdfast_orders_placed_total", "tenant" => caller.tenant().to_string())
            .increment(1);
        app.work_changed();
        OrderState::Placed
    };
    let promise = match promise {
        Some(promise) => Some(taken(&app, &caller, &promise, &order).await?),
        None => None,
    };
    let status_url = format!("/v1/orders/{order}");
    Ok((StatusCode::ACCEPTED, Json(PlacedOrder { order, state, status_url, trace_id, replayed, promise })))
}

async fn taken(app: &Shared, caller: &Caller, promise: &PromiseId, order: &OrderId) -> Answer<PromiseTaken> {
    let found = app.storage.cart_promise(caller.tenant(), promise).await?;
    let ours = found.is_some_and(|found| found.order.as_ref() == Some(order));
    Ok(if ours { PromiseTaken::TakenOver } else { PromiseTaken::Over })
}

/// One order.
#[utoipa::path(get, path = "/v1/orders/{order}", tag = "orders", params(("order" = OrderId, Path)),
    responses((status = 200, body = OrderView), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
) -> Answer<Json<OrderView>> {
    let order = find(&app, &caller, &order).await?;
    let gathering = app.storage.gathering(caller.tenant(), &order.order).await?;
    Ok(Json(OrderView { gathering: gathering.map(OrderGathering::from), ..order.into() }))
}

/// Orders, newest first.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", params(OrderFilter),
    responses((status = 200, body = OrderPage), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(filter): ApiQuery<OrderFilter>,
) -> Answer<Json<OrderPage>> {
    let states: Vec<OrderState> = filter.state.into_iter().collect();
    let paging = Paging { cursor: filter.cursor, limit: filter.limit }.request()?;
    let page = app.storage.orders(caller.tenant(), &states, &paging).await?;
    Ok(Json(OrderPage { orders: page.rows.into_iter().map(OrderView::from).collect(), next: page.next }))
}

/// What happened to an order, oldest first.
#[utoipa::path(get, path = "/v1/orders/{order}/timeline", tag = "orders", params(("order" = OrderId, Path)),
    responses((status = 200, body = Timeline), (status = "4XX", body = Problem)))]
pub(super) async fn timeline(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
) -> Answer<Json<Timeline>> {
    let order = find(&app, &caller, &order).await?.order;
    let events = app.storage.timeline(caller.tenant(), &order).await?;
    let entry = if caller.may(Scope::Support) { TimelineEntry::full } else { TimelineEntry::for_storefront };
    Ok(Json(Timeline { order, events: events.into_iter().map(entry).collect() }))
}

/// Ask for an order to be cancelled.
#[utoipa::path(post, path = "/v1/orders/{order}/cancel", tag = "orders", params(("order" = OrderId, Path)),
    request_body = CancelRequest,
    responses((status = 202, body = CancelAnswer), (status = "4XX", body = Problem)))]
pub(super) async fn cancel(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
    ApiJson(request): ApiJson<CancelRequest>,
) -> Answer<(StatusCode, Json<CancelAnswer>)> {
    let order: OrderId = known(&order, Code::UnknownOrder)?;
    let (actor, now) = (caller.actor()?, app.clock.now().utc);
    let (storage, tenant) = (&*app.storage, caller.tenant());
    let done = cancel_order(storage, &*app.poke, tenant, &order, &request.reason, &actor, now).await?;
    app.work_changed();
    let answer =
        CancelAnswer { order, cancelled_units: done.cancelled_units, asked_stores: done.asked_stores };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// A reason that a person wrote: there, and not too long.
pub(super) fn spoken<'a>(text: &'a str, field: &str) -> Answer<&'a str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > NOTE_CHARS_MAX {
        let detail = format!("{field} must have 1 to {NOTE_CHARS_MAX} characters");
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    Ok(text)
}

pub(super) async fn find(app: &Shared, caller: &Caller, order: &str) -> Answer<Order> {
    let order: OrderId = known(order, Code::UnknownOrder)?;
    app.storage.order(caller.tenant(), &order).await?.ok_or_else(|| unknown(&order))
}

fn unknown(order: &OrderId) -> Refused {
    Refused::new(Code::UnknownOrder, format!("there is no order {order}"))
}
