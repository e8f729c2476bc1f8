//! What a provider tells by itself, by webhook: late, twice, out of order, or before its own answer has arrived.

use super::fact::{CallId, Said};
use holdfast_shared::ids::{OrderId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A webhook as far as it is kept: what personal things its body may hold is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The provider's own id of the event: the same one is taken in once.
    pub event: String,
    /// In the provider's words.
    pub kind: String,
    /// What it is about there.
    pub reference: Option<String>,
    /// What central had written to it when it asked.
    pub order: Option<OrderId>,
    pub call: Option<CallId>,
    /// None: of no kind that changes what is known here.
    pub said: Option<Said>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeOutcome {
    /// It told something new.
    Applied,
    /// Nothing that was not known.
    KnownBefore,
    /// Of a kind, an order or a question that is not known here: kept, and shown.
    NotOurs,
}

impl NoticeOutcome {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::KnownBefore => "known_before",
            Self::NotOurs => "not_ours",
        }
    }
}

/// A webhook in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub tenant: TenantId,
    pub provider: String,
    pub notice: Notice,
    pub at: UtcMs,
    pub outcome: Option<NoticeOutcome>,
}
