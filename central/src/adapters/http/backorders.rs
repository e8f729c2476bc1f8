//! Lines that wait for goods, and what is said of when goods come.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::paging::Paging;
use super::substitutions::refuse_unknown;
use crate::core::backorder::{BadExpected, Expected, check};
use crate::flows::date_backorders::date_sku;
use crate::ports::backorders::Backorder;
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::Sku;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BackorderPage {
    backorders: Vec<Backorder>,
    next: Option<String>,
}

/// All that is expected of a SKU. It ends by itself when goods come in at the store, or its time is over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedList {
    expected: Vec<Expected>,
}

/// Lines that wait for goods, who is served next first, with their places in the queues of their SKUs: by
/// the priority of their orders, then by who waits longest.
#[utoipa::path(get, path = "/v1/backorders", tag = "orders", params(Paging),
    responses((status = 200, body = BackorderPage), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Answer<Json<BackorderPage>> {
    let page = app.storage.backorders(caller.tenant(), &paging.request()?).await?;
    Ok(Json(BackorderPage { backorders: page.rows, next: page.next }))
}

/// What is expected of a SKU, the earliest first.
#[utoipa::path(get, path = "/v1/stock/skus/{sku}/expected", tag = "fleet", params(("sku" = Sku, Path)),
    responses((status = 200, body = ExpectedList), (status = "4XX", body = Problem)))]
pub(super) async fn expected(
    State(app): State<Shared>,
    caller: Caller,
    Path(sku): Path<String>,
) -> Answer<Json<ExpectedList>> {
    let sku: Sku = known(&sku, Code::UnknownSku)?;
    let expected = app.storage.expected(caller.tenant(), &sku, app.clock.now().utc).await?;
    Ok(Json(ExpectedList { expected }))
}

/// Say what is to come of a SKU, in place of what was said before. Orders that wait for it are dated anew.
#[utoipa::path(put, path = "/v1/stock/skus/{sku}/expected", tag = "fleet", params(("sku" = Sku, Path)),
    request_body = ExpectedList,
    responses((status = 200, body = ExpectedList), (status = "4XX", body = Problem)))]
pub(super) async fn put_expected(
    State(app): State<Shared>,
    caller: Caller,
    Path(sku): Path<String>,
    ApiJson(request): ApiJson<ExpectedList>,
) -> Answer<Json<ExpectedList>> {
    let sku: Sku = known(&sku, Code::UnknownSku)?;
    let (tenant, now) = (caller.tenant(), app.clock.now().utc);
    refuse_unknown(&app, &caller, std::slice::from_ref(&sku)).await?;
    check(&request.expected, now).map_err(refusal)?;
    for receipt in &request.expected {
        if app.storage.store(tenant, &receipt.store).await?.is_none() {
            let what = format!("there is no store {}", receipt.store);
            return Err(Refused::new(Code::UnknownStore, what));
        }
    }
    app.storage.put_expected(tenant, &sku, &request.expected, &caller.actor()?, now).await?;
    date_sku(&*app.storage, tenant, &sku, now).await?;
    app.bells.publish.notify_one();
    Ok(Json(request))
}

fn refusal(bad: BadExpected) -> Refused {
    let code = match bad {
        BadExpected::Quantity { .. } => Code::InvalidQuantity,
        BadExpected::TooMany(_) | BadExpected::Time(_) | BadExpected::Twice(_) => Code::InvalidRequest,
    };
    Refused::new(code, bad.to_string())
}
