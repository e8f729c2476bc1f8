//! What a store may be given, with the reasons. `health::judge` computes it; it is never typed in.

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

impl Eligibility {
    /// Of a store that nothing was evaluated for yet.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            standing: Standing::Ineligible,
            kinds: BTreeSet::new(),
            reasons: vec![Reason {
                signal: String::from("uplink"),
                standing: Standing::Ineligible,
                words: String::from("not evaluated yet"),
            }],
            physically_open: false,
            fail_over: false,
        }
    }

    /// Whether it says something else than before. Numbers in the words alone, which grow with
    /// time, are no change.
    #[must_use]
    pub fn differs_from(&self, before: &Self) -> bool {
        let gist = |eligibility: &Self| {
            let reasons: BTreeSet<(String, Standing)> =
                eligibility.reasons.iter().map(|reason| (reason.signal.clone(), reason.standing)).collect();
            reasons
        };
        self.standing != before.standing
            || self.kinds != before.kinds
            || self.physically_open != before.physically_open
            || self.fail_over != before.fail_over
            || gist(self) != gist(before)
    }

    /// The worst that speaks against it, in words.
    #[must_use]
    pub fn why(&self) -> &str {
        self.reasons.first().map_or("nothing speaks against it", |reason| reason.words.as_str())
    }
}
