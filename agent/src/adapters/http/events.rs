//! What screens hear as it happens. A stream that lags too far is told to load everything anew.

use super::auth::Caller;
use super::problem::Failure;
use super::state::Api;
use crate::ports::ledger::Role;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event as SseEvent, KeepAlive};
use futures::stream::{self, Stream};
use holdfast_shared::domain::task::Status;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Sku, TaskId};
use holdfast_shared::limits::{STREAM_LAG_MAX, STREAMS_MAX};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Something that a screen may want to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Task { task: TaskId, status: Status },
    Stock { skus: Vec<Sku> },
    /// Connections, closure or sync: `/v1/status` has changed.
    Status,
    /// More happened than can be told one by one.
    Reload,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Task { task: &'a TaskId, status: Status },
    Stock { skus: &'a [Sku] },
    Nothing {},
}

impl Event {
    /// The name of the event in the stream.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Task { .. } => "task",
            Self::Stock { .. } => "stock",
            Self::Status => "status",
            Self::Reload => "reload",
        }
    }

    /// Orders are for those who pick them; stock is not a technician's.
    const fn is_for(&self, role: Role) -> bool {
        match self {
            Self::Task { .. } => matches!(role, Role::Picker | Role::Manager),
            Self::Stock { .. } => !matches!(role, Role::Tech),
            Self::Status | Self::Reload => true,
        }
    }

    fn sse(&self) -> SseEvent {
        let body = match self {
            Self::Task { task, status } => Body::Task { task, status: *status },
            Self::Stock { skus } => Body::Stock { skus },
            Self::Status | Self::Reload => Body::Nothing {},
        };
        SseEvent::default().event(self.name()).data(serde_json::to_string(&body).unwrap_or_default())
    }
}

/// Where events come together. Cheap to clone; nobody listening costs nothing.
#[derive(Debug, Clone)]
pub struct Hub {
    sender: broadcast::Sender<Event>,
    streams: Arc<Semaphore>,
}

impl Default for Hub {
    fn default() -> Self {
        let (sender, _) = broadcast::channel(STREAM_LAG_MAX);
        Self { sender, streams: Arc::new(Semaphore::new(STREAMS_MAX)) }
    }
}

impl Hub {
    pub fn tell(&self, event: Event) {
        // An error only says that nobody listens.
        drop(self.sender.send(event));
    }

    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }
}

struct Open {
    receiver: broadcast::Receiver<Event>,
    role: Role,
    api: Api,
    _place: OwnedSemaphorePermit,
}

/// Live events (`text/event-stream`): `task`, `stock`, `status` and `reload`.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", security(("device" = [])),
    responses(
        (status = 200, description = "Server-sent events: task, stock, status, reload", content_type = "text/event-stream", body = String),
        (status = "default", description = "A problem", body = holdfast_shared::error::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn events(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, Failure> {
    let device = caller.device(&[Role::Pos, Role::Picker, Role::Manager, Role::Tech])?;
    let place = Arc::clone(&api.hub().streams)
        .try_acquire_owned()
        .map_err(|_| Failure::new(Code::Busy, format!("{STREAMS_MAX} event streams are open already")))?;
    let open = Open { receiver: api.hub().listen(), role: device.role, api: api.clone(), _place: place };
    Ok(Sse::new(stream::unfold(open, next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("alive")))
}

async fn next(mut open: Open) -> Option<(Result<SseEvent, Infallible>, Open)> {
    loop {
        let heard = tokio::select! {
            // Or graceful shutdown would wait for this stream for ever.
            () = open.api.stopping() => return None,
            heard = open.receiver.recv() => heard,
        };
        let event = match heard {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => Event::Reload,
            Err(RecvError::Closed) => return None,
        };
        if event.is_for(open.role) {
            return Some((Ok(event.sse()), open));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_that_lags_is_told_so() {
        let hub = Hub::default();
        let mut slow = hub.listen();
        for _ in 0..=STREAM_LAG_MAX {
            hub.tell(Event::Status);
        }
        assert!(matches!(slow.recv().await, Err(RecvError::Lagged(_))));
    }

    #[test]
    fn a_till_does_not_hear_of_orders() {
        let task = Event::Task { task: "o-1".parse().unwrap(), status: Status::Offered };
        assert!(!task.is_for(Role::Pos) && task.is_for(Role::Picker));
        assert!(!Event::Stock { skus: Vec::new() }.is_for(Role::Tech));
    }
}
