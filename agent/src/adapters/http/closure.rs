//! The store closes itself for orders, and opens again.

use super::auth::Caller;
use super::body::{Nothing, Said};
use super::intent::{answer, execute_for_manager};
use super::planned::until_of;
use super::problem::{Failure, other_answer, refused};
use super::state::Api;
use super::view::ClosureView;
use crate::core::command::{Answer, ClosureRequest, Command};
use crate::ports::ledger::Role;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use holdfast_platform::http::{Idempotency, Trace};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{IdempotencyKey, TraceId};
use holdfast_shared::limits::NOTE_CHARS_MAX;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Closure {
    closure: Option<ClosureView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Close {
    /// Stop all order traffic and let open work move, instead of only taking no new orders.
    hard: bool,
    #[schema(example = "staffing")]
    cause: String,
    /// RFC 3339; until someone opens the store when absent.
    #[serde(default)]
    until: Option<String>,
}

/// Whether the store is closed for orders.
#[utoipa::path(
    get, path = "/v1/closure", tag = "closure", security(("device" = [])),
    responses(
        (status = 200, description = "The closure, if there is one", body = Closure),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(State(api): State<Api>, caller: Caller) -> Result<Json<Closure>, Failure> {
    caller.admin_or(&[Role::Pos, Role::Picker, Role::Manager, Role::Tech])?;
    let summary = api.ledger().summary().await?;
    Ok(Json(Closure { closure: summary.closure.map(ClosureView::from) }))
}

/// Close the store for orders.
#[utoipa::path(
    put, path = "/v1/closure", tag = "closure", security(("device" = [])), request_body = Close,
    params(("idempotency-key" = String, Header, description = "One per intent, kept for retries")),
    responses(
        (status = 200, description = "The closure", body = Closure),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn close(
    State(api): State<Api>,
    caller: Caller,
    Idempotency(key): Idempotency,
    Trace(trace): Trace,
    Said { value, hash }: Said<Close>,
) -> Result<Response, Failure> {
    let cause = value.cause.trim();
    if cause.is_empty() || cause.chars().count() > NOTE_CHARS_MAX {
        let detail = format!("the cause has 1 to {NOTE_CHARS_MAX} characters");
        return Err(refused(Code::InvalidRequest, detail));
    }
    let until = match value.until.as_deref() {
        None => None,
        Some(text) => Some(until_of(text, api.right_now())?),
    };
    let request = ClosureRequest { hard: value.hard, cause: cause.to_owned(), until };
    say(&api, &caller, (key, trace, hash), Some(request)).await
}

/// Open the store for orders again.
#[utoipa::path(
    delete, path = "/v1/closure", tag = "closure", security(("device" = [])),
    params(("idempotency-key" = String, Header, description = "One per intent, kept for retries")),
    responses(
        (status = 200, description = "No closure any more", body = Closure),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn open(
    State(api): State<Api>,
    caller: Caller,
    Idempotency(key): Idempotency,
    Trace(trace): Trace,
    Said { value: Nothing {}, hash }: Said<Nothing>,
) -> Result<Response, Failure> {
    say(&api, &caller, (key, trace, hash), None).await
}

async fn say(
    api: &Api,
    caller: &Caller,
    said: (IdempotencyKey, TraceId, [u8; 32]),
    request: Option<ClosureRequest>,
) -> Result<Response, Failure> {
    let executed = execute_for_manager(api, caller, said, Command::Close(request)).await?;
    match executed.answer {
        Answer::Closure { closure } => {
            Ok(answer(Closure { closure: closure.map(ClosureView::from) }, executed.replayed))
        }
        Answer::Moved { .. } | Answer::Task { .. } | Answer::Planned { .. } => Err(other_answer()),
    }
}
