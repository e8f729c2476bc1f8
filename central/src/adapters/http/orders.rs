//! What storefronts and customer service ask. A storefront never learns the ids of stores.

use super::answer::{Answer, Refused, internal, known};
use super::app::Shared;
use super::doors::Caller;
use super::order_view::OrderView;
use super::payments::check_provider;
use crate::core::backorder::Standing;
use crate::core::order::{Order, OrderRequest, OrderState, order_id};
use crate::core::stock::class::Channel;
use crate::flows::place_order::{PlaceOrder, place_order};
use crate::ports::access::Scope;
use crate::ports::orders::Placed;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use holdfast_platform::http::{ApiJson, Called, Idempotency};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{IdempotencyKey, OrderId, PromiseId, TraceId};
use holdfast_shared::limits::NOTE_CHARS_MAX;
use serde::Serialize;
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

/// Place an order.
#[utoipa::path(post, path = "/v1/orders", tag = "orders", request_body = OrderRequest,
    params(("Idempotency-Key" = String, Header, description = "Chosen once per intent, kept for retries")),
    responses((status = 202, body = PlacedOrder,
            headers(("Location" = String, description = "Where the order's state is told"))),
        (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn place(
    State(app): State<Shared>,
    caller: Caller,
    called: Called,
    Idempotency(key): Idempotency,
    ApiJson(request): ApiJson<OrderRequest>,
) -> Answer<(StatusCode, [(HeaderName, String); 1], Json<PlacedOrder>)> {
    let placed = place_one(&app, &caller, &called, key, request).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, placed.status_url.clone())], Json(placed)))
}

/// One order, alone or of a batch.
pub(super) async fn place_one(
    app: &Shared,
    caller: &Caller,
    called: &Called,
    key: IdempotencyKey,
    request: OrderRequest,
) -> Answer<PlacedOrder> {
    let (tenant, actor) = (caller.tenant().clone(), caller.actor()?);
    check_provider(app, &tenant, &request)?;
    let order = order_id(&tenant, &key).map_err(|bad| internal("an order id", bad))?;
    let promise = request.promise.clone();
    let policy = app.policies.of(&tenant);
    let duplicate_within_ms = policy.intake.duplicate_within_ms();
    let priority = policy.intake.priority(&Channel::new(request.channel.clone()));
    let Called { trace, upstream, .. } = called.clone();
    let command = PlaceOrder {
        tenant,
        order: order.clone(),
        request,
        key,
        actor,
        trace: trace.clone(),
        upstream,
        duplicate_within_ms,
        priority,
    };
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
        Some(promise) => Some(taken(app, caller, &promise, &order).await?),
        None => None,
    };
    let status_url = format!("/v1/orders/{order}");
    Ok(PlacedOrder { order, state, status_url, trace_id, replayed, promise })
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
    let changes = app.storage.changes_of_order(caller.tenant(), &order.order).await?;
    // Whoever may place orders need not know who placed the others.
    let contact = match caller.may(Scope::Support) {
        true => app.storage.contact(caller.tenant(), &order.order).await?,
        false => None,
    };
    let standings = standings(&app, &caller, &order).await?;
    Ok(Json(OrderView::from(order).with(gathering, changes, contact, &standings)))
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
    if let Some(store) = &caller.key.store
        && !app.storage.works_on(caller.tenant(), store, &order).await?
    {
        return Err(unknown(&order));
    }
    app.storage.order(caller.tenant(), &order).await?.ok_or_else(|| unknown(&order))
}

/// Where its lines stand that wait for goods. Most orders have none, and ask storage for nothing.
pub(super) async fn standings(app: &Shared, caller: &Caller, order: &Order) -> Answer<Vec<Standing>> {
    if !order.lines.iter().any(|line| line.backordered) {
        return Ok(Vec::new());
    }
    Ok(app.storage.standings(caller.tenant(), &order.order).await?)
}

pub(super) fn unknown(order: &OrderId) -> Refused {
    Refused::new(Code::UnknownOrder, format!("there is no order {order}"))
}
