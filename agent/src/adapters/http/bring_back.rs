//! Goods that customers bring back, or that come back by parcel.

use super::auth::Caller;
use super::body::Said;
use super::intent::{answer, execute, intent};
use super::movements::Moved;
use super::planned::time_of;
use super::problem::{Failure, invalid, other_answer, refused};
use super::skus::page_limit;
use super::state::Api;
use super::view::{SkuView, stamp};
use crate::core::command::{Answer, BringBackLine, BringBackRequest, Command};
use crate::ports::ledger::{BackFilter, BroughtBack, Role};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use holdfast_platform::http::{ApiQuery, Idempotency, Trace};
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{Actor, FactId, OrderId, ReturnId, Sku};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A day of a till, and more than a shift.
const LOOKED_BACK_MS: i64 = 24 * 60 * 60 * 1_000;
const TAKING_BACK: &[Role] = &[Role::Pos, Role::Picker, Role::Manager];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    slip: Option<String>,
    since: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Units that were taken back here.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct BackView {
    #[schema(value_type = String)]
    fact: FactId,
    #[schema(example = "2026-12-01T14:02:00Z")]
    at: Option<String>,
    /// What stood on the slip: the return, or the order.
    #[serde(rename = "return", skip_serializing_if = "Option::is_none")]
    of_return: Option<ReturnId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderId>,
    sku: Sku,
    name: Option<String>,
    units: i64,
    condition: Condition,
    /// The device that said so.
    actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl From<BroughtBack> for BackView {
    fn from(back: BroughtBack) -> Self {
        let (of_return, order) = match back.of {
            ReturnRef::Return(id) => (Some(id), None),
            ReturnRef::Order(order) => (None, Some(order)),
        };
        let BroughtBack { fact, at, sku, name, units, condition, actor, note, .. } = back;
        Self { fact, at: stamp(at), of_return, order, sku, name, units, condition, actor, note }
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct BackList {
    brought_back: Vec<BackView>,
    /// Send it as `cursor` for the next page.
    next: Option<String>,
}

/// What customers brought back to this store, newest first, so that nothing is taken back a second time by mistake.
/// Goods that another box of the store took back are among them when it has told of them.
#[utoipa::path(
    get, path = "/v1/returns", tag = "stock", security(("device" = [])),
    params(
        ("slip" = Option<String>, Query, description = "The number of an order or of one of its returns: what came back of that order alone"),
        ("since" = Option<String>, Query, description = "RFC 3339; a day ago when absent"),
        ("cursor" = Option<String>, Query, description = "What `next` of the page before said"),
        ("limit" = Option<u32>, Query, description = "At most 500; 50 when absent"),
    ),
    responses(
        (status = 200, description = "One page", body = BackList),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Json<BackList>, Failure> {
    caller.device(TAKING_BACK)?;
    let since = match asked.since.as_deref() {
        Some(text) => time_of("since", text)?,
        None => api.now().utc.plus(-LOOKED_BACK_MS),
    };
    let order = asked.slip.as_deref().map(order_of).transpose()?;
    let limit = page_limit(asked.limit)?;
    let page = api.ledger().brought_back(BackFilter { since, order, cursor: asked.cursor, limit }).await?;
    let brought_back = page.brought_back.into_iter().map(BackView::from).collect();
    Ok(Json(BackList { brought_back, next: page.next }))
}

/// A number with the ending of a return's is taken for one: its order is what stands before.
fn order_of(slip: &str) -> Result<OrderId, Failure> {
    let of_return = slip.parse().ok().and_then(|id| ReturnRef::Return(id).order());
    of_return.map_or_else(|| slip.parse().map_err(invalid), Ok)
}

/// Name the return or the order, whichever stands on the slip.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BringBack {
    #[serde(default, rename = "return")]
    #[schema(example = "o-1042-r1")]
    of_return: Option<ReturnId>,
    #[serde(default)]
    order: Option<OrderId>,
    /// Each SKU once in each condition. `sellable` goes back on the shelf; `damaged` and `missing` move no stock.
    lines: Vec<BringBackLine>,
    #[serde(default)]
    note: Option<String>,
}

/// Take back goods of an order. Works without central: it is told with the next sync, and gives the money back.
#[utoipa::path(
    post, path = "/v1/returns", tag = "stock", security(("device" = [])), request_body = BringBack,
    params(("idempotency-key" = String, Header, description = "One per intent, kept for retries")),
    responses(
        (status = 200, description = "Recorded on disk", body = Moved),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn bring_back(
    State(api): State<Api>,
    caller: Caller,
    Idempotency(key): Idempotency,
    Trace(trace): Trace,
    Said { value, hash }: Said<BringBack>,
) -> Result<Response, Failure> {
    let device = caller.device(TAKING_BACK)?;
    let of = match (value.of_return, value.order) {
        (Some(of), None) => ReturnRef::Return(of),
        (None, Some(order)) => ReturnRef::Order(order),
        (Some(_), Some(_)) | (None, None) => {
            return Err(refused(Code::InvalidRequest, "name either the return or the order that came back"));
        }
    };
    let request = BringBackRequest { of, lines: value.lines, note: value.note };
    let executed = execute(&api, intent(device, key, hash, trace)?, Command::BringBack(request)).await?;
    match executed.answer {
        Answer::Moved { facts, positions } => {
            let skus = positions.into_iter().map(SkuView::from).collect();
            Ok(answer(Moved { facts, skus }, executed.replayed))
        }
        Answer::Task { .. } | Answer::Closure { .. } | Answer::Planned { .. } => Err(other_answer()),
    }
}
