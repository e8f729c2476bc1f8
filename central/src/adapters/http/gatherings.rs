//! Orders that come together at one store, and what is still on its way to them.

use super::answer::{Answer, known};
use super::app::Shared;
use super::doors::Caller;
use crate::core::gathering::GatheringNow;
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::StoreId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Only what comes together there, with what was late and may still come.
    store: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GatheringList {
    /// At most 200.
    gatherings: Vec<GatheringNow>,
}

/// Orders that come together at one store: what is expected from which other one, and since when.
#[utoipa::path(get, path = "/v1/gatherings", tag = "orders", params(Asked),
    responses((status = 200, body = GatheringList), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Answer<Json<GatheringList>> {
    let store = asked.store.as_deref().map(|text| known::<StoreId>(text, Code::UnknownStore)).transpose()?;
    let now = app.clock.now().utc;
    let gatherings = app.storage.gatherings_now(caller.tenant(), store.as_ref(), now).await?;
    Ok(Json(GatheringList { gatherings }))
}
