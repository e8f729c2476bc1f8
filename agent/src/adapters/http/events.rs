//! What screens hear as it happens. A stream that lags too far is told to load everything anew.

use super::auth::Caller;
use super::problem::Failure;
use super::state::Api;
use crate::ports::ledger::Role;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::Event as SseEvent;
use holdfast_shared::domain::task::Status;
use holdfast_shared::error::Problem;
use holdfast_shared::ids::{Sku, TaskId};
use holdfast_shared::limits::{STREAM_LAG_MAX, STREAMS_MAX};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// Something that a screen may want to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Task {
        task: TaskId,
        status: Status,
    },
    Stock {
        skus: Vec<Sku>,
    },
    /// Connections, closure or sync: `/v1/status` has changed.
    Status,
    /// More happened than can be told one by one.
    Reload,
}

pub type Hub = holdfast_platform::sse::Hub<Event>;

/// The hub of one agent; its streams end with `stop`.
#[must_use]
pub fn hub(stop: CancellationToken) -> Hub {
    Hub::new(STREAM_LAG_MAX, STREAMS_MAX, stop)
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

/// Live events (`text/event-stream`): `task`, `stock`, `status` and `reload`.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", security(("device" = [])),
    responses(
        (status = 200, description = "Server-sent events: task, stock, status, reload", content_type = "text/event-stream", body = String),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn events(State(api): State<Api>, caller: Caller) -> Result<impl IntoResponse, Failure> {
    let role = caller.device(&[Role::Pos, Role::Picker, Role::Manager, Role::Tech])?.role;
    api.hub().stream(move |event| event.is_for(role).then(|| event.sse()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_till_does_not_hear_of_orders() {
        let task = Event::Task { task: "o-1".parse().unwrap(), status: Status::Offered };
        assert!(!task.is_for(Role::Pos) && task.is_for(Role::Picker));
        assert!(!Event::Stock { skus: Vec::new() }.is_for(Role::Tech));
    }
}
