//! Which orders follow a version that is tried.

use holdfast_shared::ids::{RegionId, SkuClass};
use holdfast_shared::limits::ROLLOUT_WORDS_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// All that is named must fit; what is empty does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    #[serde(default)]
    pub channels: BTreeSet<String>,
    /// Of the store where the customer collects, or else of the store that is nearest to them.
    #[serde(default)]
    pub regions: BTreeSet<RegionId>,
    /// Every article of the order is of one of them.
    #[serde(default)]
    pub classes: BTreeSet<SkuClass>,
}

/// An order as far as a cohort asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The customer's own reference where there is one, so that their orders stay together; else the order.
    pub key: String,
    pub channel: String,
    pub region: Option<RegionId>,
    pub classes: BTreeSet<SkuClass>,
    /// Articles that have no class.
    pub unclassed: bool,
}

const PARTS: u64 = 100;

impl Cohort {
    /// Nothing but the share limits it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.channels.is_empty() && self.regions.is_empty() && self.classes.is_empty()
    }

    pub(super) fn lacking(&self) -> Option<String> {
        let longest = self.channels.len().max(self.regions.len()).max(self.classes.len());
        (longest > ROLLOUT_WORDS_MAX).then(|| format!("a cohort names at most {ROLLOUT_WORDS_MAX} of each"))
    }

    /// Whether this order follows the version whose trial has this name. One that is inside at a share
    /// is inside at every larger one.
    #[must_use]
    pub fn includes(&self, trial: &str, percent: u8, subject: &Subject) -> bool {
        let channel = self.channels.is_empty() || self.channels.contains(&subject.channel);
        let region = self.regions.is_empty()
            || subject.region.as_ref().is_some_and(|region| self.regions.contains(region));
        let classes = self.classes.is_empty()
            || (!subject.unclassed
                && !subject.classes.is_empty()
                && subject.classes.is_subset(&self.classes));
        channel && region && classes && part(trial, &subject.key) < u64::from(percent)
    }
}

/// 0 to 99, evenly; another trial deals anew.
fn part(trial: &str, key: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for text in ["holdfast rollout", trial, key] {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_be_bytes()).update(text.as_bytes());
    }
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    u64::from_be_bytes(first) % PARTS
}
