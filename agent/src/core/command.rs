//! What a device may ask of the store, and what it gets for an answer.

use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::rights::Shelf;
use holdfast_shared::domain::task::{Illegal, TaskEvent, TaskState};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{
    Actor, DeviceId, FactId, IdempotencyKey, LineNo, ReplicaId, Sku, StoreId, TaskId, TraceId,
};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::signal::{ClosureNote, PlannedNote};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One wish of one device: the same key is the same wish, however often it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub device: DeviceId,
    pub actor: Actor,
    pub key: IdempotencyKey,
    /// Over method, path and body; another hash under the same key is refused.
    pub request_hash: [u8; 32],
    /// Given by the device where the wish arose (`{device}.{generation}.{n}`), when its key has
    /// that form: a retry through another agent is then the same fact.
    pub fact_id: Option<FactId>,
    pub trace: Option<TraceId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// All of them or none.
    Move(Vec<MovementRequest>),
    Task {
        task: TaskId,
        act: TaskAct,
    },
    /// Staff close the store, or open it again.
    Close(Option<ClosureRequest>),
    /// Staff plan a closure ahead.
    Plan(PlanRequest),
    /// Staff take one back that they planned.
    Unplan(u32),
    /// No label can be made for a parcel.
    Label(LabelRequest),
    /// Goods of an order came back: all lines of it or none.
    BringBack(BringBackRequest),
}

/// A movement as a person or a POS says it: always a positive quantity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovementRequest {
    pub kind: MovementKind,
    pub sku: Sku,
    /// Units moved; for a count the units found; for an adjustment the signed difference.
    #[schema(example = 1)]
    pub quantity: i64,
    /// The other store of a transfer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub peer: Option<StoreId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    Sale,
    Return,
    Receipt,
    Adjustment,
    Count,
    TransferOut,
    TransferIn,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskAct {
    Accept,
    Decline { reason: String },
    StartPicking,
    Pick { line: LineNo, quantity: i64 },
    Short { line: LineNo, missing: i64 },
    Pack,
    HandOver { to: Option<String> },
    PutBack,
    LetGo { reason: String, central_answers: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosureRequest {
    pub hard: bool,
    pub cause: String,
    pub until: Option<UtcMs>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRequest {
    pub hard: bool,
    pub cause: PlanCause,
    pub from: UtcMs,
    pub until: UtcMs,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelRequest {
    pub task: TaskId,
    /// None: the one that was planned.
    pub service: Option<String>,
    pub reason: String,
}

/// Goods of an order that came back, as a person or a POS says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BringBackRequest {
    pub of: ReturnRef,
    pub lines: Vec<BringBackLine>,
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BringBackLine {
    pub sku: Sku,
    #[schema(example = 1)]
    pub units: i64,
    pub condition: Condition,
}

/// Why a store will be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanCause {
    Hours,
    Weather,
    Staffing,
    Outage,
    Maintenance,
}

impl PlanCause {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hours => "hours",
            Self::Weather => "weather",
            Self::Staffing => "staffing",
            Self::Outage => "outage",
            Self::Maintenance => "maintenance",
        }
    }
}

/// The stock of one SKU as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Position {
    pub sku: Sku,
    pub name: String,
    pub barcode: Option<String>,
    pub on_hand: i64,
    /// Set aside for open order tasks.
    pub reserved: i64,
    /// What may be sold at the till without touching an order: on hand less reserved, and less what is
    /// ceded to central.
    pub available: i64,
    pub as_of: Option<UtcMs>,
    pub counted_at: Option<UtcMs>,
    /// Of a SKU that was ceded to central, in part or in whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<Rights>,
}

/// Units of a scarce SKU that only central sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Rights {
    pub ceded: i64,
    /// Units set aside here for orders that were promised out of them.
    pub promised: i64,
    /// The box lost some of what it said: until it has that back, what it takes for free may be ceded.
    #[serde(default)]
    pub in_doubt: bool,
}

impl Position {
    #[must_use]
    pub fn with_rights(self, rights: Rights) -> Self {
        let with = Self { rights: Some(rights), ..self };
        let free = with.shelf().free();
        Self { available: if rights.in_doubt { free.min(0) } else { free }, ..with }
    }

    #[must_use]
    pub fn shelf(&self) -> Shelf {
        let Rights { ceded, promised, .. } = self.rights.unwrap_or_default();
        Shelf { on_hand: self.on_hand, rights: ceded, set_aside: self.reserved, set_aside_ceded: promised }
    }
}

/// What an executed command answers; kept with the key, so that a retry gets the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Moved { facts: Vec<FactId>, positions: Vec<Position> },
    Task { state: Box<TaskState> },
    Closure { closure: Option<ClosureNote> },
    Planned { planned: Vec<PlannedNote> },
}

