//! When a store is judged again. Judging costs what changes: a store that says nothing new is left
//! until the first moment at which time alone may change the judgement. It may be judged more often
//! than that and nothing differs; later would be wrong.

use super::policy::HealthPolicy;
use super::signals::{View, speaks_in_ms};
use crate::core::fleet::hour_ends;
use holdfast_shared::time::{MonoMs, Now, UtcMs};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Something of it changed since it was judged.
    touched: bool,
    mono: MonoMs,
    utc: UtcMs,
}

impl Due {
    pub const AT_ONCE: Self = Self { touched: true, ..Self::NEVER };
    /// Until it is touched.
    pub const NEVER: Self = Self { touched: false, mono: MonoMs(i64::MAX), utc: UtcMs(i64::MAX) };

    pub const fn touch(&mut self) {
        self.touched = true;
    }

    #[must_use]
    pub fn is_due(&self, now: Now) -> bool {
        self.touched || now.mono >= self.mono || now.utc >= self.utc
    }

    /// Ages grow by the monotonic clock; hours and closures are as people say them, by the other.
    #[must_use]
    pub fn next(view: &View<'_>) -> Self {
        let mono = [speaks_in_ms(view), forgets_in_ms(view)].into_iter().flatten().min();
        let mono = mono.map_or(MonoMs(i64::MAX), |in_ms| view.now.mono.plus(in_ms.max(1)));
        Self { touched: false, mono, utc: next_by_the_wall(view).unwrap_or(UtcMs(i64::MAX)) }
    }
}

/// Until the oldest time that it went out leaves the window: then it owes less.
fn forgets_in_ms(view: &View<'_>) -> Option<i64> {
    let HealthPolicy { flap_window_ms, .. } = view.policy;
    let ends = |at: &MonoMs| flap_window_ms.saturating_sub(view.now.mono.since(*at));
    view.health.went_out.iter().map(ends).filter(|in_ms| *in_ms > 0).min()
}

fn next_by_the_wall(view: &View<'_>) -> Option<UtcMs> {
    let (record, now) = (view.record, view.now.utc);
    let arranged = &record.arranged;
    let closures = record.closures.iter().filter_map(|closure| closure.until);
    let planned = arranged.planned.iter().flat_map(|planned| [planned.from, planned.until]);
    let staffing = arranged.staffing.iter().filter_map(|staffing| staffing.until);
    let told = view.health.voices.values().filter_map(|voice| voice.beat.vitals.closure.as_ref()?.until);
    // No zone is off by parts of a minute, so the store's minute changes with this one.
    let has_hours = !(record.store.hours.is_empty() && arranged.dated_hours.is_empty());
    let minute =
        has_hours.then(|| UtcMs(now.0.div_euclid(MINUTE_MS).saturating_add(1).saturating_mul(MINUTE_MS)));
    let works = !record.work.is_empty() || arranged.tasks_per_hour.is_some();
    let hour = works.then(|| hour_ends(now));
    closures.chain(planned).chain(staffing).chain(told).chain(minute).chain(hour).filter(|at| *at > now).min()
}

const MINUTE_MS: i64 = 60_000;
