//! What can be said about a task, and with what authority.

use crate::domain::fence::Fence;
use crate::ids::{LineNo, OrderId, ReplicaId, Sku, StoreId, TaskId};
use crate::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFact {
    pub task: TaskId,
    /// The assignment that this fact is about.
    pub fence: Fence,
    pub event: TaskEvent,
}

/// How the goods reach the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FulfilmentKind {
    Ship,
    Pickup,
    Delivery,
}

impl FulfilmentKind {
    pub const ALL: [Self; 3] = [Self::Ship, Self::Pickup, Self::Delivery];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ship => "ship",
            Self::Pickup => "pickup",
            Self::Delivery => "delivery",
        }
    }
}

/// When central releases goods to a store. Earlier is more autonomy offline and less that can
/// be failed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleasePoint {
    Offered,
    Accepted,
    Picking,
    Packed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub order: OrderId,
    pub store: StoreId,
    pub kind: FulfilmentKind,
    pub release_point: ReleasePoint,
    pub lines: Vec<OfferLine>,
    /// Central withdraws the offer when it is not accepted by then.
    pub accept_by: UtcMs,
    /// What the customer was promised.
    pub promise_by: Option<UtcMs>,
    /// What staff should know: gift wrap, a name for the pickup shelf.
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferLine {
    pub line: LineNo,
    pub sku: Sku,
    pub quantity: i64,
    /// Promised out of what the store has ceded.
    pub ceded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskEvent {
    Offered(Offer),
    Accepted,
    Declined {
        reason: String,
    },
    PickingStarted,
    Picked {
        line: LineNo,
        quantity: i64,
    },
    Short {
        line: LineNo,
        missing: i64,
    },
    Packed,
    HandedOver {
        to: Option<String>,
    },
    PutBack,
    Released {
        replica: ReplicaId,
    },
    Recalled {
        reason: String,
    },
    CancelRequested {
        reason: String,
    },
    /// Work that was recalled is the store's again, under the new fence of this fact.
    Readopted,
    /// A person moves the work, whatever was released.
    TakenBack {
        reason: String,
    },
    /// A manager lets this replica hand packed goods over without a release.
    LetGo {
        replica: ReplicaId,
        reason: String,
    },
}

/// Whose word counts when facts contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authority {
    /// What a store would like.
    StoreWish,
    /// What central decided.
    CentralDecision,
    /// What happened to the goods.
    Physical,
}

impl TaskEvent {
    /// The word for it in APIs, SQL and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Offered(_) => "offered",
            Self::Accepted => "accepted",
            Self::Declined { .. } => "declined",
            Self::PickingStarted => "picking_started",
            Self::Picked { .. } => "picked",
            Self::Short { .. } => "short",
            Self::Packed => "packed",
            Self::HandedOver { .. } => "handed_over",
            Self::PutBack => "put_back",
            Self::Released { .. } => "released",
            Self::Recalled { .. } => "recalled",
            Self::CancelRequested { .. } => "cancel_requested",
            Self::Readopted => "readopted",
            Self::TakenBack { .. } => "taken_back",
            Self::LetGo { .. } => "let_go",
        }
    }

    #[must_use]
    pub const fn authority(&self) -> Authority {
        match self {
            Self::HandedOver { .. }
            | Self::PutBack
            | Self::Picked { .. }
            | Self::Short { .. }
            | Self::Packed => Authority::Physical,
            Self::Offered(_)
            | Self::Released { .. }
            | Self::Recalled { .. }
            | Self::CancelRequested { .. }
            | Self::Readopted
            | Self::TakenBack { .. } => Authority::CentralDecision,
            Self::Accepted | Self::Declined { .. } | Self::PickingStarted | Self::LetGo { .. } => {
                Authority::StoreWish
            }
        }
    }

    /// Whether only central may write it. A writer may only write the kinds that are its own.
    #[must_use]
    pub const fn is_centrals(&self) -> bool {
        matches!(self.authority(), Authority::CentralDecision)
    }
}
