//! The way back: what it would be, taking it, and how the books stand since.

use super::answer::Answer;
use super::app::Shared;
use super::doors::Caller;
use crate::core::launch::rollback::RollbackPlan;
use crate::core::policy::version::PolicyVersion;
use crate::flows::rollback::{Ask, RollbackDone, RollbackReport, report, take_back_policy, way_back};
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// For so long nothing new begins after a run in which nobody said otherwise.
const FREEZE_HOURS: u16 = 24;
const HOUR_MS: i64 = 3_600_000;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhereTo {
    /// The version to go back to; the one before when absent. 0 is what was built in.
    to: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RollbackRun {
    #[schema(example = "orders go to the wrong city")]
    reason: String,
    /// As for the plan.
    #[serde(default)]
    to: Option<PolicyVersion>,
    /// For so long nothing new begins; 24 when absent, 0 for no freeze.
    #[serde(default)]
    freeze_hours: Option<u16>,
}

/// Which version goes back to which, where orders in flight go, what stays done, and what is compared
/// afterwards. Nothing is changed.
#[utoipa::path(get, path = "/v1/rollback", tag = "policies", params(WhereTo),
    responses((status = 200, body = RollbackPlan), (status = "4XX", body = Problem)))]
pub(super) async fn plan(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(WhereTo { to }): ApiQuery<WhereTo>,
) -> Answer<Json<RollbackPlan>> {
    let (storage, now) = (&*app.storage, app.clock.now().utc);
    Ok(Json(way_back(storage, &app.policies, caller.tenant(), to.map(PolicyVersion), now).await?))
}

/// Take the way back: the trial ends, or the version before is in force again; policies are frozen; what
/// steers the next decision is asked; the books are compared.
#[utoipa::path(post, path = "/v1/rollback", tag = "policies", request_body = RollbackRun,
    responses((status = 200, body = RollbackDone), (status = "4XX", body = Problem)))]
pub(super) async fn run(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(RollbackRun { reason, to, freeze_hours }): ApiJson<RollbackRun>,
) -> Answer<Json<RollbackDone>> {
    let freeze_ms = i64::from(freeze_hours.unwrap_or(FREEZE_HOURS)).saturating_mul(HOUR_MS);
    let ask = Ask { to, reason, actor: caller.actor()?, freeze_ms };
    let now = app.clock.now().utc;
    let done = take_back_policy(&*app.storage, &app.policies, caller.tenant(), &ask, now).await?;
    app.policy_changed();
    Ok(Json(done))
}

/// How the books stand since the newest run.
#[utoipa::path(get, path = "/v1/rollback/report", tag = "policies",
    responses((status = 200, body = RollbackReport), (status = 404, body = Problem)))]
pub(super) async fn since(State(app): State<Shared>, caller: Caller) -> Answer<Json<RollbackReport>> {
    Ok(Json(report(&*app.storage, caller.tenant(), app.clock.now().utc).await?))
}
