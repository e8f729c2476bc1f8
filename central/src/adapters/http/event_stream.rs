//! Events as they happen, on an open line: server-sent events, or a WebSocket. Either goes on after the last event that
//! its reader has seen: what is told is read from where it is kept, and the hub only says that there is news.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::doors::Caller;
use crate::core::events::Audience;
use crate::core::events::cloud::CloudEvent;
use crate::core::events::filter::Filter;
use crate::ports::StoreError;
use crate::ports::access::Scope;
use crate::ports::outbox::OutboxEvent;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use holdfast_platform::http::ApiQuery;
use holdfast_platform::sse::Wakes;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::limits::EVENTS_READ_MAX;
use serde::Deserialize;
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A reader has nothing to say but pings.
const HEARD_BYTES_MAX: usize = 4 * 1024;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Kinds, parted by commas.
    #[serde(default)]
    kinds: Option<String>,
    /// Keys, or beginnings of keys that end with a star, parted by commas.
    #[serde(default)]
    keys: Option<String>,
    /// `owner` for keys that may read the fleet, otherwise `customer`.
    #[serde(default)]
    audience: Option<Audience>,
    #[serde(default)]
    store: Option<StoreId>,
    /// Goes on after this event; the head `Last-Event-ID` says the same.
    #[serde(default)]
    after: Option<u64>,
}

/// What a caller may hear of what it asks for.
fn filter(caller: &Caller, asked: &Asked) -> Answer<Filter> {
    let bound = caller.key.store.as_ref();
    if let Some(store) = bound
        && (asked.audience.is_some_and(|audience| audience != Audience::Store)
            || asked.store.as_ref().is_some_and(|asked| asked != store))
    {
        let detail = format!("this key hears of the store {store} alone");
        return Err(Refused::new(Code::Forbidden, detail));
    }
    let sees_stores = bound.is_some() || caller.may(Scope::FleetRead) || caller.may(Scope::Support);
    let usual = match (bound, sees_stores) {
        (Some(_), _) => Audience::Store,
        (None, true) => Audience::Owner,
        (None, false) => Audience::Customer,
    };
    let audience = asked.audience.unwrap_or(usual);
    if audience != Audience::Customer && !sees_stores {
        let detail = "this key hears of orders alone: the audience is customer";
        return Err(Refused::new(Code::Forbidden, detail));
    }
    let split = |text: &Option<String>| {
        let words = text.iter().flat_map(|text| text.split(',')).map(str::trim);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let store = asked.store.as_ref().or(bound).cloned();
    let filter = Filter { kinds: split(&asked.kinds), keys: split(&asked.keys), audience, store };
    filter.checked().map_err(|what| Refused::new(Code::InvalidRequest, what))
}

/// An open line, and how far it has come.
struct Line {
    app: Shared,
    tenant: TenantId,
    filter: Filter,
    cursor: u64,
    waiting: VecDeque<OutboxEvent>,
    wakes: Wakes<Arc<OutboxEvent>>,
    /// What the reader asked for is kept no more: it is told once.
    lost: bool,
}

enum Told {
    Event(Box<OutboxEvent>),
    /// What lies before is kept no more: read the present state, and go on from here.
    Reload,
}

impl Line {
    async fn open(app: Shared, caller: &Caller, filter: Filter, after: Option<u64>) -> Answer<Self> {
        // Before looking: what is written after the look wakes us.
        let wakes = app.events.wakes_a_stream()?;
        let tenant = caller.tenant().clone();
        let outline = app.storage.outline(&tenant).await?;
        // From the start means from the first that is kept. The last that was seen is kept no more: others may be missed.
        let cursor = after.unwrap_or(outline.newest);
        let lost = after.is_some_and(|after| after > 0 && after < outline.first);
        Ok(Self { app, tenant, filter, cursor, waiting: VecDeque::new(), wakes, lost })
    }

    /// None when the process stops.
    async fn next(&mut self) -> Option<Result<Told, StoreError>> {
        if std::mem::take(&mut self.lost) {
            return Some(Ok(Told::Reload));
        }
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(Ok(Told::Event(Box::new(event))));
            }
            let found = self.app.storage.events_after(&self.tenant, self.cursor, EVENTS_READ_MAX).await;
            match found {
                Err(error) => return Some(Err(error)),
                Ok(found) => {
                    let Some(last) = found.last() else {
                        if self.wakes.next_or_stop().await {
                            continue;
                        }
                        return None;
                    };
                    self.cursor = last.sequence;
                    let filter = &self.filter;
                    self.waiting
                        .extend(found.into_iter().filter(|event| filter.passes(&event.kind, &event.key)));
                }
            }
        }
    }

    fn cloud(&self, event: &OutboxEvent) -> CloudEvent {
        CloudEvent::of(event, &self.app.naming, false)
    }
}

