//! Closures that staff plan ahead at the store, like maintenance. They begin and end by themselves.

use super::auth::Caller;
use super::body::{Nothing, Said};
use super::intent::{answer, execute_for_manager};
use super::problem::{Failure, other_answer, refused};
use super::state::Api;
use super::view::{parse_stamp, stamp};
use crate::core::command::{Answer, Command, PlanCause, PlanRequest};
use crate::ports::ledger::Role;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use holdfast_platform::http::{Idempotency, Trace};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{IdempotencyKey, TraceId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::signal::PlannedNote;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedView {
    /// Names it among those of this store.
    number: u32,
    /// All order traffic stops, and open work moves; otherwise only new orders stay away.
    hard: bool,
    cause: String,
    author: String,
    from: Option<String>,
    until: Option<String>,
}

impl From<PlannedNote> for PlannedView {
    fn from(note: PlannedNote) -> Self {
        Self {
            number: note.number,
            hard: note.hard,
            cause: note.cause,
            author: note.author,
            from: stamp(note.from),
            until: stamp(note.until),
        }
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Planned {
    planned: Vec<PlannedView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// Stop all order traffic and let open work move, instead of only taking no new orders.
    hard: bool,
    cause: PlanCause,
    /// RFC 3339.
    #[schema(example = "2026-12-01T22:00:00Z")]
    from: String,
    #[schema(example = "2026-12-02T04:00:00Z")]
    until: String,
}

/// Those that are not over, in the order of their times.
pub(super) fn ahead(planned: Vec<PlannedNote>, right_now: UtcMs) -> Vec<PlannedView> {
    planned.into_iter().filter(|note| right_now < note.until).map(PlannedView::from).collect()
}

/// Closures planned here, and not over.
#[utoipa::path(
    get, path = "/v1/planned-closures", tag = "closure", security(("device" = [])),
    responses(
        (status = 200, description = "Those that are not over, in the order of their times", body = Planned),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Planned>, Failure> {
    caller.admin_or(&[Role::Pos, Role::Picker, Role::Manager, Role::Tech])?;
    let summary = api.ledger().summary().await?;
    Ok(Json(Planned { planned: ahead(summary.planned, api.right_now()) }))
}

/// Plan a closure that begins and ends by itself.
#[utoipa::path(
    post, path = "/v1/planned-closures", tag = "closure", security(("device" = [])), request_body = Plan,
    params(("idempotency-key" = String, Header, description = "One per intent, kept for retries")),
    responses(
        (status = 200, description = "All that are planned", body = Planned),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn plan(
    State(api): State<Api>,
    caller: Caller,
    Idempotency(key): Idempotency,
    Trace(trace): Trace,
    Said { value, hash }: Said<Plan>,
) -> Result<Response, Failure> {
    let (from, until) = (time_of("from", &value.from)?, until_of(&value.until, api.right_now())?);
    let request = PlanRequest { hard: value.hard, cause: value.cause, from, until };
    say(&api, &caller, (key, trace, hash), Command::Plan(request)).await
}

/// Take a planned closure back, or end it while it lasts.
#[utoipa::path(
    delete, path = "/v1/planned-closures/{number}", tag = "closure", security(("device" = [])),
    params(
        ("number" = u32, Path, description = "Of the closure"),
        ("idempotency-key" = String, Header, description = "One per intent, kept for retries"),
    ),
    responses(
        (status = 200, description = "All that are planned still", body = Planned),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn take_back(
    State(api): State<Api>,
    caller: Caller,
    Path(number): Path<String>,
    Idempotency(key): Idempotency,
    Trace(trace): Trace,
    Said { value: Nothing {}, hash }: Said<Nothing>,
) -> Result<Response, Failure> {
    let bad = |_| refused(Code::NotFound, format!("{number} is no number of a planned closure"));
    let number: u32 = number.parse().map_err(bad)?;
    say(&api, &caller, (key, trace, hash), Command::Unplan(number)).await
}

/// A time that a client wrote.
pub(super) fn time_of(name: &str, text: &str) -> Result<UtcMs, Failure> {
    parse_stamp(text).ok_or_else(|| {
        refused(Code::InvalidRequest, format!("{name} is not a time like 2026-01-31T18:00:00Z"))
    })
}

/// When a closure is to end: ahead of now.
pub(super) fn until_of(text: &str, right_now: UtcMs) -> Result<UtcMs, Failure> {
    let until = time_of("until", text)?;
    if until > right_now { Ok(until) } else { Err(refused(Code::InvalidRequest, "until lies in the past")) }
}

async fn say(
    api: &Api,
    caller: &Caller,
    said: (IdempotencyKey, TraceId, [u8; 32]),
    command: Command,
) -> Result<Response, Failure> {
    let executed = execute_for_manager(api, caller, said, command).await?;
    match executed.answer {
        Answer::Planned { planned } => {
            Ok(answer(Planned { planned: ahead(planned, api.right_now()) }, executed.replayed))
        }
        Answer::Moved { .. } | Answer::Task { .. } | Answer::Closure { .. } => Err(other_answer()),
    }
}
