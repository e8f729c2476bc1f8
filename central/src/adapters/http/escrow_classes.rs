//! Scarce classes of SKUs: what holds for a scarce SKU holds for each of the class.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::escrow::{EscrowRequest, put_answer, units};
use super::fleet::find;
use crate::ports::escrow::ClassInEscrow;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{SkuClass, StoreId};

/// The classes that are in escrow at a store.
#[utoipa::path(get, path = "/v1/stores/{store}/escrow-classes", tag = "fleet", params(("store" = StoreId, Path)),
    responses((status = 200, body = Vec<ClassInEscrow>), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
) -> Answer<Json<Vec<ClassInEscrow>>> {
    let store = find(&app, &caller, &store).await?.store.store;
    Ok(Json(app.storage.classes_in_escrow(caller.tenant(), &store).await?))
}

/// Promise only what the store has ceded of each SKU of a class, and ask it to cede so many units of each. What was said
/// of a SKU alone stays.
#[utoipa::path(put, path = "/v1/stores/{store}/escrow-classes/{class}", tag = "fleet",
    params(("store" = StoreId, Path), ("class" = SkuClass, Path)), request_body = EscrowRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path((store, class)): Path<(String, String)>,
    ApiJson(request): ApiJson<EscrowRequest>,
) -> Answer<StatusCode> {
    let store = find(&app, &caller, &store).await?.store.store;
    let (class, units): (SkuClass, i64) = (known(&class, Code::InvalidRequest)?, units(&request)?);
    let (actor, now) = (caller.actor()?, app.clock.now().utc);
    let done = app.storage.put_class_escrow(caller.tenant(), &store, (&class, units), &actor, now).await?;
    put_answer(&app, &store, done)
}

/// Promise the SKUs of a class like any others again. What is ceded and not promised goes back to the store.
#[utoipa::path(delete, path = "/v1/stores/{store}/escrow-classes/{class}", tag = "fleet",
    params(("store" = StoreId, Path), ("class" = SkuClass, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn end(
    State(app): State<Shared>,
    caller: Caller,
    Path((store, class)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let store = find(&app, &caller, &store).await?.store.store;
    let class: SkuClass = known(&class, Code::InvalidRequest)?;
    let now = app.clock.now().utc;
    if !app.storage.drop_class_escrow(caller.tenant(), &store, &class, now).await? {
        let detail = format!("class {class} is not in escrow at {store}");
        return Err(Refused::new(Code::NotFound, detail));
    }
    app.work_changed();
    Ok(StatusCode::NO_CONTENT)
}
