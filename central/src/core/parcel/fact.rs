//! What is written down about a parcel: each question to the carrier before it is asked, and what came of it; the wishes
//! of people; and what happened on the way. Facts are only added; what holds is their fold.

use super::tracking::Track;
pub use crate::core::saga::fact::Source;
use crate::core::saga::terms::Step;
use holdfast_shared::ids::IdempotencyKey;
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// What a carrier is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Label,
    VoidLabel,
}

impl Ask {
    #[must_use]
    pub const fn step(self) -> Step {
        match self {
            Self::Label => Step::Label,
            Self::VoidLabel => Step::VoidLabel,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.step().as_str()
    }
}

/// One question. It is asked again under the same run, and so under the same key, until it is known what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AskId {
    pub ask: Ask,
    pub run: u32,
}

impl fmt::Display for AskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ask.as_str(), self.run)
    }
}

/// What exactly is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// By which service it shall go; none: whichever the carrier takes for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    pub units: i64,
    /// The run of the label that shall be void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<u32>,
}

/// A label as a carrier made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Label {
    /// The carrier's own name for it.
    pub reference: String,
    #[schema(example = "ups")]
    pub carrier: String,
    /// In the carrier's words.
    #[schema(example = "ups_ground")]
    pub service: String,
    #[schema(example = "1Z9999999999999999")]
    pub tracking_number: String,
    /// Where it can be printed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Said {
    /// Written before the carrier is asked.
    Asked {
        attempt: u32,
        key: IdempotencyKey,
        #[serde(flatten)]
        wish: Wish,
    },
    Made {
        label: Label,
    },
    Voided,
    /// For good.
    Declined {
        code: String,
        words: String,
    },
    /// It was not done, and may go through later under another key.
    Soft {
        code: String,
        words: String,
    },
    /// The question was not taken in: the same one may be asked again.
    Busy {
        retry_after_ms: Option<i64>,
        words: String,
    },
    /// Nobody knows whether it was done.
    Unknown {
        words: String,
    },
    /// The carrier knows nothing of such a question.
    Absent,
    /// It was looked up for so long that a person is told.
    GivenUp {
        words: String,
    },
    /// Its goods do not leave by it, and no label of it is good.
    Dropped,
    /// A person wants no label of it: the store makes its own.
    Withdrawn {
        by: String,
        reason: String,
    },
    /// A person wants a label once more; one that there is counts no longer.
    TryAgain {
        by: String,
        reason: String,
    },
    /// The goods have left the store.
    HandedOver {
        left_at: UtcMs,
    },
    Tracked {
        #[serde(flatten)]
        track: Track,
    },
    /// The carrier has told nothing for too long.
    Silent {
        words: String,
    },
}

impl Said {
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Made { .. } => "made",
            Self::Voided => "voided",
            Self::Declined { .. } => "declined",
            Self::Soft { .. } => "soft",
            Self::Busy { .. } => "busy",
            Self::Unknown { .. } => "unknown",
            Self::Absent => "absent",
            Self::GivenUp { .. } => "given_up",
            Self::Dropped => "dropped",
            Self::Withdrawn { .. } => "withdrawn",
            Self::TryAgain { .. } => "try_again",
            Self::HandedOver { .. } => "handed_over",
            Self::Tracked { .. } => "tracked",
            Self::Silent { .. } => "silent",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParcelFact {
    /// From 1 on, without a gap, for each parcel.
    pub sequence: u32,
    /// Which question it is about; of a scan, the label that was scanned.
    pub id: Option<AskId>,
    pub said: Said,
    pub source: Source,
    pub at: UtcMs,
}
