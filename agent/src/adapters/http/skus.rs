//! Look-ups of stock.

use super::auth::Caller;
use super::body::Said;
use super::problem::{Failure, invalid, refused};
use super::state::Api;
use super::view::SkuView;
use crate::core::command::Position;
use crate::ports::ledger::Role;
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::Sku;
use holdfast_shared::limits::{LOOKUP_SKUS_MAX, NOTE_CHARS_MAX, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// Who works with goods.
const GOODS: &[Role] = &[Role::Pos, Role::Picker, Role::Manager];

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Skus {
    pub(super) skus: Vec<SkuView>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    q: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lookup {
    /// At most 500.
    skus: Vec<Sku>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Found {
    skus: Vec<SkuView>,
    /// Asked for, and not in the catalogue.
    unknown: Vec<Sku>,
}

/// Stock of one SKU.
#[utoipa::path(
    get, path = "/v1/skus/{sku}", tag = "stock", security(("device" = [])),
    params(("sku" = String, Path, description = "The SKU")),
    responses(
        (status = 200, description = "Its stock", body = SkuView),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn one(
    State(api): State<Api>,
    caller: Caller,
    Path(sku): Path<String>,
) -> Result<Json<SkuView>, Failure> {
    caller.device(GOODS)?;
    let sku = Sku::new(sku).map_err(invalid)?;
    let found = api.ledger().positions(std::slice::from_ref(&sku)).await?;
    let position = found
        .into_iter()
        .next()
        .ok_or_else(|| refused(Code::UnknownSku, format!("SKU {sku} is not in this store's catalogue")))?;
    Ok(Json(position.into()))
}

/// Stock of many SKUs at once.
#[utoipa::path(
    post, path = "/v1/skus/lookup", tag = "stock", security(("device" = [])), request_body = Lookup,
    responses(
        (status = 200, description = "What is known of them, in the order asked", body = Found),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn lookup(
    State(api): State<Api>,
    caller: Caller,
    Said { value: Lookup { skus }, .. }: Said<Lookup>,
) -> Result<Json<Found>, Failure> {
    caller.device(GOODS)?;
    if skus.len() > LOOKUP_SKUS_MAX {
        return Err(refused(Code::InvalidRequest, format!("at most {LOOKUP_SKUS_MAX} SKUs at once")));
    }
    let found = api.ledger().positions(&skus).await?;
    let known: HashSet<&Sku> = found.iter().map(|position| &position.sku).collect();
    let unknown = skus.iter().filter(|sku| !known.contains(sku)).cloned().collect();
    Ok(Json(Found { unknown, skus: found.into_iter().map(SkuView::from).collect() }))
}

/// Find articles by barcode, SKU or name.
#[utoipa::path(
    get, path = "/v1/skus", tag = "stock", security(("device" = [])), 
    params(
        ("q" = Option<String>, Query, description = "A barcode, the beginning of a SKU, or words of the name"),
        ("limit" = Option<u32>, Query, description = "At most 500; 50 when absent"),
    ),
    responses(
        (status = 200, description = "The best matches", body = Skus),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn search(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(Search { q, limit }): ApiQuery<Search>,
) -> Result<Json<Skus>, Failure> {
    caller.device(GOODS)?;
    let text = q.unwrap_or_default();
    if text.chars().count() > NOTE_CHARS_MAX {
        return Err(refused(Code::InvalidRequest, "the search text is too long"));
    }
    let found: Vec<Position> = api.ledger().search(text.trim(), page_limit(limit)?).await?;
    Ok(Json(Skus { skus: found.into_iter().map(SkuView::from).collect() }))
}

/// How many rows a page may have.
pub(super) fn page_limit(asked: Option<u32>) -> Result<u32, Failure> {
    match asked.unwrap_or(PAGE_ROWS_DEFAULT) {
        limit @ 1..=PAGE_ROWS_MAX => Ok(limit),
        limit => {
            Err(refused(Code::InvalidRequest, format!("limit is {limit}: expected 1 to {PAGE_ROWS_MAX}")))
        }
    }
}
