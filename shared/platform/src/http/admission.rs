//! How much work of one kind is let in at once, and when what is turned away should come back.
//!
//! Ten thousand stores that lost central together come back together. Those that find no place are
//! told a wait out of what is known: how much is in work, how much was turned away before, and how
//! long one piece takes; and each is told another one, so that they do not come back together again.

use super::ProblemResponse;
use crate::clock::{Clock, SystemClock};
use crate::random;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use holdfast_shared::error::Code;
use holdfast_shared::time::MonoMs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const WAIT_S_MAX: u64 = 60;
/// How slowly the measured time follows: the newest counts one part in so many.
const PACE_PARTS: i64 = 16;
/// What a piece of work is thought to take before any was measured.
const PACE_US_FIRST: i64 = 2_000;

/// Places for work of one kind.
pub struct Admission {
    places_max: usize,
    clock: Arc<dyn Clock>,
    moving: Mutex<Moving>,
}

#[derive(Debug)]
struct Moving {
    in_work: usize,
    /// Turned away, and not yet back as far as can be told: each piece that is done makes room for one.
    away: u64,
    /// From one piece done to the next, while there is work.
    pace_us: i64,
    /// When the last piece was done, or the first of a busy time began.
    since: MonoMs,
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").field("places_max", &self.places_max).finish_non_exhaustive()
    }
}

impl Admission {
    #[must_use]
    pub fn new(places_max: usize) -> Arc<Self> {
        Self::timed_by(places_max, Arc::new(SystemClock))
    }

    #[must_use]
    pub fn timed_by(places_max: usize, clock: Arc<dyn Clock>) -> Arc<Self> {
        let moving = Moving { in_work: 0, away: 0, pace_us: PACE_US_FIRST, since: MonoMs(0) };
        Arc::new(Self { places_max, clock, moving: Mutex::new(moving) })
    }

    /// A place until it is dropped, or how long to stay away.
    pub fn enter(self: &Arc<Self>) -> Result<Place, Busy> {
        let now = self.clock.now().mono;
        let mut moving = self.lock();
        if moving.in_work >= self.places_max {
            moving.away = moving.away.saturating_add(1);
            let random = random::bytes::<8>().map_or(moving.away, u64::from_le_bytes);
            return Err(Busy { retry_after_s: wait_s(moving.ahead(), moving.pace_us, random) });
        }
        if moving.in_work == 0 {
            moving.since = now;
        }
        moving.in_work = moving.in_work.saturating_add(1);
        Ok(Place(Arc::clone(self)))
    }

    fn leave(&self) {
        let now = self.clock.now().mono;
        let mut moving = self.lock();
        moving.in_work = moving.in_work.saturating_sub(1);
        moving.away = moving.away.saturating_sub(1);
        let took_us = now.since(moving.since).max(0).saturating_mul(1_000);
        let step = took_us.saturating_sub(moving.pace_us) / PACE_PARTS;
        moving.pace_us = moving.pace_us.saturating_add(step).max(1);
        moving.since = now;
    }

    fn lock(&self) -> MutexGuard<'_, Moving> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Moving {
    fn ahead(&self) -> u64 {
        u64::try_from(self.in_work).unwrap_or(u64::MAX).saturating_add(self.away)
    }
}

/// Full jitter over the time that everything ahead takes. Whole seconds, as the header has them.
fn wait_s(ahead: u64, pace_us: i64, random: u64) -> u64 {
    let all_us = ahead.saturating_mul(u64::try_from(pace_us).unwrap_or(1));
    let ceiling = all_us.div_ceil(1_000_000).clamp(1, WAIT_S_MAX);
    1 + random % ceiling
}

/// Work that was let in. Dropping it makes room.
#[derive(Debug)]
pub struct Place(Arc<Admission>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// There was no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    pub retry_after_s: u64,
}

impl IntoResponse for Busy {
    fn into_response(self) -> Response {
        let mut response = ProblemResponse::new(Code::Busy, "too many requests at once").into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after_s));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use std::collections::BTreeSet;

    fn waits(admission: &Arc<Admission>, number: usize) -> BTreeSet<u64> {
        (0..number).map(|_| admission.enter().unwrap_err().retry_after_s).collect()
    }

    #[test]
    fn whoever_is_turned_away_comes_back_when_there_may_be_room_and_not_with_the_others() {
        let clock = Arc::new(ManualClock::default());
        let timer: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let admission = Admission::timed_by(2, timer);
        let first = admission.enter().unwrap();
        let _second = admission.enter().unwrap();
        assert_eq!(waits(&admission, 5), BTreeSet::from([1]), "little is ahead");
        drop(first);
        for _ in 0..200 {
            let work = admission.enter().unwrap();
            clock.advance(100);
            drop(work);
        }
        let _third = admission.enter().unwrap();
        let early = waits(&admission, 50);
        assert!(early.iter().all(|wait| *wait <= 6), "fifty pieces of 0.1 s: {early:?}");
        let late = waits(&admission, 400);
        assert!(late.len() > 20 && late.iter().any(|wait| *wait > 20), "{late:?}");
        assert!(late.iter().all(|wait| (1..=46).contains(wait)), "{late:?}");
    }

    #[test]
    fn a_place_is_given_back_and_a_wait_has_an_end() {
        let admission = Admission::new(1);
        let place = admission.enter().unwrap();
        assert!(admission.enter().is_err());
        drop(place);
        assert!(admission.enter().is_ok());
        assert_eq!(wait_s(u64::MAX, i64::MAX, u64::MAX), 1 + u64::MAX % WAIT_S_MAX);
    }
}
