//! The state of a task: what its facts amount to.

use super::fact::{FulfilmentKind, ReleasePoint};
use crate::domain::fence::Fence;
use crate::ids::{FactId, LineNo, OrderId, ReplicaId, Sku, StoreId, TaskId};
use crate::time::{Hlc, UtcMs};
use serde::{Deserialize, Serialize};
use std::ops::Not;
use utoipa::ToSchema;

/// How far the goods have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Offered,
    Accepted,
    Picking,
    Packed,
    HandedOver,
    Declined,
    PutBack,
}

impl Phase {
    pub const ALL: [Self; 7] = [
        Self::Offered,
        Self::Accepted,
        Self::Picking,
        Self::Packed,
        Self::HandedOver,
        Self::Declined,
        Self::PutBack,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Picking => "picking",
            Self::Packed => "packed",
            Self::HandedOver => "handed_over",
            Self::Declined => "declined",
            Self::PutBack => "put_back",
        }
    }

    /// Nothing more will happen to the goods of this task.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::HandedOver | Self::Declined | Self::PutBack)
    }
}

/// The phase together with what central said: the one word that staff and support see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Offered,
    Accepted,
    Picking,
    /// Packed, and not yet released: the goods stay.
    AwaitingRelease,
    /// Packed, and released or let go: hand it over.
    Ready,
    HandedOver,
    Declined,
    /// Recalled or cancelled: stop, and put the goods back.
    PuttingBack,
    PutBack,
}

impl Status {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Picking => "picking",
            Self::AwaitingRelease => "awaiting_release",
            Self::Ready => "ready",
            Self::HandedOver => "handed_over",
            Self::Declined => "declined",
            Self::PuttingBack => "putting_back",
            Self::PutBack => "put_back",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub line: LineNo,
    pub sku: Sku,
    pub quantity: i64,
    pub picked: i64,
    pub short: i64,
    /// Promised out of what the store has ceded.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub ceded: bool,
}

impl Line {
    /// Units that still have to be picked or found short.
    #[must_use]
    pub const fn open(&self) -> i64 {
        self.quantity.saturating_sub(self.picked).saturating_sub(self.short)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub fence: Fence,
    pub replica: ReplicaId,
    /// Where central said so.
    #[serde(default)]
    pub fact: Option<FactId>,
}

/// A manager's word that goods may leave without central's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetGo {
    pub replica: ReplicaId,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    pub reason: String,
    /// The customer or a person asked for it, rather than central moving the work.
    pub cancel: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskState {
    pub task: TaskId,
    pub order: OrderId,
    pub store: StoreId,
    pub fence: Fence,
    pub kind: FulfilmentKind,
    pub release_point: ReleasePoint,
    pub phase: Phase,
    pub lines: Vec<Line>,
    pub release: Option<Release>,
    #[serde(default)]
    pub let_go: Option<LetGo>,
    pub recall: Option<Recall>,
    pub decline_reason: Option<String>,
    pub accept_by: UtcMs,
    pub promise_by: Option<UtcMs>,
    pub note: Option<String>,
    pub offered_at: Hlc,
    pub changed_at: Hlc,
    /// The newest fact: what the next one comes after.
    pub newest: FactId,
}

impl TaskState {
    #[must_use]
    pub fn status(&self) -> Status {
        let stopping = self.recall.is_some();
        match self.phase {
            Phase::HandedOver => Status::HandedOver,
            Phase::Declined => Status::Declined,
            Phase::PutBack => Status::PutBack,
            Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed if stopping => {
                Status::PuttingBack
            }
            Phase::Offered => Status::Offered,
            Phase::Accepted => Status::Accepted,
            Phase::Picking => Status::Picking,
            Phase::Packed if self.cleared() => Status::Ready,
            Phase::Packed => Status::AwaitingRelease,
        }
    }

    /// Whether central released these goods for this assignment.
    #[must_use]
    pub fn may_leave(&self) -> bool {
        self.release.as_ref().is_some_and(|release| release.fence == self.fence)
    }

    /// Where central released these goods, to say that something came after it.
    #[must_use]
    pub fn known_release(&self) -> Option<&FactId> {
        self.release.as_ref().filter(|_| self.may_leave())?.fact.as_ref()
    }

    /// Whether anybody answers for these goods leaving: central, or the store's manager.
    #[must_use]
    pub fn cleared(&self) -> bool {
        self.may_leave() || self.let_go.is_some()
    }

    /// Whether they may leave by the hands of this replica.
    #[must_use]
    pub fn cleared_for(&self, replica: &ReplicaId) -> bool {
        let released = self.release.as_ref().is_some_and(|release| release.replica == *replica);
        let let_go = self.let_go.as_ref().is_some_and(|let_go| let_go.replica == *replica);
        (self.may_leave() && released) || let_go
    }

    /// Whether the work has come far enough for the release that policy grants.
    #[must_use]
    pub fn release_due(&self) -> bool {
        let reached = match self.release_point {
            ReleasePoint::Offered => true,
            ReleasePoint::Accepted => self.phase >= Phase::Accepted,
            ReleasePoint::Picking => self.phase >= Phase::Picking,
            ReleasePoint::Packed => self.phase >= Phase::Packed,
        };
        reached && !self.phase.is_final() && self.recall.is_none() && self.release.is_none()
    }

    /// Whether units that are told missing wait for the task's end. It was released before it was
    /// packed, so a box that has not heard what another one missed may find it, and hand it over.
    #[must_use]
    pub fn settles_at_end(&self) -> bool {
        self.may_leave() && self.release_point < ReleasePoint::Packed
    }

    #[must_use]
    pub fn line(&self, line: LineNo) -> Option<&Line> {
        self.lines.iter().find(|candidate| candidate.line == line)
    }

    /// Units that the order line still holds at this store: neither handed over nor given up.
    #[must_use]
    pub fn held(&self) -> Vec<(&Line, i64)> {
        if self.phase.is_final() {
            return Vec::new();
        }
        self.lines.iter().map(|line| (line, line.quantity.saturating_sub(line.short))).collect()
    }
}
