//! The signals, one file each. Adding one is one file and one line in [`SIGNALS`].
//!
//! Unknown is never fine and never zero; each signal's file says what it means there.

mod capacity;
mod clock;
mod database;
mod declines;
mod disk;
mod drift;
pub(super) mod feed;
mod feed_of_class;
mod handhelds;
mod hourly;
mod pace;
mod pos;
mod power;
mod short_picks;
mod sync_lag;
mod temperature;
mod uplink;

use super::policy::{HealthPolicy, Limits};
use super::store::StoreHealth;
use crate::core::eligibility::{Reason, Standing, Unit};
use crate::core::fleet::{HourOfWork, StoreRecord};
use crate::core::hours::open_for_minutes;
use crate::core::work_hours::within;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::time::Now;
use std::collections::BTreeSet;

/// All that a signal may look at.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub record: &'a StoreRecord,
    pub health: &'a StoreHealth,
    pub policy: &'a HealthPolicy,
    /// People are at work there: POS and handhelds rest outside of opening hours.
    pub physically_open: bool,
    pub now: Now,
}

const MINUTE_MS: i64 = 60_000;

pub trait Signal: Sync {
    fn name(&self) -> &'static str;
    /// None when nothing speaks against the store.
    fn assess(&self, view: &View<'_>) -> Option<Reason>;
    /// What speaks against some of its stock alone.
    fn assess_parts(&self, _: &View<'_>) -> Vec<Reason> {
        Vec::new()
    }
    /// When it may say something else although nothing is heard until then, only because time passes;
    /// never later than it does. None for never.
    fn speaks_in_ms(&self, _: &View<'_>) -> Option<i64> {
        None
    }
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
    &feed_of_class::FeedOfClass,
    &sync_lag::SyncLag,
    &drift::Drift,
    &disk::Disk,
    &database::Database,
    &clock::Clock,
    &capacity::Capacity,
    &hourly::Hourly,
    &pace::Pace,
    &declines::Declines,
    &short_picks::ShortPicks,
    &temperature::Temperature,
    &power::Power,
];

/// The name of the signal that tells a dark store.
pub const UPLINK: &str = uplink::NAME;
/// The name of the signal that misses the tills.
pub const POS: &str = pos::NAME;
/// The name of the signal that speaks about classes of SKUs.
pub const FEED_OF_CLASS: &str = feed_of_class::NAME;

#[must_use]
pub fn assess(view: &View<'_>) -> Vec<Reason> {
    SIGNALS
        .iter()
        .flat_map(|signal| signal.assess(view).into_iter().chain(signal.assess_parts(view)))
        .collect()
}

/// Until the first signal may say something else although nothing is heard.
#[must_use]
pub fn speaks_in_ms(view: &View<'_>) -> Option<i64> {
    SIGNALS.iter().filter_map(|signal| signal.speaks_in_ms(view)).min()
}

/// Whether the last heartbeat, for itself, shows a store that could do this work; none named: any.
#[must_use]
pub fn beat_is_good(view: &View<'_>, kinds: Option<&BTreeSet<FulfilmentKind>>) -> bool {
    let asked = |reason: &Reason| match (kinds, &reason.kinds) {
        (Some(asked), Some(about)) => !asked.is_disjoint(about),
        (Some(_), None) | (None, None) => true,
        // A store that was out for all of its work may come back for some of it.
        (None, Some(_)) => false,
    };
    SIGNALS
        .iter()
        .filter(|signal| signal.must_be_proven() && signal.name() != UPLINK)
        .filter_map(|signal| signal.assess(view))
        .filter(asked)
        .all(|reason| reason.standing != Standing::Ineligible)
}

/// A threshold once crossed is left only some way below it, so that a value at the border does not flap.
fn left_at(limit: i64, limits: &Limits) -> i64 {
    limit.saturating_sub(limit.saturating_mul(limits.slack_percent) / 100)
}

impl View<'_> {
    /// How long something has been missed that people use at their work. Nobody misses it while they are at
    /// home: in the morning it counts from the opening, not from the evening before.
    fn missed_ms(&self, seen_ms_ago: Option<i64>, limits: &Limits) -> Option<i64> {
        if !self.physically_open {
            return None;
        }
        let unseen_ms = self.health.age_ms(seen_ms_ago, self.now.mono)?;
        let (store, dated) = (&self.record.store, &self.record.arranged.dated_hours);
        let always_open = store.hours.is_empty() && dated.is_empty();
        if always_open || unseen_ms < left_at(limits.soft, limits) {
            return Some(unseen_ms);
        }
        let open = open_for_minutes(&store.hours, dated, &store.zone, self.now.utc)?;
        Some(unseen_ms.min(i64::from(open).saturating_mul(MINUTE_MS)))
    }

    /// How work went at the store lately; none while too little of what counts says anything.
    fn work_lately(&self, counts: fn(&HourOfWork) -> u32) -> Option<HourOfWork> {
        let work = within(&self.record.work, self.policy.work_window_hours, self.now.utc);
        (counts(&work) >= self.policy.work_tasks_min).then_some(work)
    }

    /// The standing of a value under its limits.
    fn grade(&self, signal: &'static str, value: i64, limits: &Limits) -> Option<Standing> {
        self.grade_from(self.health.standings.get(signal).copied(), value, limits)
    }

    /// The same of a value that stood so before.
    fn grade_from(&self, was: Option<Standing>, value: i64, limits: &Limits) -> Option<Standing> {
        let crossed = |limit: i64, standing: Standing| {
            value >= if was >= Some(standing) { left_at(limit, limits) } else { limit }
        };
        if limits.hard.is_some_and(|hard| crossed(hard, Standing::Ineligible)) {
            Some(Standing::Ineligible)
        } else if crossed(limits.soft, Standing::Suspect) {
            Some(Standing::Suspect)
        } else {
            None
        }
    }

    /// What a value says that crossed one of its limits. `words` gets the limit.
    fn against(
        &self,
        signal: &'static str,
        (value, unit): (i64, Unit),
        limits: &Limits,
        words: impl FnOnce(i64) -> String,
    ) -> Option<Reason> {
        let standing = self.grade(signal, value, limits)?;
        let limit = limit_of(limits, standing);
        let reason = Reason::new(signal, standing, words(limit)).with_values(value, limit, unit);
        Some(reason.about_only(limits.kinds.clone()))
    }

    /// Until an age that grows with time crosses the next of its limits.
    fn crosses_in_ms(&self, age_ms: i64, limits: &Limits) -> Option<i64> {
        let thresholds = [Some(limits.soft), limits.hard].into_iter().flatten();
        let both = thresholds.flat_map(|limit| [left_at(limit, limits), limit]);
        both.filter(|limit| *limit > age_ms).map(|limit| limit.saturating_sub(age_ms)).min()
    }
}

/// The limit that made this standing, for the words of the reason.
const fn limit_of(limits: &Limits, standing: Standing) -> i64 {
    match (standing, limits.hard) {
        (Standing::Ineligible, Some(hard)) => hard,
        (Standing::Ineligible, None) | (Standing::Suspect | Standing::Eligible, _) => limits.soft,
    }
}

#[cfg(test)]
mod tests;
