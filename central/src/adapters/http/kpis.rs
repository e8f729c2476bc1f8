//! How routing does, as numbers.

use super::answer::Answer;
use super::app::{App, Shared};
use super::days::{self, Days};
use super::doors::Caller;
use crate::core::kpis::{By, Kpi, Slice, Tally};
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::Problem;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::{ROUTING_KPI_DAYS_MAX, ROUTING_KPI_SLICES_MAX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Days of an answer whose beginning nobody named.
const DAYS: i64 = 30;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct KpiQuery {
    /// A day in UTC, like 2026-11-01; 30 days up to the last when absent.
    pub(super) from: Option<String>,
    /// A day in UTC; today when absent.
    pub(super) to: Option<String>,
    /// What it is split by; channel when absent.
    pub(super) by: Option<By>,
}

/// How routing did in some days, counted when it happened: what an order of before those days did in them is
/// in it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RoutingKpis {
    /// The first and the last day, in UTC, both counted.
    #[schema(example = "2026-11-01")]
    pub(super) from: String,
    #[schema(example = "2026-11-30")]
    pub(super) to: String,
    pub(super) by: By,
    pub(super) total: Kpi,
    /// Most units first; at most 1,000. By region or node, what no node did is in the total alone.
    pub(super) slices: Vec<KpiSlice>,
    /// Days on which nothing happened are left out.
    pub(super) days: Vec<KpiDay>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KpiSlice {
    /// Absent: it has none, like a store without a region.
    pub(super) name: Option<String>,
    #[serde(flatten)]
    pub(super) kpi: Kpi,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KpiDay {
    #[schema(example = "2026-11-01")]
    pub(super) day: String,
    #[serde(flatten)]
    pub(super) kpi: Kpi,
}

pub(super) async fn routing_kpis(app: &App, tenant: &TenantId, query: &KpiQuery) -> Answer<RoutingKpis> {
    let span = (query.from.as_deref(), query.to.as_deref());
    let Days { first, last } = days::named(span, (DAYS, ROUTING_KPI_DAYS_MAX), app.clock.now().utc)?;
    let by = query.by.unwrap_or(By::Channel);
    let slices = app.storage.routing_slices(tenant, by, (first, last), ROUTING_KPI_SLICES_MAX).await?;
    let by_day = app.storage.routing_days(tenant, (first, last)).await?;
    let total = by_day.iter().fold(Tally::default(), |sum, (_, tally)| sum.plus(tally));
    let slice = |Slice { name, tally }: Slice| KpiSlice { name, kpi: Kpi::from(tally) };
    let days: Answer<Vec<KpiDay>> = by_day
        .into_iter()
        .map(|(day, tally)| Ok(KpiDay { day: days::date(day)?, kpi: Kpi::from(tally) }))
        .collect();
    Ok(RoutingKpis {
        from: days::date(first)?,
        to: days::date(last)?,
        by,
        total: Kpi::from(total),
        slices: slices.into_iter().map(slice).collect(),
        days: days?,
    })
}

/// How routing does: the share of units that the best node got, splits, reroutes, oversell, undersell, kept
/// promises, and how long reservations and acknowledgements take; by day, and by what is asked for.
#[utoipa::path(get, path = "/v1/kpis/routing", tag = "support", params(KpiQuery),
    responses((status = 200, body = RoutingKpis), (status = "4XX", body = Problem)))]
pub(super) async fn routing(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(query): ApiQuery<KpiQuery>,
) -> Answer<Json<RoutingKpis>> {
    Ok(Json(routing_kpis(&app, caller.tenant(), &query).await?))
}
