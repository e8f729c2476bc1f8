//! What is written down about each question to a payment provider: before it is asked, and what came of it. Facts are
//! only added; what holds is their fold (`account`).

use super::terms::Step;
use holdfast_shared::ids::IdempotencyKey;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// What a payment provider is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    Authorize,
    Capture,
    Void,
    Refund,
}

impl Call {
    pub const ALL: [Self; 4] = [Self::Authorize, Self::Capture, Self::Void, Self::Refund];

    #[must_use]
    pub const fn step(self) -> Step {
        match self {
            Self::Authorize => Step::Authorize,
            Self::Capture => Step::Capture,
            Self::Void => Step::Void,
            Self::Refund => Step::Refund,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.step().as_str()
    }
}

/// One question. It is asked again under the same run, and so under the same key, until it is known what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId {
    pub call: Call,
    pub run: u32,
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.call.as_str(), self.run)
    }
}

/// What exactly is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// In minor units of the order's currency.
    pub amount: i64,
    /// The run of the authorization that it draws on; none for an authorization itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<u32>,
    /// The refund that somebody asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<u32>,
    /// Nothing will be captured after it: the provider releases the rest.
    #[serde(default)]
    pub last: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Said {
    /// Written before the provider is asked.
    Asked {
        attempt: u32,
        key: IdempotencyKey,
        #[serde(flatten)]
        wish: Wish,
    },
    Done {
        reference: String,
        amount: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lapses_at: Option<UtcMs>,
    },
    /// For good.
    Declined { code: String, words: String },
    /// It was not done, and may go through later under another key.
    Soft { code: String, words: String },
    /// The question was not taken in: the same one may be asked again.
    Busy { retry_after_ms: Option<i64>, words: String },
    /// Nobody knows whether it was done.
    Unknown { words: String },
    /// The provider knows nothing of such a question.
    Absent,
    /// What an authorization still had is free again: it lapsed, or the provider ended it.
    Lapsed { words: String },
    /// The order cannot be paid.
    Rejected { code: String, words: String },
    /// Goods have left or are at work, and their money cannot be had by any way that is known here.
    Owed { words: String },
    /// It was looked up for so long that a person is told.
    GivenUp { words: String },
    /// A person lets it be tried once more.
    TryAgain { by: String, reason: String },
}

impl Said {
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Done { .. } => "done",
            Self::Declined { .. } => "declined",
            Self::Soft { .. } => "soft",
            Self::Busy { .. } => "busy",
            Self::Unknown { .. } => "unknown",
            Self::Absent => "absent",
            Self::Lapsed { .. } => "lapsed",
            Self::Rejected { .. } => "rejected",
            Self::Owed { .. } => "owed",
            Self::GivenUp { .. } => "given_up",
            Self::TryAgain { .. } => "try_again",
        }
    }
}

/// How it became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PaymentSource)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Central,
    Answer,
    LookUp,
    Webhook,
    Person,
}

impl Source {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Central => "central",
            Self::Answer => "answer",
            Self::LookUp => "look_up",
            Self::Webhook => "webhook",
            Self::Person => "person",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SagaFact {
    /// From 1 on, without a gap, for each order.
    pub sequence: u32,
    pub id: CallId,
    pub said: Said,
    pub source: Source,
    pub at: UtcMs,
}
