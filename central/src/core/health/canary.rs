//! Central's own bird: a word that it sends out by the way on which stores come in, and hears again.
//! One that does not come back shows that central is deaf, and silence proves nothing.

use holdfast_shared::time::MonoMs;

/// How often one flies.
pub const EVERY_MS: i64 = 5_000;

/// One that has never come back proves nothing: the way may be closed to central and open to stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Canary {
    newest: u64,
    sent_at: Option<MonoMs>,
    back_at: Option<MonoMs>,
}

impl Canary {
    /// The number of the next bird, when it is time for one.
    pub fn next(&mut self, now: MonoMs) -> Option<u64> {
        if self.sent_at.is_some_and(|at| now.since(at) < EVERY_MS) {
            return None;
        }
        self.newest = self.newest.saturating_add(1);
        self.sent_at = Some(now);
        Some(self.newest)
    }

    /// Late ones count too: the way was open when they came.
    pub fn came_back(&mut self, number: u64, now: MonoMs) {
        if number <= self.newest {
            self.back_at = Some(now);
        }
    }

    /// Central looked away: it could not hear.
    pub(super) fn start_anew(&mut self, now: MonoMs) {
        self.back_at = self.back_at.map(|_| now);
    }

    /// Whether birds flew, came back once, and no longer do.
    #[must_use]
    pub fn is_missing(&self, missing_ms: i64, now: MonoMs) -> bool {
        let flies = self.sent_at.is_some_and(|at| now.since(at) < missing_ms);
        flies && self.back_at.is_some_and(|at| now.since(at) >= missing_ms)
    }

    /// Since when none has come back; none before the first that did.
    #[must_use]
    pub const fn last_back(&self) -> Option<MonoMs> {
        self.back_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING_MS: i64 = 15_000;

    #[test]
    fn one_flies_each_beat_and_is_missed_after_three() {
        let mut canary = Canary::default();
        assert_eq!(canary.next(MonoMs(0)), Some(1));
        assert_eq!(canary.next(MonoMs(4_999)), None);
        canary.came_back(1, MonoMs(20));
        assert_eq!(canary.next(MonoMs(5_000)), Some(2));
        assert!(!canary.is_missing(MISSING_MS, MonoMs(15_019)));
        assert!(canary.is_missing(MISSING_MS, MonoMs(15_020)));
        canary.came_back(2, MonoMs(15_030));
        assert!(!canary.is_missing(MISSING_MS, MonoMs(15_030)));
    }

    #[test]
    fn one_that_never_came_back_or_was_never_sent_proves_nothing() {
        let mut canary = Canary::default();
        assert!(!canary.is_missing(MISSING_MS, MonoMs(i64::MAX)));
        canary.next(MonoMs(0));
        canary.came_back(7, MonoMs(1));
        assert!(!canary.is_missing(MISSING_MS, MonoMs(14_000)), "nobody sent that one");
        canary.came_back(1, MonoMs(1));
        assert!(!canary.is_missing(MISSING_MS, MonoMs(60_000)), "nothing flies any more");
    }

    #[test]
    fn after_a_pause_of_central_it_is_waited_for_anew() {
        let mut canary = Canary::default();
        canary.next(MonoMs(0));
        canary.came_back(1, MonoMs(1));
        canary.start_anew(MonoMs(600_000));
        canary.next(MonoMs(600_000));
        assert!(!canary.is_missing(MISSING_MS, MonoMs(614_999)));
        canary.next(MonoMs(610_000));
        assert!(canary.is_missing(MISSING_MS, MonoMs(615_000)));
    }
}
