//! What happens, as it happens.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::doors::Caller;
use super::extract::Query;
use crate::ports::outbox::OutboxEvent;
use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{Stream, StreamExt};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
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
    Query(filter): Query<EventFilter>,
) -> Answer<Json<EventList>> {
    let limit = filter.limit.unwrap_or(PAGE_ROWS_DEFAULT).clamp(1, PAGE_ROWS_MAX);
    Ok(Json(EventList { events: app.storage.recent_events(caller.tenant(), limit).await? }))
}

/// Events as they happen. A stream that fell behind is told to `reload`.
#[utoipa::path(get, path = "/v1/events/stream", tag = "events",
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = "4XX", body = Problem)))]
pub(super) async fn stream(
    State(app): State<Shared>,
    caller: Caller,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    open(&app, caller.tenant().clone(), true)
}

/// A stream of one tenant. The console's carries no bodies: it only says that there is news.
pub(super) fn open(
    app: &Shared,
    tenant: TenantId,
    with_body: bool,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>> {
    let Ok(permit) = std::sync::Arc::clone(&app.streams).try_acquire_owned() else {
        return Err(Refused::new(Code::Busy, "too many event streams are open"));
    };
    let stop = app.stop.clone();
    let events = BroadcastStream::new(app.events.subscribe()).filter_map(move |item| {
        // The permit lives as long as the stream.
        let _held = &permit;
        let event = match item {
            Ok(event) if event.tenant == tenant => Some(if with_body {
                let event_id = event.sequence.to_string();
                let named = Event::default().id(event_id).event(event.kind.clone());
                named.json_data(event.as_ref()).unwrap_or_else(|_| Event::default().event("reload"))
            } else {
                Event::default().data("news")
            }),
            Ok(_of_another_tenant) => None,
            Err(BroadcastStreamRecvError::Lagged(_)) => Some(Event::default().event("reload").data("behind")),
        };
        std::future::ready(event.map(Ok))
    });
    // Graceful shutdown would otherwise wait for streams that never end by themselves.
    let events = events.take_until(async move { stop.cancelled().await });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
