//! Whether everything adds up since a launch.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::doors::Caller;
use crate::core::launch::postlaunch::PostLaunch;
use crate::flows::postlaunch::after_launch;
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::limits::LAUNCH_DAYS_MAX;
use serde::Deserialize;

const DAY_MS: i64 = 86_400_000;
/// The first week, when nobody says otherwise.
const DAYS: u32 = 7;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Days {
    /// Days back from now, 1 to 30; 7 when absent.
    days: Option<u32>,
}

impl Days {
    pub(super) fn or(&self, usual: u32) -> Answer<u32> {
        let days = self.days.unwrap_or(usual);
        if (1..=LAUNCH_DAYS_MAX).contains(&days) {
            return Ok(days);
        }
        Err(Refused::new(Code::InvalidRequest, format!("days is {days}: expected 1 to {LAUNCH_DAYS_MAX}")))
    }
}

/// Counts, statuses, cancellations and returns, notifications, exceptions: of the newest 2,000 orders
/// since then, each compared with what it rests on.
#[utoipa::path(get, path = "/v1/postlaunch", tag = "support", params(Days),
    responses((status = 200, body = PostLaunch), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(days): ApiQuery<Days>,
) -> Answer<Json<PostLaunch>> {
    let now = app.clock.now().utc;
    let since = now.plus(i64::from(days.or(DAYS)?).saturating_mul(DAY_MS).saturating_neg());
    Ok(Json(after_launch(&*app.storage, caller.tenant(), since, now).await?))
}
