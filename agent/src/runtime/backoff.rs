//! How long to wait before the next try: doubling, with full jitter, so that ten thousand stores
//! that lost central together do not come back together.

use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Backoff {
    first_ms: u64,
    max_ms: u64,
    misses: u32,
}

impl Backoff {
    pub(super) const fn new(first: Duration, max: Duration) -> Self {
        Self { first_ms: millis(first), max_ms: millis(max), misses: 0 }
    }

    pub(super) const fn succeeded(&mut self) {
        self.misses = 0;
    }

    /// The wait after one more miss. `random` is any number; all of its range is used.
    pub(super) fn missed(&mut self, random: u64) -> Duration {
        let doubled = self.first_ms.saturating_mul(1_u64.checked_shl(self.misses).unwrap_or(u64::MAX));
        let ceiling = doubled.clamp(1, self.max_ms);
        self.misses = self.misses.saturating_add(1).min(32);
        // Never nothing: a refusing broker would be asked thousands of times in a second.
        let floor = self.first_ms.min(ceiling) / 2;
        let wait = floor.saturating_add(random % ceiling.saturating_sub(floor).saturating_add(1));
        Duration::from_millis(wait)
    }
}

impl Backoff {
    /// The wait after central asked for one, with jitter of our own over as much as the misses so far
    /// make of it: it tells whole seconds, and its clock may be the same for thousands.
    pub(super) fn asked(&mut self, asked: Duration, random: u64) -> Duration {
        asked.saturating_add(self.missed(random))
    }
}

const fn millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_millis() as u64)
}

/// A random number for jitter. Without randomness there is no jitter, and still a wait.
pub(super) fn random() -> u64 {
    holdfast_platform::random::bytes::<8>().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_grow_to_their_limit_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
        // The largest draw that the first few waits allow.
        let waits: Vec<u128> = [250, 750, 1_750].into_iter().map(|r| backoff.missed(r).as_millis()).collect();
        assert_eq!(waits, [500, 1_000, 2_000]);
        for _ in 0..100 {
            assert!(backoff.missed(u64::MAX) <= Duration::from_secs(30));
        }
        backoff.succeeded();
        assert!(backoff.missed(u64::MAX) <= Duration::from_millis(500));
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept_and_each_miss_spreads_it_more() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        let asked = Duration::from_secs(7);
        let mut latest = |random| backoff.asked(asked, random).as_millis();
        // The largest draw of each, then the smallest of one that could be half a minute longer.
        assert_eq!([latest(500), latest(1_500), latest(3_500)], [8_000, 9_000, 11_000]);
        assert_eq!((latest(0), latest(15_499)), (7_500, 22_999));
    }

    proptest! {
        #[test]
        fn there_is_always_a_wait(draws in prop::collection::vec(any::<u64>(), 1..50)) {
            let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
            for draw in draws {
                let wait = backoff.missed(draw);
                prop_assert!(wait >= Duration::from_millis(250) && wait <= Duration::from_secs(30));
            }
        }
    }
}
