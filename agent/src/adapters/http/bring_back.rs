//! Goods that customers bring back, or that come back by parcel.

use super::auth::Caller;
use super::body::Said;
use super::intent::{answer, execute, intent};
use super::movements::Moved;
use super::problem::{Failure, other_answer, refused};
use super::state::Api;
use super::view::SkuView;
use crate::core::command::{Answer, BringBackLine, BringBackRequest, Command};
use crate::ports::ledger::Role;
use axum::extract::State;
use axum::response::Response;
use holdfast_platform::http::{Idempotency, Trace};
use holdfast_shared::domain::bring_back::ReturnRef;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{OrderId, ReturnId};
use serde::Deserialize;
use utoipa::ToSchema;

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
    let device = caller.device(&[Role::Pos, Role::Picker, Role::Manager])?;
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
