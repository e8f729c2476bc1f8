//! A version in shadow, and the decisions of another system.

use super::answer::Answer;
use super::app::{App, Shared};
use super::doors::Caller;
use super::policies::{self, PolicyReason};
use crate::core::policy::version::PolicyVersion;
use crate::core::shadow::legacy::LegacyDecision;
use crate::core::shadow::report::{Summary, summary};
use crate::core::shadow::version::not_compared;
use crate::core::shadow::words::{Against, Foreign};
use crate::core::shadow::{NewShadow, Shadow, Tolerance};
use crate::core::steering::Steering;
use crate::core::stock::report::Day;
use crate::flows::shadow;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::Actor;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShadowStart {
    /// Any version that is not in force, also a draft; 0 is what was built in.
    version: PolicyVersion,
    /// Who reads its report and answers for it.
    owner: Actor,
    #[schema(example = "does the new ladder keep our promises?")]
    reason: String,
    /// When it ends by itself.
    ends_at: UtcMs,
    #[serde(default)]
    tolerance: Tolerance,
}

/// The newest version in shadow, and what it has shown since its first day.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShadowView {
    /// Absent when no version ever was.
    pub(super) shadow: Option<Shadow>,
    pub(super) summary: Option<Summary>,
    /// Sections in which it differs from the version in force and that no comparison shows.
    #[schema(example = json!(["stock"]))]
    pub(super) not_compared: Vec<&'static str>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LegacyBatch {
    decisions: Vec<LegacyDecision>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LegacyTaken {
    taken: u32,
    /// Came before, word for word.
    repeated: u32,
    /// Came before with other words; the first ones count.
    #[schema(value_type = Vec<String>)]
    conflicting: Vec<Foreign>,
}

/// The version that is asked about each decision and decides none.
#[utoipa::path(get, path = "/v1/shadow", tag = "policies",
    responses((status = 200, body = ShadowView), (status = "4XX", body = Problem)))]
pub(super) async fn get(State(app): State<Shared>, caller: Caller) -> Answer<Json<ShadowView>> {
    Ok(Json(view(&app, &caller).await?))
}

pub(super) async fn view(app: &Shared, caller: &Caller) -> Answer<ShadowView> {
    let Some(shadow) = app.storage.shadow(caller.tenant()).await? else {
        return Ok(ShadowView { shadow: None, summary: None, not_compared: Vec::new() });
    };
    let summary = shown(app, caller, &shadow).await?;
    let not_compared = match policies::find(app, caller, shadow.version).await {
        Ok(shown) => {
            let candidate = Steering::new(shadow.version, shown.document);
            not_compared(&app.policies.of(caller.tenant()), &candidate)
        }
        // It ends for that, and tells so.
        Err(refused) if refused.0.code == Code::InvalidPolicy => Vec::new(),
        Err(refused) => return Err(refused),
    };
    Ok(ShadowView { shadow: Some(shadow), summary: Some(summary), not_compared })
}

async fn shown(app: &App, caller: &Caller, shadow: &Shadow) -> Answer<Summary> {
    let days = (Day::of(shadow.started_at), Day::of(app.clock.now().utc));
    let tally = app.storage.shadow_tally(caller.tenant(), days).await?;
    let against = Against::Version(shadow.version);
    let of_it = tally.into_iter().filter(|row| row.against == against);
    Ok(summary(of_it.map(|row| (row.counted, row.lines))))
}

/// Put a version in shadow: from the next decision on it is asked about each, and its answers are compared.
#[utoipa::path(post, path = "/v1/shadow", tag = "policies", request_body = ShadowStart,
    responses((status = 201, body = Shadow), (status = "4XX", body = Problem)))]
pub(super) async fn start(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(request): ApiJson<ShadowStart>,
) -> Answer<(StatusCode, Json<Shadow>)> {
    let ShadowStart { version, owner, reason, ends_at, tolerance } = request;
    let new = NewShadow { version, author: caller.actor()?, owner, reason, tolerance, ends_at };
    let begun = shadow::start(&*app.storage, caller.tenant(), new, app.clock.now().utc).await?;
    Ok((StatusCode::CREATED, Json(begun)))
}

/// Take the version out of shadow. What it has shown stays.
#[utoipa::path(delete, path = "/v1/shadow", tag = "policies",
    params(("reason" = String, Query, description = "Why it ends")),
    responses((status = 200, body = Shadow), (status = "4XX", body = Problem)))]
pub(super) async fn stop(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(PolicyReason { reason }): ApiQuery<PolicyReason>,
) -> Answer<Json<Shadow>> {
    let (by, now) = (caller.actor()?, app.clock.now().utc);
    Ok(Json(shadow::stop(&*app.storage, caller.tenant(), (&reason, &by), now).await?))
}

/// Tell what another system decided, before or after central decides the same lines. Each id counts once.
#[utoipa::path(post, path = "/v1/shadow/decisions", tag = "policies", request_body = LegacyBatch,
    responses((status = 200, body = LegacyTaken), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn tell(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(LegacyBatch { decisions }): ApiJson<LegacyBatch>,
) -> Answer<Json<LegacyTaken>> {
    let now = app.clock.now().utc;
    let taken = shadow::take(&*app.storage, caller.tenant(), &decisions, now).await?;
    Ok(Json(LegacyTaken { taken: taken.taken, repeated: taken.repeated, conflicting: taken.conflicting }))
}
