//! Changing an order before it is picked, and cancelling it or a part of it.

use super::answer::{Answer, known};
use super::app::Shared;
use super::doors::Caller;
use super::orders::find;
use crate::core::order_change::{ChangeRequest, LineUnits};
use crate::flows::cancel::cancel_order;
use crate::flows::change_order::{ChangeOrder, change_order};
use crate::ports::changes::{ChangeDone, OrderChange, Wish};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, Idempotency, ProblemResponse};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{IdempotencyKey, OrderId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangeAnswer {
    #[serde(flatten)]
    done: ChangeDone,
    /// The same wish came before under the same key; this is its answer again.
    replayed: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangeList {
    order: OrderId,
    changes: Vec<OrderChange>,
}

/// With `lines` a part of the order, without them all of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelRequest {
    #[schema(example = "the customer changed their mind")]
    reason: String,
    #[serde(default)]
    lines: Vec<LineUnits>,
}

/// A cancellation is a request: what has no store ends now, what a store has in hand ends when
/// the store answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CancelAnswer {
    order: OrderId,
    cancelled_units: i64,
    asked_stores: u32,
    /// What became of it, where a key was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<ChangeDone>,
    /// The same wish came before under the same key; this is its answer again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
}

/// Change an order. What a store has begun with is not changed: the answer says what can be done instead.
#[utoipa::path(post, path = "/v1/orders/{order}/changes", tag = "orders",
    params(("order" = OrderId, Path),
        ("Idempotency-Key" = String, Header, description = "Chosen once per intent, kept for retries")),
    request_body = ChangeRequest,
    responses((status = 200, body = ChangeAnswer), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn change(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
    Idempotency(key): Idempotency,
    ApiJson(request): ApiJson<ChangeRequest>,
) -> Answer<Json<ChangeAnswer>> {
    let order: OrderId = known(&order, Code::UnknownOrder)?;
    let (done, replayed) = wish(&app, &caller, order, key, Wish::Change(Box::new(request))).await?;
    Ok(Json(ChangeAnswer { done, replayed }))
}

/// What was changed and cancelled of an order, oldest first.
#[utoipa::path(get, path = "/v1/orders/{order}/changes", tag = "orders", params(("order" = OrderId, Path)),
    responses((status = 200, body = ChangeList), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
) -> Answer<Json<ChangeList>> {
    let order = find(&app, &caller, &order).await?.order;
    let changes = app.storage.changes_of_order(caller.tenant(), &order).await?;
    Ok(Json(ChangeList { order, changes }))
}

/// Ask for an order to be cancelled, or for a part of it.
#[utoipa::path(post, path = "/v1/orders/{order}/cancel", tag = "orders",
    params(("order" = OrderId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Chosen once per intent, kept for retries. Required with lines; without one a repetition is told that nothing is left to cancel")),
    request_body = CancelRequest,
    responses((status = 202, body = CancelAnswer), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn cancel(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
    key: Result<Idempotency, ProblemResponse>,
    ApiJson(request): ApiJson<CancelRequest>,
) -> Answer<(StatusCode, Json<CancelAnswer>)> {
    let order: OrderId = known(&order, Code::UnknownOrder)?;
    let CancelRequest { reason, lines } = request;
    let key = match key {
        // Twice two units are four: without a key nobody could ask again.
        Err(missing) if missing.0.code == Code::MissingIdempotencyKey && lines.is_empty() => None,
        sent => Some(sent?.0),
    };
    if let Some(key) = key {
        let (done, replayed) =
            wish(&app, &caller, order.clone(), key, Wish::Cancel { lines, reason }).await?;
        let units = done.cancelled.iter().map(|units| units.quantity);
        let answer = CancelAnswer {
            order,
            cancelled_units: units.fold(0, i64::saturating_add),
            asked_stores: done.recalled,
            change: Some(done),
            replayed,
        };
        return Ok((StatusCode::ACCEPTED, Json(answer)));
    }
    let (actor, now) = (caller.actor()?, app.clock.now().utc);
    let (storage, tenant) = (&*app.storage, caller.tenant());
    let done = cancel_order(storage, &*app.poke, tenant, &order, &reason, &actor, now).await?;
    app.work_changed();
    let answer = CancelAnswer {
        order,
        cancelled_units: done.cancelled_units,
        asked_stores: done.asked_stores,
        change: None,
        replayed: false,
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

async fn wish(
    app: &Shared,
    caller: &Caller,
    order: OrderId,
    key: IdempotencyKey,
    wish: Wish,
) -> Answer<(ChangeDone, bool)> {
    let kind = match wish {
        Wish::Change(_) => "change",
        Wish::Cancel { .. } => "cancel",
    };
    let (tenant, actor) = (caller.tenant().clone(), caller.actor()?);
    let command = ChangeOrder { tenant, order, key, wish, actor };
    let (done, replayed) = change_order(&*app.storage, &*app.poke, command, app.clock.now().utc).await?;
    if !replayed {
        let tenant = caller.tenant().to_string();
        metrics::counter!("holdfast_order_changes_total", "kind" => kind, "tenant" => tenant).increment(1);
        app.work_changed();
    }
    Ok((done, replayed))
}
