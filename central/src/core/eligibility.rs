//! What a store may be given, computed from its signals, closures and hours. Never typed in.

use holdfast_shared::domain::task::FulfilmentKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Gets work.
    Eligible,
    /// Gets work only when no eligible store can take it.
    Suspect,
    /// Gets none.
    Ineligible,
}

impl Standing {
    pub const ALL: [Self; 3] = [Self::Eligible, Self::Suspect, Self::Ineligible];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Suspect => "suspect",
            Self::Ineligible => "ineligible",
        }
    }
}

/// One reason, in plain words, with the values that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// The signal, closure or rule that says so: `uplink`, `hours`, `capacity`, ...
    pub signal: String,
    pub standing: Standing,
    #[schema(example = "no heartbeat for 34 s (limit 31 s)")]
    pub words: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Eligibility {
    pub standing: Standing,
    /// The kinds that it may be given now; empty while ineligible.
    pub kinds: BTreeSet<FulfilmentKind>,
    /// All that speaks against it, worst first; empty when all is well.
    pub reasons: Vec<Reason>,
    /// The store's own opening hours say open, whatever the signals say.
    pub physically_open: bool,
    /// Work that it already has should move away: dark, or closed hard.
    pub fail_over: bool,
}
