//! When what failed is tried again.
//!
//! Waits double up to a limit. Half of each is fixed, the other half is drawn, so that those who failed together do not
//! come back together. What the other side asks for (`Retry-After`) is kept to. Nothing is tried for ever: past an age
//! somebody else must decide. A pure function of what is written down about the tries, so a restart changes nothing.

use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackoffTerms {
    /// Before the second try, at most.
    pub first_ms: i64,
    /// Between two tries, at most.
    pub wait_ms_max: i64,
    /// From the first try on. What has not gone through by then is given up.
    pub age_ms_max: i64,
    /// The longest wish of the other side that is kept to; a longer one counts as this.
    pub asked_ms_max: i64,
}

/// What is known of the tries so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    pub first_at: UtcMs,
    /// At least one.
    pub times: u32,
    /// What the other side asked for with its last answer.
    pub asked_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    At(UtcMs),
    /// Its age is over, or would be before the other side wants to be asked again.
    Never,
}

impl BackoffTerms {
    /// `draw` is any random number.
    #[must_use]
    pub fn again(&self, tried: &Tried, now: UtcMs, draw: u64) -> Again {
        let end = tried.first_at.plus(self.age_ms_max);
        let asked_ms = tried.asked_ms.map_or(0, |asked| asked.clamp(0, self.asked_ms_max));
        let earliest = now.plus(asked_ms);
        if now >= end || earliest > end {
            return Again::Never;
        }
        // Beyond what was asked for there is chance too: the other side tells many the same.
        let wait_ms = asked_ms.saturating_add(jittered(self.ceiling(tried.times, asked_ms), draw));
        // The last try comes when the age ends, and not before it only because the next wait is long.
        Again::At(now.plus(wait_ms).min(end))
    }

    fn ceiling(&self, times: u32, asked_ms: i64) -> i64 {
        if asked_ms > 0 {
            return self.first_ms.max(1);
        }
        let doublings = times.saturating_sub(1).min(62);
        let grown = self.first_ms.max(1).checked_mul(1_i64 << doublings).unwrap_or(i64::MAX);
        grown.min(self.wait_ms_max.max(1))
    }
}

/// Between half of the ceiling and all of it.
fn jittered(ceiling_ms: i64, draw: u64) -> i64 {
    let half = ceiling_ms / 2;
    let span = u64::try_from(ceiling_ms - half).unwrap_or(0).saturating_add(1);
    half.saturating_add(i64::try_from(draw % span).unwrap_or(0))
}

/// Chance enough that those who failed together come back apart, and the same at each look.
#[must_use]
pub fn apart(names: [&str; 2], sequence: u32) -> u64 {
    let [tenant, name] = names;
    let mut hasher = blake3::Hasher::new();
    hasher.update(tenant.as_bytes()).update(&[0]).update(name.as_bytes());
    hasher.update(&sequence.to_be_bytes());
    let mut drawn = [0; 8];
    hasher.finalize_xof().fill(&mut drawn);
    u64::from_be_bytes(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR_MS: i64 = 60 * 60 * 1000;
    const TERMS: BackoffTerms =
        BackoffTerms { first_ms: 1_000, wait_ms_max: 60_000, age_ms_max: HOUR_MS, asked_ms_max: 10 * 60_000 };

    fn tried(times: u32) -> Tried {
        Tried { first_at: UtcMs(0), times, asked_ms: None }
    }

    fn waited(again: Again, now: UtcMs) -> i64 {
        match again {
            Again::At(at) => at.since(now),
            Again::Never => panic!("given up"),
        }
    }

    #[test]
    fn waits_double_up_to_their_limit() {
        let longest = |times| waited(TERMS.again(&tried(times), UtcMs(0), 1_000_000_007 * 500), UtcMs(0));
        let ceilings = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
        for (n, ceiling) in (1..).zip(ceilings) {
            assert!((ceiling / 2..=ceiling).contains(&longest(n)), "{n}: {}", longest(n));
        }
    }

    #[test]
    fn what_is_given_up_is_given_up_at_its_age_and_not_before() {
        let almost = UtcMs(HOUR_MS - 5);
        assert_eq!(TERMS.again(&tried(70), almost, 7), Again::At(UtcMs(HOUR_MS)));
        assert_eq!(TERMS.again(&tried(70), UtcMs(HOUR_MS), 7), Again::Never);
    }

    #[test]
    fn a_wish_beyond_the_age_is_not_overrun() {
        let asked = Tried { asked_ms: Some(6_000), ..tried(3) };
        assert_eq!(TERMS.again(&asked, UtcMs(HOUR_MS - 5_000), 0), Again::Never);
    }

    proptest! {
        #[test]
        fn a_wait_is_within_its_bounds_whatever_is_drawn(
            times in 1_u32..200,
            asked_ms in proptest::option::of(-10_i64..3_600_000),
            now in 0_i64..HOUR_MS * 2,
            draw: u64,
        ) {
            let tried = Tried { first_at: UtcMs(0), times, asked_ms };
            let asked = asked_ms.unwrap_or(0).clamp(0, TERMS.asked_ms_max);
            match TERMS.again(&tried, UtcMs(now), draw) {
                Again::At(at) => {
                    prop_assert!(now < HOUR_MS);
                    prop_assert!(at <= UtcMs(HOUR_MS), "nothing is tried past its age");
                    prop_assert!(at.since(UtcMs(now)) >= asked, "no sooner than asked for");
                    prop_assert!(at.since(UtcMs(now)) <= asked.saturating_add(TERMS.wait_ms_max));
                }
                Again::Never => prop_assert!(now.saturating_add(asked) > HOUR_MS || now >= HOUR_MS),
            }
        }

        #[test]
        fn those_who_failed_together_come_back_apart(times in 4_u32..12, seed: u32) {
            let waits: std::collections::BTreeSet<i64> = (0..64_u64)
                .map(|n| (u64::from(seed) + n).wrapping_mul(0x9E37_79B9_7F4A_7C15))
                .map(|draw| waited(TERMS.again(&tried(times), UtcMs(0), draw), UtcMs(0)))
                .collect();
            prop_assert!(waits.len() > 32, "{waits:?}");
        }
    }
}
