//! How often an outside system may be asked: a bucket of turns that fills up evenly. What the system itself says
//! (429 with a time) empties it for so long.

use holdfast_shared::time::MonoMs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateTerms {
    pub per_second: u32,
    /// Turns that may be taken at once after a quiet time.
    pub burst: u32,
}

/// Turns are counted in thousandths, so that a millisecond fills whole ones.
const TURN: i64 = 1_000;

#[derive(Debug, Clone)]
pub struct Bucket {
    terms: RateTerms,
    filled: i64,
    at: MonoMs,
    closed_until: Option<MonoMs>,
}

impl Bucket {
    #[must_use]
    pub fn new(terms: RateTerms, now: MonoMs) -> Self {
        Self { terms, filled: full(terms), at: now, closed_until: None }
    }

    /// Takes a turn, or says in how many milliseconds there is one.
    pub fn take(&mut self, now: MonoMs) -> Result<(), i64> {
        if let Some(until) = self.closed_until.filter(|until| now < *until) {
            return Err(until.since(now));
        }
        self.closed_until = None;
        self.fill(now);
        if self.filled >= TURN {
            self.filled = self.filled.saturating_sub(TURN);
            return Ok(());
        }
        let rate = i64::from(self.terms.per_second.max(1));
        let missing = TURN.saturating_sub(self.filled);
        Err(missing.saturating_add(rate).saturating_sub(1).checked_div(rate).unwrap_or(TURN).max(1))
    }

    /// A turn that was not used after all.
    pub fn give_back(&mut self) {
        self.filled = self.filled.saturating_add(TURN).min(full(self.terms));
    }

    /// The system asked to be left alone for so long.
    pub fn close_for(&mut self, ms: i64, now: MonoMs) {
        let until = now.plus(ms.max(0));
        self.closed_until = Some(self.closed_until.map_or(until, |known| known.max(until)));
    }

    fn fill(&mut self, now: MonoMs) {
        let passed = now.since(self.at).max(0);
        let grown = passed.saturating_mul(i64::from(self.terms.per_second));
        self.filled = self.filled.saturating_add(grown).min(full(self.terms));
        self.at = self.at.max(now);
    }
}

fn full(terms: RateTerms) -> i64 {
    i64::from(terms.burst.max(1)).saturating_mul(TURN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TERMS: RateTerms = RateTerms { per_second: 10, burst: 3 };

    #[test]
    fn after_a_burst_turns_come_evenly() {
        let mut bucket = Bucket::new(TERMS, MonoMs(0));
        assert!((0..3).all(|_| bucket.take(MonoMs(0)).is_ok()));
        assert_eq!(bucket.take(MonoMs(0)), Err(100));
        assert_eq!(bucket.take(MonoMs(99)), Err(1));
        assert_eq!(bucket.take(MonoMs(100)), Ok(()));
        bucket.give_back();
        assert_eq!(bucket.take(MonoMs(100)), Ok(()), "what was not used is there again");
    }

    #[test]
    fn what_the_system_asks_for_is_kept_to() {
        let mut bucket = Bucket::new(TERMS, MonoMs(0));
        bucket.close_for(5_000, MonoMs(0));
        bucket.close_for(1_000, MonoMs(0));
        assert_eq!(bucket.take(MonoMs(4_999)), Err(1), "the longer wish counts");
        assert_eq!(bucket.take(MonoMs(5_000)), Ok(()));
    }

    proptest! {
        #[test]
        fn no_stretch_of_time_has_more_turns_than_it_may(
            steps in proptest::collection::vec(0_i64..400, 1..200),
            per_second in 1_u32..50,
            burst in 1_u32..20,
        ) {
            let mut bucket = Bucket::new(RateTerms { per_second, burst }, MonoMs(0));
            let (mut now, mut taken) = (0, 0_i64);
            for step in steps {
                now += step;
                match bucket.take(MonoMs(now)) {
                    Ok(()) => taken += 1,
                    Err(wait) => prop_assert!(wait > 0 && bucket.clone().take(MonoMs(now + wait)).is_ok()),
                }
                prop_assert!(taken * 1_000 <= i64::from(burst) * 1_000 + now * i64::from(per_second));
            }
        }
    }
}
