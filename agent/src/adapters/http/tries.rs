//! Counts tries, so that a short code cannot be guessed: a bucket that refills with time.

use holdfast_shared::time::MonoMs;
use std::sync::{Mutex, PoisonError};

/// Tries in a burst.
const TRIES_MAX: i64 = 10;
/// One more every so often.
const REFILL_MS: i64 = 6_000;

/// One bucket for the whole agent: an attacker has many addresses, a store pairs few devices.
#[derive(Debug)]
pub(super) struct Tries(Mutex<Bucket>);

#[derive(Debug)]
struct Bucket {
    left: i64,
    refilled_at: Option<MonoMs>,
}

impl Default for Tries {
    fn default() -> Self {
        Self(Mutex::new(Bucket { left: TRIES_MAX, refilled_at: None }))
    }
}

impl Tries {
    /// Takes one try; `false` when there is none left just now.
    pub(super) fn take(&self, now: MonoMs) -> bool {
        let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *bucket.refilled_at.get_or_insert(now);
        let refills = now.since(since).max(0) / REFILL_MS;
        bucket.left = bucket.left.saturating_add(refills).min(TRIES_MAX);
        bucket.refilled_at = Some(since.plus(refills.saturating_mul(REFILL_MS)));
        let allowed = bucket.left > 0;
        if allowed {
            bucket.left -= 1;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_run_out_and_come_back_slowly() {
        let tries = Tries::default();
        for _ in 0..TRIES_MAX {
            assert!(tries.take(MonoMs(0)));
        }
        assert!(!tries.take(MonoMs(REFILL_MS - 1)));
        assert!(tries.take(MonoMs(REFILL_MS)));
        assert!(!tries.take(MonoMs(REFILL_MS)));
    }
}
