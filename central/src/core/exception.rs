//! What a person must look at. One queue for all of it: what each kind means, whose it is, how soon it wants
//! an answer, and what can be done about it in one call.

pub mod backlog;
pub mod causes;
pub mod clock;
pub mod kinds;
pub mod policy;
pub mod repairs;
pub mod trend;

use self::causes::RootCause;
use holdfast_shared::ids::{Actor, ExceptionId, OrderId, StoreId, TaskId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
    /// A carrier lost a parcel, or brought it back.
    ParcelLost,
    /// A carrier tells nothing of a parcel.
    TrackingSilent,
    /// A carrier does not take a label back.
    VoidFailed,
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
    /// What central has written down does not agree with what it rests on.
    BooksDiffer,
    /// A consumer of events is not sent what it should hear.
    Undelivered,
    /// A store took back goods that nobody had announced, or more than left.
    UnexpectedReturn,
    /// A return cannot go on before a person has said something.
    ReturnWaits,
}

impl Category {
    pub const ALL: [Self; 35] = [
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
        Self::ParcelLost,
        Self::TrackingSilent,
        Self::VoidFailed,
        Self::ParcelMissing,
        Self::PossibleDuplicate,
        Self::ShadowCritical,
        Self::AwaitingPayment,
        Self::PaymentUnclear,
        Self::RefundFailed,
        Self::OutsideDown,
        Self::BooksDiffer,
        Self::Undelivered,
        Self::UnexpectedReturn,
        Self::ReturnWaits,
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
            Self::ParcelLost => "parcel_lost",
            Self::TrackingSilent => "tracking_silent",
            Self::VoidFailed => "void_failed",
            Self::ParcelMissing => "parcel_missing",
            Self::PossibleDuplicate => "possible_duplicate",
            Self::ShadowCritical => "shadow_critical",
            Self::AwaitingPayment => "awaiting_payment",
            Self::PaymentUnclear => "payment_unclear",
            Self::RefundFailed => "refund_failed",
            Self::OutsideDown => "outside_down",
            Self::BooksDiffer => "books_differ",
            Self::Undelivered => "undelivered",
            Self::UnexpectedReturn => "unexpected_return",
            Self::ReturnWaits => "return_waits",
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

impl Severity {
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Where it stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionState {
    /// Nobody has it.
    Open,
    Taken,
    /// On somebody outside; its clock stands.
    Waiting,
    Resolved,
}

impl ExceptionState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Taken => "taken",
            Self::Waiting => "waiting",
            Self::Resolved => "resolved",
        }
    }
}

/// What exactly failed: a code, where, and the values that were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    #[schema(example = "order_state")]
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "orders.state")]
    pub field: Option<String>,
    pub values: BTreeMap<String, String>,
}

impl Failure {
    #[must_use]
    pub fn new(code: &str, field: Option<&str>, values: &[(&str, &str)]) -> Self {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            code: code.to_owned(),
            field: field.map(str::to_owned),
            values: values.iter().map(pair).collect(),
        }
    }
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
    pub state: ExceptionState,
    pub order: Option<OrderId>,
    pub task: Option<TaskId>,
    pub store: Option<StoreId>,
    pub detail: String,
    pub suggestion: String,
    /// Who puts such a thing right, and how, whatever the case is.
    pub repair: String,
    pub failure: Option<Failure>,
    pub times: u32,
    pub raised_at: UtcMs,
    /// When the same cause was seen last.
    pub seen_at: UtcMs,
    /// When a person first looked at it.
    pub looked_at: Option<UtcMs>,
    pub taken_by: Option<Actor>,
    pub taken_at: Option<UtcMs>,
    pub waiting_since: Option<UtcMs>,
    /// On whom or what.
    pub waiting_for: Option<String>,
    /// For how long its clock stood before.
    pub paused_ms: i64,
    pub resolved_at: Option<UtcMs>,
    pub resolution: Option<String>,
    /// Absent where it ended by itself.
    pub resolved_by: Option<Actor>,
    pub root_cause: Option<RootCause>,
    /// Spent on it by people.
    pub minutes: Option<u32>,
}

/// Something that was done about it, or that its clock said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExceptionEvent {
    pub number: u32,
    pub at: UtcMs,
    pub actor: Actor,
    /// `taken`, `waiting`, `resumed`, `repaired`, `late_to_look`, `late_to_end`, `resolved`, ...
    pub kind: String,
    pub words: String,
}

/// How it ends by the word of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    pub words: String,
    pub by: Actor,
    pub root_cause: Option<RootCause>,
    pub minutes: Option<u32>,
}

#[cfg(test)]
pub(crate) mod test_support;