/// Why a command is not carried out. Nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("SKU {0} is not in this store's catalogue")]
    UnknownSku(Sku),
    #[error("task {0} is not known at this store")]
    UnknownTask(TaskId),
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error("central can be reached, so these goods wait for its release")]
    CentralAnswers,
    #[error("this agent is not enrolled, so no goods leave by its word")]
    NotEnrolled,
    #[error("this box lost some of what it recorded, and fetches it from central before it takes order work")]
    Rehydrating,
    #[error("these goods may leave from box {0} alone: hand them over there")]
    ReleasedElsewhere(ReplicaId),
    #[error("these goods may leave from box {0} at any time, so only that box can end this work")]
    EndedElsewhere(ReplicaId),
    #[error("this box takes no order work: {0}")]
    Quarantined(String),
    #[error("there is no planned closure {0} here")]
    NotPlanned(u32),
    #[error("{0} needs no label now: a carrier takes only what was accepted here and has not left")]
    NoLabelNeeded(TaskId),
    #[error("{0}")]
    Quantity(String),
    #[error("{0}")]
    Invalid(String),
}

impl Refusal {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::UnknownSku(_) => Code::UnknownSku,
            Self::UnknownTask(_) => Code::UnknownTask,
            Self::Illegal(Illegal::NotReleased) | Self::CentralAnswers | Self::ReleasedElsewhere(_) => {
                Code::NotReleased
            }
            Self::Illegal(Illegal::Recalled { .. }) => Code::Recalled,
            Self::Illegal(Illegal::TooMany { .. }) | Self::Quantity(_) => Code::InvalidQuantity,
            Self::Illegal(
                Illegal::Phase { .. }
                | Illegal::AlreadyReleased { .. }
                | Illegal::MayLeaveAlready
                | Illegal::NothingToPutBack
                | Illegal::LineOpen(_)
                | Illegal::NothingPicked
                | Illegal::StaleFence { .. },
            )
            | Self::EndedElsewhere(_)
            | Self::NoLabelNeeded(_) => Code::IllegalTransition,
            Self::Illegal(Illegal::NoSuchLine(_)) | Self::NotPlanned(_) => Code::NotFound,
            Self::Rehydrating => Code::Rehydrating,
            Self::Quarantined(_) => Code::Quarantined,
            Self::Invalid(_) | Self::NotEnrolled => Code::InvalidRequest,
        }
    }
}

impl Refusal {
    /// What to do now, where the code alone does not say it.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Illegal(Illegal::Recalled { cancel: true, .. }) => {
                Some("Stop, and put everything back on the shelf. The customer gets the money back.")
            }
            Self::Illegal(Illegal::Recalled { cancel: false, .. }) => {
                Some("Stop, and put everything back on the shelf. Another store takes over.")
            }
            Self::EndedElsewhere(_) => {
                Some("End it at that box. If that box is lost, ask central to take the work back.")
            }
            Self::Illegal(
                Illegal::NotReleased
                | Illegal::TooMany { .. }
                | Illegal::Phase { .. }
                | Illegal::AlreadyReleased { .. }
                | Illegal::MayLeaveAlready
                | Illegal::NothingToPutBack
                | Illegal::LineOpen(_)
                | Illegal::NothingPicked
                | Illegal::StaleFence { .. }
                | Illegal::NoSuchLine(_),
            )
            | Self::UnknownSku(_)
            | Self::UnknownTask(_)
            | Self::CentralAnswers
            | Self::NotEnrolled
            | Self::Rehydrating
            | Self::ReleasedElsewhere(_)
            | Self::Quarantined(_)
            | Self::NotPlanned(_)
            | Self::NoLabelNeeded(_)
            | Self::Quantity(_)
            | Self::Invalid(_) => None,
        }
    }
}

impl TaskAct {
    /// Whether a fact is what this act became, whichever replica recorded it.
    #[must_use]
    pub fn became(&self, event: &TaskEvent) -> bool {
        match (self, event) {
            (Self::Accept, TaskEvent::Accepted)
            | (Self::StartPicking, TaskEvent::PickingStarted)
            | (Self::Pack, TaskEvent::Packed)
            | (Self::PutBack, TaskEvent::PutBack) => true,
            (Self::Decline { reason }, TaskEvent::Declined { reason: said })
            | (Self::LetGo { reason, .. }, TaskEvent::LetGo { reason: said, .. }) => reason == said,
            (Self::Pick { line, quantity: units }, TaskEvent::Picked { line: of, quantity: said })
            | (Self::Short { line, missing: units }, TaskEvent::Short { line: of, missing: said }) => {
                line == of && units == said
            }
            (Self::HandOver { to }, TaskEvent::HandedOver { to: said }) => to == said,
            _ => false,
        }
    }
}
