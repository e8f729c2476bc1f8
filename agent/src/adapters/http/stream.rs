//! The event stream of one device.

use super::auth::Caller;
use super::problem::Failure;
use super::state::Api;
use crate::ports::ledger::Role;
use axum::extract::State;
use axum::response::IntoResponse;
use holdfast_shared::error::Problem;

/// Live events (`text/event-stream`): `task`, `stock`, `status` and `reload`.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", security(("device" = [])),
    responses(
        (status = 200, description = "Server-sent events: task, stock, status, reload", content_type = "text/event-stream", body = String),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn events(State(api): State<Api>, caller: Caller) -> Result<impl IntoResponse, Failure> {
    let role = caller.device(&[Role::Pos, Role::Picker, Role::Manager, Role::Tech])?.role;
    api.hub().stream(move |event| event.is_for(role).then(|| event.sse()))
}
