//! When time alone may change a judgement. Ages grow by the monotonic clock; hours and closures are as
//! people say them, by the other.

use super::due::Due;
use super::policy::HealthPolicy;
use super::signals::{View, speaks_in_ms};
use super::store::StoreHealth;
use crate::core::fleet::{StoreRecord, hour_ends};
use holdfast_shared::time::{MonoMs, Now, UtcMs};

/// Of a store that was judged now.
#[must_use]
pub fn next_due(
    record: &StoreRecord,
    health: &StoreHealth,
    policy: &HealthPolicy,
    physically_open: bool,
    now: Now,
) -> Due {
    let view = View { record, health, policy, physically_open, now };
    let mono = [speaks_in_ms(&view), forgets_in_ms(&view)].into_iter().flatten().min();
    let mono = mono.map_or(MonoMs(i64::MAX), |in_ms| now.mono.plus(in_ms.max(1)));
    Due::at(mono, next_by_the_wall(&view).unwrap_or(UtcMs(i64::MAX)))
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
    let planned_there = view.health.planned().flat_map(|planned| [planned.from, planned.until]);
    let told = view.health.voices.iter().filter_map(|voice| voice.beat.vitals.closure.as_ref()?.until);
    // No zone is off by parts of a minute, so the store's minute changes with this one.
    let has_hours = !(record.store.hours.is_empty() && arranged.dated_hours.is_empty());
    let minute =
        has_hours.then(|| UtcMs(now.0.div_euclid(MINUTE_MS).saturating_add(1).saturating_mul(MINUTE_MS)));
    let works = !record.work.is_empty() || arranged.tasks_per_hour.is_some();
    let hour = works.then(|| hour_ends(now));
    let people = closures.chain(planned).chain(planned_there).chain(staffing).chain(told);
    people.chain(minute).chain(hour).filter(|at| *at > now).min()
}

const MINUTE_MS: i64 = 60_000;
