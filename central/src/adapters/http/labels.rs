//! What a carrier's integration, or customer service, tells of a parcel that cannot leave.

use super::answer::{Answer, known};
use super::app::Shared;
use super::doors::Caller;
use crate::core::labels::LabelOutcome;
use crate::flows::label_failed::report;
use crate::flows::route_orders::Router;
use crate::ports::labels::NewLabelFailure;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::TaskId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelFailedRequest {
    /// The carrier's service that failed. Left out it is the one that was planned first; name each one that
    /// fails after it.
    #[serde(default)]
    #[schema(example = "standard")]
    service: Option<String>,
    /// It stands in the order's timeline.
    #[schema(example = "the carrier refuses the postcode")]
    reason: String,
}

/// What becomes of the parcel.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LabelFailedAnswer {
    task: TaskId,
    /// Absent when nobody knows which one it was.
    service: Option<String>,
    /// Absent while it waits for its turn; asking again tells what became of it.
    outcome: Option<LabelOutcome>,
    /// The service that takes it instead: print the label there.
    next_service: Option<String>,
    words: Option<String>,
}

/// No label can be had for a parcel, or the carrier refuses it. It goes by another service, its work moves
/// to another node, or a person decides. The same again changes nothing.
#[utoipa::path(post, path = "/v1/tasks/{task}/label-failed", tag = "support", params(("task" = TaskId, Path)),
    request_body = LabelFailedRequest,
    responses((status = 200, body = LabelFailedAnswer), (status = 202, body = LabelFailedAnswer),
        (status = "4XX", body = Problem)))]
pub(super) async fn label_failed(
    State(app): State<Shared>,
    caller: Caller,
    Path(task): Path<String>,
    ApiJson(LabelFailedRequest { service, reason }): ApiJson<LabelFailedRequest>,
) -> Answer<(StatusCode, Json<LabelFailedAnswer>)> {
    let task: TaskId = known(&task, Code::UnknownTask)?;
    let (tenant, by) = (caller.tenant().clone(), caller.actor()?);
    let decision_id = app.decision_id;
    let router =
        Router { watch: &app.watch, poke: &*app.poke, policy: &*app.policies, decision_id: &decision_id };
    let failure = NewLabelFailure { tenant, task: task.clone(), service, reason, by };
    let failure = report(&*app.storage, &router, failure, app.clock.now()).await?;
    let of = failure.tenant.to_string();
    metrics::counter!("holdfast_label_failures_total", "tenant" => of).increment(1);
    app.work_changed();
    let status = if failure.settled.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let settled = failure.settled;
    let answer = LabelFailedAnswer {
        task,
        service: failure.service,
        outcome: settled.as_ref().map(|settled| settled.outcome),
        next_service: settled.as_ref().and_then(|settled| settled.next_service.clone()),
        words: settled.map(|settled| settled.words),
    };
    Ok((status, Json(answer)))
}
