//! The one queue of what a person must look at.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::orders::spoken;
use super::paging::Paging;
use crate::core::exception::Exception;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::ExceptionId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExceptionPage {
    exceptions: Vec<Exception>,
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExceptionFilter {
    /// Also those that are resolved.
    #[serde(default)]
    all: bool,
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolveRequest {
    /// What was done, and why.
    #[schema(example = "called the store: the parcel left on Tuesday")]
    resolution: String,
}

/// Exceptions, newest first; the open ones, unless all are asked for.
#[utoipa::path(get, path = "/v1/exceptions", tag = "support", params(ExceptionFilter),
    responses((status = 200, body = ExceptionPage), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(filter): ApiQuery<ExceptionFilter>,
) -> Answer<Json<ExceptionPage>> {
    let paging = Paging { cursor: filter.cursor, limit: filter.limit }.request()?;
    let page = app.storage.exceptions(caller.tenant(), !filter.all, &paging).await?;
    Ok(Json(ExceptionPage { exceptions: page.rows, next: page.next }))
}

/// Resolve an exception, with the reason.
#[utoipa::path(post, path = "/v1/exceptions/{exception}/resolve", tag = "support",
    params(("exception" = ExceptionId, Path)), request_body = ResolveRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn resolve(
    State(app): State<Shared>,
    caller: Caller,
    Path(exception): Path<String>,
    ApiJson(request): ApiJson<ResolveRequest>,
) -> Answer<StatusCode> {
    resolve_one(&app, &caller, &exception, &request.resolution).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn resolve_one(app: &Shared, caller: &Caller, id: &str, resolution: &str) -> Answer<()> {
    let exception: ExceptionId = known(id, Code::NotFound)?;
    // Who resolved it is part of the record: overrides are explained afterwards from what is stored.
    let resolution = format!("{} ({})", spoken(resolution, "resolution")?, caller.actor()?);
    let now = app.clock.now().utc;
    if app.storage.resolve_exception(caller.tenant(), &exception, &resolution, now).await? {
        return Ok(());
    }
    Err(Refused::new(Code::NotFound, format!("there is no open exception {exception}")))
}
