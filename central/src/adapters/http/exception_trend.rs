//! What exceptions cost, by kind and by cause.

use super::answer::Answer;
use super::app::{App, Shared};
use super::days::{after, begins, date, named};
use super::doors::Caller;
use crate::core::exception::trend::Trend;
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::Problem;
use holdfast_shared::limits::EXCEPTION_TREND_DAYS_MAX;
use serde::Deserialize;

/// Days when nobody says otherwise.
const DAYS: i64 = 28;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TrendQuery {
    /// A day in UTC, like 2026-11-01; 28 days up to the last when absent.
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// Exceptions by kind and by root cause: how many, beside as many days before, who ended them, and the minutes
/// that people spent.
#[utoipa::path(get, path = "/v1/exceptions/trend", tag = "support", params(TrendQuery),
    responses((status = 200, body = Trend), (status = "4XX", body = Problem)))]
pub(super) async fn trend(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<TrendQuery>,
) -> Answer<Json<Trend>> {
    Ok(Json(trend_of(&app, &caller, &asked).await?))
}

pub(super) async fn trend_of(app: &App, caller: &Caller, asked: &TrendQuery) -> Answer<Trend> {
    let span = (asked.from.as_deref(), asked.to.as_deref());
    let days = named(span, (DAYS, EXCEPTION_TREND_DAYS_MAX), app.clock.now().utc)?;
    let (from, until) = (begins(days.first), begins(after(days.last)));
    let rows = app.storage.exception_trend(caller.tenant(), from, until).await?;
    Ok(Trend::of(date(days.first)?, date(days.last)?, rows.kinds, rows.causes))
}