/// Events as they happen, each a CloudEvent. `Last-Event-ID` goes on after that event; what is kept no more is
/// told by one `reload`.
#[utoipa::path(get, path = "/v1/events/stream", tag = "events", params(Asked),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = "4XX", body = Problem)))]
pub(super) async fn stream(
    State(app): State<Shared>,
    caller: Caller,
    heads: HeaderMap,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Answer<Response> {
    let seen = heads.get("last-event-id").and_then(|seen| seen.to_str().ok());
    let seen = seen.map(|seen| {
        seen.trim().parse().map_err(|_| Refused::new(Code::InvalidRequest, "Last-Event-ID is none of ours"))
    });
    let after = seen.transpose()?.or(asked.after);
    let line = Line::open(app, &caller, filter(&caller, &asked)?, after).await?;
    let events = stream::unfold(Some(line), |line| async move {
        let mut line = line?;
        match line.next().await? {
            Ok(Told::Event(event)) => {
                let named = Event::default().id(event.sequence.to_string()).event(event.kind.clone());
                let told = named.data(line.cloud(&event).structured().to_string());
                Some((Ok::<_, Infallible>(told), Some(line)))
            }
            Ok(Told::Reload) => Some((Ok(Event::default().event("reload").data("{}")), Some(line))),
            // The reader comes again, and goes on where it was.
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "an event stream ends");
                None
            }
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

/// The same over a WebSocket: each message is one CloudEvent, and `after` goes on where a socket ended.
#[utoipa::path(get, path = "/v1/events/socket", tag = "events", params(Asked),
    responses((status = 101, description = "One CloudEvent a message"), (status = "4XX", body = Problem)))]
pub(super) async fn socket(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Answer<Response> {
    let filter = filter(&caller, &asked)?;
    let upgrade = upgrade.map_err(|refused| Refused::new(Code::InvalidRequest, refused.body_text()))?;
    let line = Line::open(app, &caller, filter, asked.after).await?;
    let upgrade = upgrade.max_message_size(HEARD_BYTES_MAX).max_frame_size(HEARD_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| speak(socket, line)))
}

/// Until the reader leaves, the process stops, or nothing can be read.
async fn speak(mut socket: WebSocket, mut line: Line) {
    let mut pings = tokio::time::interval(KEEP_ALIVE);
    loop {
        let message = tokio::select! {
            told = line.next() => match told {
                Some(Ok(Told::Event(event))) => Message::text(line.cloud(&event).structured().to_string()),
                Some(Ok(Told::Reload)) => Message::text(json!({ "reload": true }).to_string()),
                Some(Err(_)) | None => break,
            },
            heard = socket.recv() => match heard {
                // What it says is of no interest; that it is there is.
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return,
            },
            _ = pings.tick() => Message::Ping(Vec::new().into()),
        };
        if socket.send(message).await.is_err() {
            return;
        }
    }
    // Whoever is there is told; whoever is not has left already.
    let _left = socket.send(Message::Close(None)).await;
}
