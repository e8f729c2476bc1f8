//! The signals, one file each. Adding one is one file and one line in [`SIGNALS`].
//!
//! Unknown is never fine and never zero; each signal's file says what it means there.

mod capacity;
mod clock;
mod database;
mod disk;
mod drift;
mod feed;
mod handhelds;
mod pos;
mod sync_lag;
mod temperature;
mod uplink;

use super::policy::{HealthPolicy, Limits};
use super::store::StoreHealth;
use crate::core::eligibility::{Reason, Standing};
use crate::core::fleet::StoreRecord;
use holdfast_shared::time::MonoMs;

/// All that a signal may look at.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub record: &'a StoreRecord,
    pub health: &'a StoreHealth,
    pub policy: &'a HealthPolicy,
    /// People are at work there: POS and handhelds rest outside of opening hours.
    pub physically_open: bool,
    pub now: MonoMs,
}

pub trait Signal: Sync {
    fn name(&self) -> &'static str;
    /// None when nothing speaks against the store.
    fn assess(&self, view: &View<'_>) -> Option<Reason>;
    /// Whether a store that this signal excluded must prove itself before it gets work again.
    fn must_be_proven(&self) -> bool {
        true
    }
}

pub const SIGNALS: &[&dyn Signal] = &[
    &uplink::Uplink,
    &pos::Pos,
    &handhelds::Handhelds,
    &feed::Feed,
    &sync_lag::SyncLag,
    &drift::Drift,
    &disk::Disk,
    &database::Database,
    &clock::Clock,
    &capacity::Capacity,
    &temperature::Temperature,
];

/// The name of the signal that tells a dark store.
pub const UPLINK: &str = uplink::NAME;

#[must_use]
pub fn assess(view: &View<'_>) -> Vec<Reason> {
    SIGNALS.iter().filter_map(|signal| signal.assess(view)).collect()
}

/// Whether the last heartbeat, for itself, shows a store that could work.
#[must_use]
pub fn beat_is_good(view: &View<'_>) -> bool {
    SIGNALS
        .iter()
        .filter(|signal| signal.must_be_proven() && signal.name() != UPLINK)
        .filter_map(|signal| signal.assess(view))
        .all(|reason| reason.standing != Standing::Ineligible)
}

impl View<'_> {
    /// The standing of a value under its limits. A threshold once crossed is left only some way
    /// below it, so that a value at the border does not flap.
    fn grade(&self, signal: &'static str, value: i64, limits: Limits) -> Option<Standing> {
        let was = self.health.standings.get(signal).copied();
        let crossed = |limit: i64, standing: Standing| {
            let slack =
                if was >= Some(standing) { limit.saturating_mul(limits.slack_percent) / 100 } else { 0 };
            value >= limit.saturating_sub(slack)
        };
        if limits.hard.is_some_and(|hard| crossed(hard, Standing::Ineligible)) {
            Some(Standing::Ineligible)
        } else if crossed(limits.soft, Standing::Suspect) {
            Some(Standing::Suspect)
        } else {
            None
        }
    }
}

fn reason(signal: &'static str, standing: Standing, words: impl Into<String>) -> Reason {
    Reason { signal: signal.to_owned(), standing, words: words.into() }
}

/// The limit that made this standing, for the words of the reason.
fn limit_of(limits: Limits, standing: Standing) -> i64 {
    match standing {
        Standing::Ineligible => limits.hard.unwrap_or(limits.soft),
        Standing::Suspect | Standing::Eligible => limits.soft,
    }
}

#[cfg(test)]
mod tests;
