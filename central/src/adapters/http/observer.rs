//! A person overrules what the observer makes of silence.

use super::answer::Answer;
use super::app::Shared;
use super::doors::Caller;
use crate::core::health::overrule::Verdict;
use crate::flows::overrule::{Wish, overrule};
use axum::extract::State;
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::Problem;
use holdfast_shared::time::UtcMs;
use serde::Deserialize;
use utoipa::ToSchema;

/// Enough for every silent store to be found dark and its lease to end; no longer, because the next
/// silence may be the observer's own again.
pub(super) const RELEASE_MS: i64 = 10 * 60 * 1000;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FreezeRequest {
    #[schema(example = "the carrier works on all our lines tonight")]
    reason: String,
    /// At most a day ahead.
    until: UtcMs,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    reason: String,
}

/// Hold all work where it is, as if the observer were frozen.
#[utoipa::path(post, path = "/v1/health/freeze", tag = "fleet", request_body = FreezeRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn freeze(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(FreezeRequest { reason, until }): ApiJson<FreezeRequest>,
) -> Answer<StatusCode> {
    let for_ms = until.since(app.clock.now().utc);
    say(&app, &caller, Verdict::Hold, reason, for_ms).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let silence count for ten minutes although the observer is frozen: what stays silent is dark. Where a
/// person alone holds the work, it ends that.
#[utoipa::path(delete, path = "/v1/health/freeze", tag = "fleet",
    params(("reason" = String, Query, description = "Why the observer is wrong")),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn release(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(Reason { reason }): ApiQuery<Reason>,
) -> Answer<StatusCode> {
    say(&app, &caller, Verdict::Release, reason, RELEASE_MS).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn say(
    app: &Shared,
    caller: &Caller,
    verdict: Verdict,
    reason: String,
    for_ms: i64,
) -> Answer<()> {
    let wish = Wish { verdict, author: caller.actor()?, reason, for_ms };
    overrule(&*app.storage, &app.watch, caller.tenant(), wish, app.clock.now()).await?;
    app.fleet_changed();
    Ok(())
}
