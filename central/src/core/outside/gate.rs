//! The way out to one outside system: its breaker, its rate, and how many calls are under way at once. Each
//! system has a gate of its own, so that a slow one takes nothing from the others.

use super::breaker::{Breaker, BreakerTerms, CallEnd, Pass, Permit, Stands};
use super::rate::{Bucket, RateTerms};
use holdfast_shared::time::MonoMs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateTerms {
    pub breaker: BreakerTerms,
    pub rate: RateTerms,
    /// Calls under way at once.
    pub calls_max: u32,
    /// Open for so long, a person is told.
    pub tell_after_ms: i64,
}

impl Default for GateTerms {
    fn default() -> Self {
        Self {
            breaker: BreakerTerms { failures_max: 5, rest_ms: 5_000, rest_ms_max: 60_000, trial_ms: 30_000 },
            rate: RateTerms { per_second: 50, burst: 50 },
            calls_max: 8,
            tell_after_ms: 120_000,
        }
    }
}

/// Why a call has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The system failed again and again.
    Open { ms: i64 },
    /// Too many calls in this time.
    Rate { ms: i64 },
    /// Too many calls are under way.
    Full,
}

impl Stopped {
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Rate { .. } => "rate",
            Self::Full => "full",
        }
    }

    #[must_use]
    pub const fn wait_ms(self) -> i64 {
        match self {
            Self::Open { ms } | Self::Rate { ms } => ms,
            Self::Full => FULL_WAIT_MS,
        }
    }
}

const FULL_WAIT_MS: i64 = 250;

#[derive(Debug, Clone)]
pub struct Gate {
    terms: GateTerms,
    breaker: Breaker,
    bucket: Bucket,
    under_way: u32,
}

impl Gate {
    #[must_use]
    pub fn new(terms: GateTerms, now: MonoMs) -> Self {
        Self {
            terms,
            breaker: Breaker::new(terms.breaker),
            bucket: Bucket::new(terms.rate, now),
            under_way: 0,
        }
    }

    /// Lets a call out. Whoever gets a pass hands it back to [`Gate::came_back`].
    pub fn ask(&mut self, now: MonoMs) -> Result<Pass, Stopped> {
        if self.under_way >= self.terms.calls_max.max(1) {
            return Err(Stopped::Full);
        }
        self.bucket.take(now).map_err(|ms| Stopped::Rate { ms })?;
        match self.breaker.ask(now) {
            Permit::Go(pass) => {
                self.under_way = self.under_way.saturating_add(1);
                Ok(pass)
            }
            Permit::Rest { ms } => {
                self.bucket.give_back();
                Err(Stopped::Open { ms })
            }
        }
    }

    /// How the call went, and for how long the system asked to be left alone.
    pub fn came_back(&mut self, pass: Pass, end: CallEnd, retry_after_ms: Option<i64>, now: MonoMs) {
        self.under_way = self.under_way.saturating_sub(1);
        self.breaker.note(pass, end, now);
        if let Some(ms) = retry_after_ms {
            self.bucket.close_for(ms, now);
        }
    }

    /// The call was given up by its own side: it says nothing of the system.
    pub fn left(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    #[must_use]
    pub const fn stands(&self) -> Stands {
        self.breaker.stands()
    }

    #[must_use]
    pub const fn under_way(&self) -> u32 {
        self.under_way
    }

    /// For how long nothing went through, once that is worth a person's attention.
    #[must_use]
    pub fn open_too_long_ms(&self, now: MonoMs) -> Option<i64> {
        let open_ms = now.since(self.breaker.open_since()?);
        (open_ms >= self.terms.tell_after_ms).then_some(open_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        let terms =
            GateTerms { calls_max: 2, rate: RateTerms { per_second: 10, burst: 20 }, ..GateTerms::default() };
        Gate::new(terms, MonoMs(0))
    }

    #[test]
    fn no_more_calls_are_under_way_than_may_be() {
        let mut gate = gate();
        let first = gate.ask(MonoMs(0)).unwrap();
        gate.ask(MonoMs(0)).unwrap();
        assert_eq!(gate.ask(MonoMs(0)), Err(Stopped::Full));
        gate.came_back(first, CallEnd::Went, None, MonoMs(1));
        assert!(gate.ask(MonoMs(1)).is_ok());
        gate.left();
        assert_eq!(gate.under_way(), 1);
    }

    #[test]
    fn a_system_that_fails_is_left_alone_and_a_person_told_when_it_lasts() {
        let mut gate = gate();
        for _ in 0..5 {
            let pass = gate.ask(MonoMs(0)).unwrap();
            gate.came_back(pass, CallEnd::Failed, None, MonoMs(0));
        }
        assert_eq!(gate.ask(MonoMs(10)), Err(Stopped::Open { ms: 4_990 }));
        assert_eq!(gate.open_too_long_ms(MonoMs(119_999)), None);
        assert_eq!(gate.open_too_long_ms(MonoMs(120_000)), Some(120_000));
    }

    #[test]
    fn a_wish_to_be_left_alone_holds_for_all_calls() {
        let mut gate = gate();
        let pass = gate.ask(MonoMs(0)).unwrap();
        gate.came_back(pass, CallEnd::Went, Some(2_000), MonoMs(0));
        assert_eq!(gate.ask(MonoMs(500)), Err(Stopped::Rate { ms: 1_500 }));
        assert!(gate.ask(MonoMs(2_000)).is_ok());
    }
}
