//! How orders do, by channel and by what kind of node has them, and what waits where.

use super::answer::Answer;
use super::app::{App, Shared};
use super::days::{self, Days};
use super::doors::Caller;
use super::flow::{Ambiguous, LATE_AFTER_S};
use crate::core::kpis::orders::{OrderKpi, OrdersBy, WaitingIn, by_name, together};
use crate::core::order::OrderState;
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::Problem;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::ROUTING_KPI_DAYS_MAX;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Days of an answer whose beginning nobody named.
const DAYS: i64 = 30;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderKpiQuery {
    /// A day in UTC, like 2026-11-01; 30 days up to the last when absent.
    from: Option<String>,
    /// A day in UTC; today when absent.
    to: Option<String>,
    /// What it is split by; channel when absent.
    by: Option<OrdersBy>,
}

/// An order counts on the day on which it did what is counted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderKpis {
    /// The first and the last day, in UTC, both counted.
    #[schema(example = "2026-11-01")]
    pub(super) from: String,
    #[schema(example = "2026-11-30")]
    pub(super) to: String,
    pub(super) by: OrdersBy,
    pub(super) total: OrderKpi,
    /// Most orders first.
    pub(super) slices: Vec<OrderKpiSlice>,
    /// What waits now, whatever the days.
    pub(super) queues: Vec<WaitingIn>,
    /// Orders of which nobody can say after that time whether they will be fulfilled, now.
    pub(super) ambiguous: Ambiguous,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderKpiSlice {
    /// Absent: what is of no order, like a difference in the stock of a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(flatten)]
    pub(super) kpi: OrderKpi,
}

pub(super) async fn order_kpis(app: &App, tenant: &TenantId, query: &OrderKpiQuery) -> Answer<OrderKpis> {
    let now = app.clock.now().utc;
    let span = (query.from.as_deref(), query.to.as_deref());
    let Days { first, last } = days::named(span, (DAYS, ROUTING_KPI_DAYS_MAX), now)?;
    let by = query.by.unwrap_or_default();
    let storage = &app.storage;
    let measured = storage.order_measures(tenant, by, (first, last)).await?;
    let tallies = storage.order_tallies(tenant, by, (first, last)).await?;
    let until = days::begins(days::after(last));
    let toil = storage.order_toil(tenant, by, days::begins(first), until).await?;
    let mut slices: Vec<OrderKpiSlice> = by_name(&measured, &tallies, &toil)
        .into_iter()
        .map(|(name, gathered)| OrderKpiSlice {
            name: (!name.is_empty()).then_some(name),
            kpi: gathered.kpi(),
        })
        .collect();
    slices.sort_by_key(|slice| std::cmp::Reverse(slice.kpi.placed.max(slice.kpi.reserved)));
    let open: Vec<OrderState> = OrderState::ALL.into_iter().filter(|state| !state.is_final()).collect();
    let late = now.plus(LATE_AFTER_S.saturating_mul(-1_000));
    let standing = storage.orders_now(tenant, &open, late).await?;
    Ok(OrderKpis {
        from: days::date(first)?,
        to: days::date(last)?,
        by,
        total: together(&measured, &tallies, &toil).kpi(),
        slices,
        queues: storage.what_waits(tenant, now).await?,
        ambiguous: Ambiguous::of(&standing, LATE_AFTER_S),
    })
}

/// How orders do: the share that nodes take on, how long a node and its answer take, cancellations, what was lost on
/// the way, promises, differences in the books and the minutes of people; and what waits in which queue, since when.
#[utoipa::path(get, path = "/v1/kpis/orders", tag = "support", params(OrderKpiQuery),
    responses((status = 200, body = OrderKpis), (status = "4XX", body = Problem)))]
pub(super) async fn orders(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(query): ApiQuery<OrderKpiQuery>,
) -> Answer<Json<OrderKpis>> {
    Ok(Json(order_kpis(&app, caller.tenant(), &query).await?))
}
