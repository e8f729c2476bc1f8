//! Stock with how sure it is, and what uncertainty cost.

use super::answer::{Answer, known};
use super::app::{App, Shared};
use super::days::{self, Days};
use super::doors::Caller;
use super::fleet;
use super::paging::Paging;
use crate::core::fleet::StoreRecord;
use crate::core::steering::Steering;
use crate::core::stock::Records;
use crate::core::stock::doubts::Doubts;
use crate::core::stock::policy::StockPolicy;
use crate::core::stock::report::MissRow;
use crate::core::stock::view::StockPosition;
use crate::ports::stock::StockRow;
use crate::ports::{Page, PageRequest};
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{Sku, StoreId, TenantId};
use holdfast_shared::limits::STOCK_REPORT_DAYS_MAX;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(of_sku)).routes(routes!(of_store)).routes(routes!(report))
}

/// Days of a report whose beginning nobody named.
const REPORT_DAYS: i64 = 30;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StockPage {
    pub(super) positions: Vec<StockPosition>,
    pub(super) next: Option<String>,
}

/// Units that were promised and not there, beside units that were there and not promised.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StockReport {
    /// The first and the last day, in UTC, both counted.
    #[schema(example = "2026-11-01")]
    pub(super) from: String,
    #[schema(example = "2026-11-30")]
    pub(super) to: String,
    pub(super) oversold_units: i64,
    pub(super) withheld_units: i64,
    /// Most units first; beyond 2,000 the rest is left out, also of the sums.
    pub(super) rows: Vec<MissRow>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Span {
    /// A day in UTC, like 2026-11-01; 30 days before the last when absent.
    pub(super) from: Option<String>,
    /// A day in UTC; today when absent.
    pub(super) to: Option<String>,
}

fn told(
    page: Page<StockRow>,
    records: &BTreeMap<StoreId, Records>,
    policies: &BTreeMap<StoreId, Arc<StockPolicy>>,
    usual: &StockPolicy,
    doubts: impl Fn(&StoreId) -> Doubts,
    now: UtcMs,
) -> StockPage {
    let unchecked = Records::default();
    let position = |row: StockRow| {
        let policy = policies.get(&row.store).map_or(usual, |policy| policy);
        match &row.known {
            Some(known) => {
                let records = records.get(&row.store).unwrap_or(&unchecked);
                StockPosition::of(known, records, policy, &doubts(&row.store), now)
            }
            None => StockPosition::unknown(row.store, row.sku, row.class, policy),
        }
    };
    StockPage { positions: page.rows.into_iter().map(position).collect(), next: page.next }
}

pub(super) async fn sku_page(
    app: &App,
    tenant: &TenantId,
    sku: &Sku,
    page: &PageRequest,
) -> Answer<StockPage> {
    let rows = app.storage.stock_of_sku(tenant, sku, page).await?;
    let records = app.storage.check_records(tenant, None).await?;
    let steering = app.policies.of(tenant);
    let stores = if steering.stock_differs() { app.storage.stores(tenant).await? } else { Vec::new() };
    let policies = policies_at(&steering, stores);
    let doubts = |store: &StoreId| app.doubts(tenant, store);
    Ok(told(rows, &records, &policies, &steering.stock, doubts, app.clock.now().utc))
}

pub(super) async fn store_page(
    app: &App,
    tenant: &TenantId,
    store: &StoreId,
    page: &PageRequest,
) -> Answer<StockPage> {
    let rows = app.storage.stock_of_store(tenant, store, page).await?;
    let records = app.storage.check_records(tenant, Some(store)).await?;
    let steering = app.policies.of(tenant);
    let policies = policies_at(&steering, app.storage.store(tenant, store).await?);
    let doubts = |store: &StoreId| app.doubts(tenant, store);
    Ok(told(rows, &records, &policies, &steering.stock, doubts, app.clock.now().utc))
}

fn policies_at(
    steering: &Steering,
    stores: impl IntoIterator<Item = StoreRecord>,
) -> BTreeMap<StoreId, Arc<StockPolicy>> {
    let stores = stores.into_iter().map(|record| record.store);
    stores.map(|store| (store.store.clone(), steering.stock_at(&store))).collect()
}

pub(super) async fn report_of(app: &App, tenant: &TenantId, span: &Span) -> Answer<StockReport> {
    let span = (span.from.as_deref(), span.to.as_deref());
    let Days { first, last } = days::named(span, (REPORT_DAYS, STOCK_REPORT_DAYS_MAX), app.clock.now().utc)?;
    let rows = app.storage.stock_report(tenant, first, last).await?;
    let sum = |oversell: bool| {
        let units = rows.iter().filter(|row| row.cause.is_oversell() == oversell).map(|row| row.units);
        units.fold(0_i64, i64::saturating_add)
    };
    Ok(StockReport {
        from: days::date(first)?,
        to: days::date(last)?,
        oversold_units: sum(true),
        withheld_units: sum(false),
        rows,
    })
}

/// One SKU at every node, also at those that never told of it: that is unknown, not none.
#[utoipa::path(get, path = "/v1/stock/skus/{sku}", tag = "fleet", params(("sku" = Sku, Path), Paging),
    responses((status = 200, body = StockPage), (status = "4XX", body = Problem)))]
pub(super) async fn of_sku(
    State(app): State<Shared>,
    caller: Caller,
    Path(sku): Path<String>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Answer<Json<StockPage>> {
    let (sku, page) = (typed(&sku)?, paging.request()?);
    Ok(Json(sku_page(&app, caller.tenant(), &sku, &page).await?))
}

/// What one store has, SKU by SKU.
#[utoipa::path(get, path = "/v1/stock/stores/{store}", tag = "fleet",
    params(("store" = StoreId, Path), Paging),
    responses((status = 200, body = StockPage), (status = "4XX", body = Problem)))]
pub(super) async fn of_store(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Answer<Json<StockPage>> {
    let page = paging.request()?;
    let record = fleet::find(&app, &caller, &store).await?;
    Ok(Json(store_page(&app, caller.tenant(), &record.store.store, &page).await?))
}

/// Units promised that were not there, and units kept back while their order went elsewhere.
#[utoipa::path(get, path = "/v1/stock/report", tag = "fleet", params(Span),
    responses((status = 200, body = StockReport), (status = "4XX", body = Problem)))]
pub(super) async fn report(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(span): ApiQuery<Span>,
) -> Answer<Json<StockReport>> {
    Ok(Json(report_of(&app, caller.tenant(), &span).await?))
}

/// A SKU out of a path or a form.
pub(super) fn typed(text: &str) -> Answer<Sku> {
    known(text.trim(), Code::InvalidRequest)
}
