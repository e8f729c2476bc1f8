//! What happens, as it happens.

use super::answer::Answer;
use super::app::Shared;
use super::doors::Caller;
use crate::ports::orders::Activity;
use crate::ports::outbox::OutboxEvent;
use axum::Json;
use axum::extract::State;
use axum::response::sse::Event;
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::Problem;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventList {
    events: Vec<OutboxEvent>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventFilter {
    limit: Option<u32>,
}

/// What just happened, newest first.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(EventFilter),
    responses((status = 200, body = EventList), (status = "4XX", body = Problem)))]
pub(super) async fn recent(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(filter): ApiQuery<EventFilter>,
) -> Answer<Json<EventList>> {
    let limit = filter.limit.unwrap_or(PAGE_ROWS_DEFAULT).clamp(1, PAGE_ROWS_MAX);
    Ok(Json(EventList { events: app.storage.recent_events(caller.tenant(), limit).await? }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActivityList {
    entries: Vec<Activity>,
}

/// What just happened to orders, and why, in words, newest first. Names nodes: not for storefronts.
#[utoipa::path(get, path = "/v1/activity", tag = "events", params(EventFilter),
    responses((status = 200, body = ActivityList), (status = "4XX", body = Problem)))]
pub(super) async fn activity(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(filter): ApiQuery<EventFilter>,
) -> Answer<Json<ActivityList>> {
    let limit = filter.limit.unwrap_or(PAGE_ROWS_DEFAULT).clamp(1, PAGE_ROWS_MAX);
    Ok(Json(ActivityList { entries: app.storage.activity(caller.tenant(), limit).await? }))
}

/// For the console, which fetches what it shows anew: only that there is news.
pub(super) fn news(tenant: &TenantId, event: &Arc<OutboxEvent>) -> Option<Event> {
    (event.tenant == *tenant).then(|| Event::default().data("news"))
}
