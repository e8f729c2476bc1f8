//! What every step of the saga has to declare. None of it can be left out, so a step without a way back does not build.

use crate::core::outside::backoff::BackoffTerms;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The steps, in the order in which an order goes through them; the last three undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Authorize,
    Reserve,
    Offer,
    Accept,
    Pick,
    Label,
    Pack,
    HandOver,
    Capture,
    Notify,
    Void,
    VoidLabel,
    Refund,
}

impl Step {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Reserve => "reserve",
            Self::Offer => "offer",
            Self::Accept => "accept",
            Self::Pick => "pick",
            Self::Label => "label",
            Self::Pack => "pack",
            Self::HandOver => "hand_over",
            Self::Capture => "capture",
            Self::Notify => "notify",
            Self::Void => "void",
            Self::VoidLabel => "void_label",
            Self::Refund => "refund",
        }
    }
}

/// What it means when a step has not answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// Ask what became of it, and go on from that.
    Confirm,
    /// Nothing is lost while it waits; it comes through in the end.
    Wait,
    /// Undo it and do it another way.
    Compensate,
    /// A person looks at it.
    Review,
}

/// How it is made sure that a step did not happen before it is asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// The other side is asked what it knows under the same key.
    LookUp,
    /// One conditional write in central's database: it happened or it did not.
    OwnRows,
    /// The task's facts, as the store sends them.
    TaskFacts,
    /// The reader knows events by their id.
    EventId,
}

/// What undoes a step. There is no "nothing".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compensation {
    Void,
    VoidLabel,
    Refund,
    EndHolds,
    Recall,
    PutBack,
    Return,
    /// A later event says what holds now.
    CorrectingEvent,
    /// It undoes another step itself; what is wrong with it, a person puts right.
    Person,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryBudget {
    /// Tries that failed for sure, before it counts as refused.
    pub failures_max: u32,
    pub backoff: BackoffTerms,
}

/// A step, as its file declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepTerms {
    pub step: Step,
    /// After so long without an answer it counts as silent.
    pub timeout_ms: i64,
    pub on_timeout: OnTimeout,
    /// When tries and looking up have not settled it.
    pub at_the_end: OnTimeout,
    pub retries: RetryBudget,
    pub verify: Verification,
    pub compensation: Compensation,
    /// How it comes right again when it has gone wrong, for people.
    pub recovery: &'static str,
}

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Of steps that ask somebody outside.
pub(super) const OUTSIDE: RetryBudget = RetryBudget {
    failures_max: 4,
    backoff: BackoffTerms {
        first_ms: 2 * SECOND_MS,
        wait_ms_max: 5 * MINUTE_MS,
        age_ms_max: 2 * HOUR_MS,
        asked_ms_max: HOUR_MS,
    },
};

/// Of steps that nobody outside has a part in: the reconciler comes by at this pace.
pub(super) const INSIDE: RetryBudget = RetryBudget {
    failures_max: u32::MAX,
    backoff: BackoffTerms {
        first_ms: 2 * SECOND_MS,
        wait_ms_max: MINUTE_MS,
        age_ms_max: i64::MAX,
        asked_ms_max: HOUR_MS,
    },
};

pub(super) const ANSWER_MS: i64 = 15 * SECOND_MS;
