//! Enrolling while the agent runs: the running process holds the data directory, so it does it.

use super::auth::Caller;
use super::body::Said;
use super::problem::Failure;
use super::state::Api;
use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use holdfast_shared::error::Problem;
use holdfast_shared::ids::{ReplicaId, StoreId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Gets this installation an identity at central.
#[async_trait]
pub trait Enroller: Send + Sync {
    async fn enrol(&self, wish: EnrolWish) -> Result<NowEnrolled, Problem>;
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolWish {
    #[schema(example = "https://central.example")]
    pub central: String,
    pub code: String,
    /// What people call this box.
    #[serde(default)]
    pub box_name: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NowEnrolled {
    pub store: StoreId,
    pub store_name: String,
    pub replica: ReplicaId,
}

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
