//! Scarce SKUs: central promises only what the store has ceded, so neither side oversells while it is
//! cut off.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::fleet::find;
use crate::ports::escrow::{InEscrow, PutOutcome};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{Sku, StoreId};
use holdfast_shared::limits::{ESCROW_SKUS_MAX, QUANTITY_MAX};
use holdfast_shared::wire::sync::EscrowTarget;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EscrowRequest {
    /// Units that the store is asked to cede; it cedes those that it has free.
    #[schema(example = 3)]
    target_units: i64,
}

/// What is in escrow at a store, and what it has ceded.
#[utoipa::path(get, path = "/v1/stores/{store}/escrow", tag = "fleet", params(("store" = StoreId, Path)),
    responses((status = 200, body = InEscrow), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
) -> Answer<Json<InEscrow>> {
    let store = find(&app, &caller, &store).await?.store.store;
    Ok(Json(app.storage.escrows(caller.tenant(), &store).await?))
}

/// Promise only what the store has ceded of a SKU, and ask it to cede so many units.
#[utoipa::path(put, path = "/v1/stores/{store}/escrow/{sku}", tag = "fleet",
    params(("store" = StoreId, Path), ("sku" = Sku, Path)), request_body = EscrowRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn put(
    State(app): State<Shared>,
    caller: Caller,
    Path((store, sku)): Path<(String, String)>,
    ApiJson(request): ApiJson<EscrowRequest>,
) -> Answer<StatusCode> {
    let store = find(&app, &caller, &store).await?.store.store;
    let sku: Sku = known(&sku, Code::UnknownSku)?;
    let now = app.clock.now().utc;
    let target = EscrowTarget { sku, units: units(&request)? };
    let done = app.storage.put_escrow(caller.tenant(), &store, &target, &caller.actor()?, now).await?;
    put_answer(&app, &store, done)
}

pub(super) fn units(request: &EscrowRequest) -> Answer<i64> {
    let units = request.target_units;
    if !(0..=QUANTITY_MAX).contains(&units) {
        let detail = format!("target_units is {units}: expected 0 to {QUANTITY_MAX}");
        return Err(Refused::new(Code::InvalidQuantity, detail));
    }
    Ok(units)
}

pub(super) fn put_answer(app: &Shared, store: &StoreId, done: PutOutcome) -> Answer<StatusCode> {
    match done {
        PutOutcome::Put => {
            app.work_changed();
            Ok(StatusCode::NO_CONTENT)
        }
        PutOutcome::NoSuchStore => Err(Refused::new(Code::NotFound, format!("there is no store {store}"))),
        PutOutcome::CannotCede { enrolled, able } => {
            let detail = format!(
                "{store} has {enrolled} boxes, of which {able} know of escrow; it takes one box, and that it \
                 does: two tills that do not hear of each other would sell what either cedes"
            );
            let hint = "Update the agent of the store, or work with one box there.";
            Err(Problem::new(Code::InvalidRequest, detail).with_hint(hint).into())
        }
        PutOutcome::TooMany => {
            let detail = format!(
                "{store} would have more than {ESCROW_SKUS_MAX} SKUs in escrow; end that of another one first"
            );
            Err(Refused::new(Code::InvalidRequest, detail))
        }
    }
}

/// Promise a SKU like any other again. What is ceded and not promised goes back to the store.
#[utoipa::path(delete, path = "/v1/stores/{store}/escrow/{sku}", tag = "fleet",
    params(("store" = StoreId, Path), ("sku" = Sku, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn end(
    State(app): State<Shared>,
    caller: Caller,
    Path((store, sku)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let store = find(&app, &caller, &store).await?.store.store;
    let sku: Sku = known(&sku, Code::UnknownSku)?;
    let now = app.clock.now().utc;
    if !app.storage.drop_escrow(caller.tenant(), &store, &sku, now).await? {
        return Err(Refused::new(Code::NotFound, format!("{sku} is not in escrow at {store} by itself")));
    }
    app.work_changed();
    Ok(StatusCode::NO_CONTENT)
}
