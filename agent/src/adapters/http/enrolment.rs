//! Enrolling while the agent runs: the running process holds the data directory, so it does it.

use super::auth::Caller;
use super::body::Said;
use super::needs::{EnrolWish, NowEnrolled};
use super::problem::Failure;
use super::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use holdfast_shared::error::Problem;

/// Enrol this agent at central. It starts anew by itself and is connected a moment later.
#[utoipa::path(
    post, path = "/v1/enrolment", tag = "devices", security(("admin" = [])), request_body = EnrolWish,
    responses(
        (status = 201, description = "Enrolled", body = NowEnrolled),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn enrol(
    State(api): State<Api>,
    caller: Caller,
    Said { value, .. }: Said<EnrolWish>,
) -> Result<(StatusCode, Json<NowEnrolled>), Failure> {
    caller.admin_or(&[])?;
    Ok((StatusCode::CREATED, Json(api.enroller().enrol(value).await?)))
}
