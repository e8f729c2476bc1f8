//! What screens hear as it happens. A stream that lags too far is told to load everything anew.

use crate::ports::ledger::Role;
use axum::response::sse::Event as SseEvent;
use holdfast_shared::domain::task::Status;
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
    /// Other goods are expected from other stores.
    Parcels,
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
            Self::Parcels => "parcels",
            Self::Status => "status",
            Self::Reload => "reload",
        }
    }

    /// Orders are for those who pick them; stock is not a technician's.
    pub(super) const fn is_for(&self, role: Role) -> bool {
        match self {
            Self::Task { .. } | Self::Parcels => matches!(role, Role::Picker | Role::Manager),
            Self::Stock { .. } => !matches!(role, Role::Tech),
            Self::Status | Self::Reload => true,
        }
    }

    pub(super) fn sse(&self) -> SseEvent {
        let body = match self {
            Self::Task { task, status } => Body::Task { task, status: *status },
            Self::Stock { skus } => Body::Stock { skus },
            Self::Parcels | Self::Status | Self::Reload => Body::Nothing {},
        };
        SseEvent::default().event(self.name()).data(serde_json::to_string(&body).unwrap_or_default())
    }
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
