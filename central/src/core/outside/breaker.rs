//! A circuit breaker: a system that fails again and again is left alone for a while, then tried by one call.
//!
//! ```text
//!            failures in a row                    its time is over: one trial
//!   closed ---------------------> open <-------------------------> half open
//!      ^                                  the trial failed              |
//!      +----------------------------------------------------------------+
//!                               the trial went through
//! ```
//!
//! A call begun before the breaker opened says nothing about the time after: each call carries the pass that let it
//! through, and an old pass changes nothing.

use holdfast_shared::time::MonoMs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerTerms {
    /// In a row, to open.
    pub failures_max: u32,
    /// The first rest. Each trial that fails doubles the next.
    pub rest_ms: i64,
    pub rest_ms_max: i64,
    /// When nobody has reported on a trial for so long, another call may try.
    pub trial_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: MonoMs },
    HalfOpen { until: MonoMs },
}

/// For tables, metrics and people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Closed,
    Open,
    HalfOpen,
}

impl Stands {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// Lets one call through. Hand it back with how the call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Of the breaker, when it was given: each change of state begins another.
    turn: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    Go(Pass),
    /// Not before so long from now.
    Rest {
        ms: i64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEnd {
    Went,
    Failed,
}

#[derive(Debug, Clone)]
pub struct Breaker {
    terms: BreakerTerms,
    state: State,
    turn: u64,
    rest_ms: i64,
    open_since: Option<MonoMs>,
}

impl Breaker {
    #[must_use]
    pub const fn new(terms: BreakerTerms) -> Self {
        Self {
            terms,
            state: State::Closed { failures: 0 },
            turn: 0,
            rest_ms: terms.rest_ms,
            open_since: None,
        }
    }

    #[must_use]
    pub const fn stands(&self) -> Stands {
        match self.state {
            State::Closed { .. } => Stands::Closed,
            State::Open { .. } => Stands::Open,
            State::HalfOpen { .. } => Stands::HalfOpen,
        }
    }

    /// Since when nothing went through: trials that failed do not begin it anew.
    #[must_use]
    pub const fn open_since(&self) -> Option<MonoMs> {
        self.open_since
    }

    /// May a call be made now? Of those who ask after the rest, one is let through to try.
    pub fn ask(&mut self, now: MonoMs) -> Permit {
        match self.state {
            State::Closed { .. } => Permit::Go(Pass { turn: self.turn }),
            State::Open { until } | State::HalfOpen { until } if now < until => {
                Permit::Rest { ms: until.since(now) }
            }
            State::Open { .. } | State::HalfOpen { .. } => {
                self.begin(State::HalfOpen { until: now.plus(self.terms.trial_ms.max(1)) });
                Permit::Go(Pass { turn: self.turn })
            }
        }
    }

    /// How a call went. A pass of an earlier turn says nothing any more.
    pub fn note(&mut self, pass: Pass, end: CallEnd, now: MonoMs) {
        if pass.turn != self.turn {
            return;
        }
        match (self.state, end) {
            (State::Closed { .. }, CallEnd::Went) => self.state = State::Closed { failures: 0 },
            (State::Closed { failures }, CallEnd::Failed) => {
                let failures = failures.saturating_add(1);
                if failures < self.terms.failures_max.max(1) {
                    self.state = State::Closed { failures };
                } else {
                    self.rest_ms = self.terms.rest_ms;
                    self.open_since = Some(now);
                    self.rest(now);
                }
            }
            (State::HalfOpen { .. }, CallEnd::Went) => {
                self.open_since = None;
                self.begin(State::Closed { failures: 0 });
            }
            (State::HalfOpen { .. }, CallEnd::Failed) => {
                self.rest_ms = self.rest_ms.saturating_mul(2).min(self.terms.rest_ms_max);
                self.rest(now);
            }
            // No pass is given while it is open.
            (State::Open { .. }, CallEnd::Went | CallEnd::Failed) => {}
        }
    }

    fn rest(&mut self, now: MonoMs) {
        self.begin(State::Open { until: now.plus(self.rest_ms.max(1)) });
    }

    const fn begin(&mut self, state: State) {
        self.turn = self.turn.wrapping_add(1);
        self.state = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TERMS: BreakerTerms =
        BreakerTerms { failures_max: 3, rest_ms: 1_000, rest_ms_max: 4_000, trial_ms: 500 };

    fn pass(breaker: &mut Breaker, now: i64) -> Pass {
        match breaker.ask(MonoMs(now)) {
            Permit::Go(pass) => pass,
            Permit::Rest { ms } => panic!("rests {ms} ms"),
        }
    }

    fn fail(breaker: &mut Breaker, now: i64) {
        let pass = pass(breaker, now);
        breaker.note(pass, CallEnd::Failed, MonoMs(now));
    }

    fn opened_at(now: i64) -> Breaker {
        let mut breaker = Breaker::new(TERMS);
        (0..3).for_each(|_| fail(&mut breaker, now));
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_that_goes_through_begins_the_row_anew() {
        let mut breaker = Breaker::new(TERMS);
        fail(&mut breaker, 0);
        fail(&mut breaker, 0);
        let went = pass(&mut breaker, 0);
        breaker.note(went, CallEnd::Went, MonoMs(0));
        fail(&mut breaker, 0);
        fail(&mut breaker, 0);
        assert_eq!(breaker.stands(), Stands::Closed);
        fail(&mut breaker, 0);
        assert_eq!(breaker.stands(), Stands::Open);
        assert_eq!(breaker.ask(MonoMs(999)), Permit::Rest { ms: 1 });
    }

    #[test]
    fn after_the_rest_one_call_tries_and_the_others_wait_for_it() {
        let mut breaker = opened_at(0);
        let trial = pass(&mut breaker, 1_000);
        assert_eq!(breaker.ask(MonoMs(1_000)), Permit::Rest { ms: 500 });
        breaker.note(trial, CallEnd::Went, MonoMs(1_200));
        assert_eq!((breaker.stands(), breaker.open_since()), (Stands::Closed, None));
    }

    #[test]
    fn trials_that_fail_make_the_rest_longer_up_to_its_limit() {
        let mut breaker = opened_at(0);
        let mut now = 1_000;
        for rest in [2_000, 4_000, 4_000] {
            fail(&mut breaker, now);
            assert_eq!(breaker.ask(MonoMs(now)), Permit::Rest { ms: rest });
            assert_eq!(breaker.open_since(), Some(MonoMs(0)));
            now += rest;
        }
    }

    #[test]
    fn a_trial_that_nobody_reports_on_does_not_close_the_door_for_good() {
        let mut breaker = opened_at(0);
        let lost = pass(&mut breaker, 1_000);
        let second = pass(&mut breaker, 1_500);
        breaker.note(lost, CallEnd::Went, MonoMs(1_501));
        assert_eq!(breaker.stands(), Stands::HalfOpen, "the first trial speaks no more");
        breaker.note(second, CallEnd::Went, MonoMs(1_502));
        assert_eq!(breaker.stands(), Stands::Closed);
    }

    #[test]
    fn a_call_from_before_it_opened_neither_closes_it_nor_lengthens_the_rest() {
        let mut breaker = Breaker::new(TERMS);
        let slow = pass(&mut breaker, 0);
        (0..3).for_each(|_| fail(&mut breaker, 0));
        breaker.note(slow, CallEnd::Went, MonoMs(10));
        assert_eq!(breaker.ask(MonoMs(10)), Permit::Rest { ms: 990 });
        breaker.note(slow, CallEnd::Failed, MonoMs(10));
        assert_eq!(breaker.ask(MonoMs(10)), Permit::Rest { ms: 990 });
    }

    proptest! {
        /// Calls begin and end in any order; what is asked of a breaker holds at each moment.
        #[test]
        fn while_it_rests_nobody_calls_and_it_never_rests_for_ever(
            steps in proptest::collection::vec((0_i64..3_000, 0_u8..3, any::<bool>()), 1..200),
        ) {
            let mut breaker = Breaker::new(TERMS);
            let mut under_way: Vec<(Pass, i64)> = Vec::new();
            let mut now = 0;
            for (later, act, went) in steps {
                now += later;
                if act == 0 && let Some((pass, _)) = under_way.pop() {
                    breaker.note(pass, if went { CallEnd::Went } else { CallEnd::Failed }, MonoMs(now));
                    continue;
                }
                let before = breaker.stands();
                match breaker.ask(MonoMs(now)) {
                    Permit::Go(pass) => {
                        if before != Stands::Closed {
                            let trials = under_way.iter().filter(|(known, at)| {
                                known.turn == breaker.turn && now - at < TERMS.trial_ms
                            });
                            prop_assert_eq!(trials.count(), 0, "one trial at a time");
                        }
                        under_way.push((pass, now));
                    }
                    Permit::Rest { ms } => {
                        prop_assert!(before != Stands::Closed);
                        prop_assert!(ms > 0 && ms <= TERMS.rest_ms_max, "{ms}");
                        let Permit::Go(_) = breaker.clone().ask(MonoMs(now + ms)) else {
                            return Err(TestCaseError::fail("it rests past its rest"));
                        };
                    }
                }
            }
        }
    }
}
