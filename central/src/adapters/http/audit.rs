//! How the tenant stands as a whole: counts for a screen, and the proof of what must always hold.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::doors::Caller;
use crate::core::order::OrderState;
use crate::ports::PageRequest;
use crate::ports::work::Audit;
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{FactId, StoreId};
use holdfast_shared::limits::{LOOKUP_INTENTS_MAX, PAGE_ROWS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The tenant in numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Summary {
    /// Orders in each state; states without orders are left out.
    orders: BTreeMap<OrderState, u64>,
    /// Up to a page of them is counted.
    exceptions_open: usize,
}

/// Orders by state, and how much waits for a person.
#[utoipa::path(get, path = "/v1/summary", tag = "orders",
    responses((status = 200, body = Summary), (status = "4XX", body = Problem)))]
pub(super) async fn summary(State(app): State<Shared>, caller: Caller) -> Answer<Json<Summary>> {
    let page = PageRequest { cursor: None, limit: PAGE_ROWS_MAX };
    let open = app.storage.exceptions(caller.tenant(), true, &page).await?;
    let orders = app.storage.count_orders(caller.tenant()).await?;
    Ok(Json(Summary { orders, exceptions_open: open.rows.len() }))
}

/// What must always hold, counted from the tables now. The first four are 0, or something is wrong.
#[utoipa::path(get, path = "/v1/audit", tag = "admin",
    responses((status = 200, body = Audit), (status = "4XX", body = Problem)))]
pub(super) async fn audit(State(app): State<Shared>, caller: Caller) -> Answer<Json<Audit>> {
    Ok(Json(app.storage.audit(Some(caller.tenant())).await?))
}

/// What devices of one store were told was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IntentsRequest {
    store: StoreId,
    /// Idempotency keys of the form device.generation.number.
    intents: Vec<FactId>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IntentsAnswer {
    /// Those of which central has no fact: not sent yet by the store, or lost.
    missing: Vec<FactId>,
}

/// Which acknowledged intents of a store have not reached central.
#[utoipa::path(post, path = "/v1/audit/intents", tag = "admin", request_body = IntentsRequest,
    responses((status = 200, body = IntentsAnswer), (status = "4XX", body = Problem)))]
pub(super) async fn intents(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(asked): ApiJson<IntentsRequest>,
) -> Answer<Json<IntentsAnswer>> {
    if asked.intents.len() > LOOKUP_INTENTS_MAX {
        let detail = format!("{} intents in one request; at most {LOOKUP_INTENTS_MAX}", asked.intents.len());
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    let missing = app.storage.missing_intents(caller.tenant(), &asked.store, &asked.intents).await?;
    Ok(Json(IntentsAnswer { missing }))
}
