//! Which orders follow a version that is tried.

use holdfast_shared::ids::{BrandId, RegionId, SkuClass};
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
    /// An order that names no brand is of none of them.
    #[serde(default)]
    pub brands: BTreeSet<BrandId>,
    /// Every article of the order is of one of them.
    #[serde(default)]
    pub classes: BTreeSet<SkuClass>,
    /// Only orders of which each article lies free at some node, as many as are wanted.
    #[serde(default)]
    pub in_stock: bool,
    /// Only orders that are shipped, with articles that ask nothing special of whoever handles them.
    #[serde(default)]
    pub simple_shipping: bool,
}

/// An order as far as a cohort asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The customer's own reference where there is one, so that their orders stay together; else the order.
    pub key: String,
    pub channel: String,
    pub region: Option<RegionId>,
    pub brand: Option<BrandId>,
    pub classes: BTreeSet<SkuClass>,
    /// Articles that have no class.
    pub unclassed: bool,
    pub in_stock: bool,
    pub simple_shipping: bool,
}

const PARTS: u64 = 100;

impl Cohort {
    /// Nothing but the share limits it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.regions.is_empty() && self.classes.is_empty() && !self.picks_orders()
    }

    /// Something beside class and region limits it.
    #[must_use]
    pub fn picks_orders(&self) -> bool {
        !self.channels.is_empty() || !self.brands.is_empty() || self.in_stock || self.simple_shipping
    }

    pub(super) fn lacking(&self) -> Option<String> {
        let lengths = [self.channels.len(), self.regions.len(), self.brands.len(), self.classes.len()];
        let too_long = lengths.iter().any(|length| *length > ROLLOUT_WORDS_MAX);
        too_long.then(|| format!("a cohort names at most {ROLLOUT_WORDS_MAX} of each"))
    }

    /// Whether this order follows the version whose trial has this name. One that is inside at a share
    /// is inside at every larger one.
    #[must_use]
    pub fn includes(&self, trial: &str, percent: u8, subject: &Subject) -> bool {
        let channel = self.channels.is_empty() || self.channels.contains(&subject.channel);
        let region = self.regions.is_empty()
            || subject.region.as_ref().is_some_and(|region| self.regions.contains(region));
        let brand =
            self.brands.is_empty() || subject.brand.as_ref().is_some_and(|brand| self.brands.contains(brand));
        let classes = self.classes.is_empty()
            || (!subject.unclassed
                && !subject.classes.is_empty()
                && subject.classes.is_subset(&self.classes));
        let easy = (!self.in_stock || subject.in_stock) && (!self.simple_shipping || subject.simple_shipping);
        channel && region && brand && classes && easy && part(trial, &subject.key) < u64::from(percent)
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
