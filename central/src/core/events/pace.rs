//! No more than so many events a second, and no burst above one second's worth.

use holdfast_shared::time::MonoMs;

#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// In thousandths of an event. As much as may be, at first.
    saved: u64,
    since: MonoMs,
}

const MILLI: u64 = 1_000;

impl Pace {
    #[must_use]
    pub const fn starting(now: MonoMs) -> Self {
        Self { saved: u64::MAX, since: now }
    }

    /// How many may go now, at this rate. Those that go are taken off by [`Pace::spend`].
    pub fn allowed(&mut self, per_s: u32, now: MonoMs) -> u32 {
        let passed = u64::try_from(now.since(self.since)).unwrap_or(0);
        let most = u64::from(per_s).saturating_mul(MILLI).max(MILLI);
        // So many events a second are as many thousandths of one a millisecond.
        self.saved = self.saved.saturating_add(passed.saturating_mul(u64::from(per_s))).min(most);
        self.since = now;
        u32::try_from(self.saved / MILLI).unwrap_or(u32::MAX)
    }

    pub const fn spend(&mut self, events: u32) {
        self.saved = self.saved.saturating_sub((events as u64).saturating_mul(MILLI));
    }

    /// Milliseconds until one more may go.
    #[must_use]
    pub fn wait_ms(&self, per_s: u32) -> i64 {
        let missing = MILLI.saturating_sub(self.saved);
        i64::try_from(missing.div_ceil(u64::from(per_s.max(1)))).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rate_is_kept_to_and_a_pause_saves_no_more_than_a_second() {
        let mut pace = Pace::starting(MonoMs(0));
        assert_eq!(pace.allowed(10, MonoMs(0)), 10);
        pace.spend(10);
        assert_eq!((pace.allowed(10, MonoMs(99)), pace.wait_ms(10)), (0, 1));
        assert_eq!(pace.allowed(10, MonoMs(100)), 1);
        assert_eq!(pace.allowed(10, MonoMs(60_000)), 10);
    }

    proptest! {
        #[test]
        fn within_any_time_no_more_go_than_the_rate_and_one_second_of_it(
            per_s in 1_u32..500,
            steps in proptest::collection::vec(0_i64..400, 1..100),
        ) {
            let mut pace = Pace::starting(MonoMs(0));
            let (mut now, mut gone) = (0_i64, 0_u64);
            for step in steps {
                now += step;
                let go = pace.allowed(per_s, MonoMs(now));
                pace.spend(go);
                gone += u64::from(go);
            }
            let most = u64::from(per_s) * (u64::try_from(now).unwrap() + 1_000) / 1_000 + 1;
            prop_assert!(gone <= most, "{gone} of {most}");
        }
    }
}
