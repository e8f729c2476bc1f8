//! What a person must look at. One queue for all of it.

use holdfast_shared::ids::{ExceptionId, OrderId, StoreId, TaskId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// No node can fulfil it now.
    Backorder,
    /// Released goods of a store that went dark: only the store, or a person, can answer.
    ReleasedAtDarkStore,
    /// A fact contradicts what central decided.
    Contradiction,
    /// Equal documents, unequal stock.
    Drift,
    /// Bytes of a document that failed their check.
    DamagedSync,
    /// Two bodies under one fact id.
    FactConflict,
    /// Many stores fell silent at once: the observer is suspected, nothing is moved.
    ObserverFrozen,
    /// A message claims to be from someone else.
    ForeignClaim,
    /// A document that cannot be sealed as its writer closed it, or facts that came after its seal.
    Sealing,
    /// A store's disk lost facts that were acknowledged there.
    LostFacts,
    /// Two boxes speak under one identity: one of them is kept apart.
    ClonedBox,
    /// A person overrode the release: work taken back, or goods let go without one.
    Override,
    /// The customer cancelled and the goods had left: they come back, and the money goes back.
    ReturnDue,
    /// A store has not answered the wish to cancel.
    CancelUnanswered,
    /// A clock that is far off: a store's, or central's own.
    WrongClock,
    /// A hold without an order line that needs it, or a task that does not end.
    Stuck,
    /// Central was restored from a backup, and something of it needs a person.
    Restored,
    /// The policy in force says what has no effect, or cannot be read.
    Policy,
    /// Nobody can bring what an order was promised by its date.
    PromiseMissed,
    /// A till sold units of a scarce SKU that its store had ceded to central.
    Overdrawn,
    /// No carrier takes a parcel whose goods were released, or that a policy leaves where it is.
    LabelFailed,
    /// Goods that a store handed over for an order that is gathered elsewhere have not come there.
    ParcelMissing,
    /// The same customer ordered the same goods twice within a short time.
    PossibleDuplicate,
    /// What a version in shadow, or another system, would have decided is worse for customers.
    ShadowCritical,
    /// Goods left or are at work, and their money cannot be had.
    AwaitingPayment,
    /// Nobody knows what came of a payment, or it stands otherwise at the provider.
    PaymentUnclear,
    /// Money shall go back, and the provider refuses.
    RefundFailed,
    /// A system outside has not answered for long.
    OutsideDown,
}

impl Category {
    pub const ALL: [Self; 28] = [
        Self::Backorder,
        Self::ReleasedAtDarkStore,
        Self::Contradiction,
        Self::Drift,
        Self::DamagedSync,
        Self::FactConflict,
        Self::ObserverFrozen,
        Self::ForeignClaim,
        Self::Sealing,
        Self::LostFacts,
        Self::ClonedBox,
        Self::Override,
        Self::ReturnDue,
        Self::CancelUnanswered,
        Self::WrongClock,
        Self::Stuck,
        Self::Restored,
        Self::Policy,
        Self::PromiseMissed,
        Self::Overdrawn,
        Self::LabelFailed,
        Self::ParcelMissing,
        Self::PossibleDuplicate,
        Self::ShadowCritical,
        Self::AwaitingPayment,
        Self::PaymentUnclear,
        Self::RefundFailed,
        Self::OutsideDown,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backorder => "backorder",
            Self::ReleasedAtDarkStore => "released_at_dark_store",
            Self::Contradiction => "contradiction",
            Self::Drift => "drift",
            Self::DamagedSync => "damaged_sync",
            Self::FactConflict => "fact_conflict",
            Self::ObserverFrozen => "observer_frozen",
            Self::ForeignClaim => "foreign_claim",
            Self::Sealing => "sealing",
            Self::LostFacts => "lost_facts",
            Self::ClonedBox => "cloned_box",
            Self::Override => "override",
            Self::ReturnDue => "return_due",
            Self::CancelUnanswered => "cancel_unanswered",
            Self::WrongClock => "wrong_clock",
            Self::Stuck => "stuck",
            Self::Restored => "restored",
            Self::Policy => "policy",
            Self::PromiseMissed => "promise_missed",
            Self::Overdrawn => "overdrawn",
            Self::LabelFailed => "label_failed",
            Self::ParcelMissing => "parcel_missing",
            Self::PossibleDuplicate => "possible_duplicate",
            Self::ShadowCritical => "shadow_critical",
            Self::AwaitingPayment => "awaiting_payment",
            Self::PaymentUnclear => "payment_unclear",
            Self::RefundFailed => "refund_failed",
            Self::OutsideDown => "outside_down",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Low,
    Medium,
    High,
}

/// What is raised. The same `key` while one is open raises no second, and counts up instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewException {
    pub key: String,
    pub category: Category,
    pub severity: Severity,
    pub order: Option<OrderId>,
    pub task: Option<TaskId>,
    pub store: Option<StoreId>,
    pub detail: String,
    pub suggestion: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exception {
    pub exception: ExceptionId,
    pub category: Category,
    pub severity: Severity,
    pub order: Option<OrderId>,
    pub task: Option<TaskId>,
    pub store: Option<StoreId>,
    pub detail: String,
    pub suggestion: String,
    /// Who puts such a thing right, and how, whatever the case is.
    pub repair: String,
    pub times: u32,
    pub raised_at: UtcMs,
    pub resolved_at: Option<UtcMs>,
    pub resolution: Option<String>,
}
