//! Scarce SKUs that the store cedes to central: a manager bounds what central may keep.

use super::auth::Caller;
use super::body::Said;
use super::events::Event;
use super::problem::{Failure, invalid};
use super::state::Api;
use super::view::SkuView;
use crate::ports::ledger::Role;
use axum::Json;
use axum::extract::{Path, State};
use holdfast_shared::error::Problem;
use holdfast_shared::ids::Sku;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LeftToCentral {
    /// Units that central may keep; it gives the others back unless an order holds them.
    at_most: i64,
}

/// Ask for ceded units back, and cede no more than that from now on.
#[utoipa::path(
    put, path = "/v1/skus/{sku}/rights", tag = "stock", security(("device" = [])), request_body = LeftToCentral,
    params(("sku" = String, Path, description = "The SKU")),
    responses(
        (status = 200, description = "Its stock; the units come back when central says so", body = SkuView),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn bound(
    State(api): State<Api>,
    caller: Caller,
    Path(sku): Path<String>,
    Said { value: LeftToCentral { at_most }, .. }: Said<LeftToCentral>,
) -> Result<Json<SkuView>, Failure> {
    leave(&api, &caller, sku, Some(at_most)).await
}

/// Cede as much as central wants again.
#[utoipa::path(
    delete, path = "/v1/skus/{sku}/rights", tag = "stock", security(("device" = [])),
    params(("sku" = String, Path, description = "The SKU")),
    responses(
        (status = 200, description = "Its stock", body = SkuView),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn unbound(
    State(api): State<Api>,
    caller: Caller,
    Path(sku): Path<String>,
) -> Result<Json<SkuView>, Failure> {
    leave(&api, &caller, sku, None).await
}

async fn leave(
    api: &Api,
    caller: &Caller,
    sku: String,
    at_most: Option<i64>,
) -> Result<Json<SkuView>, Failure> {
    caller.device(&[Role::Manager])?;
    let sku = Sku::new(sku).map_err(invalid)?;
    let position = api.ledger().leave_central(&sku, at_most).await?;
    api.hub().publish(Event::Stock { skus: vec![sku] });
    api.committed();
    Ok(Json(position.into()))
}
