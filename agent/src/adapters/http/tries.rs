//! Counts tries, so that a short code cannot be guessed: a bucket that refills with time.

use holdfast_shared::time::MonoMs;
use std::sync::{Mutex, PoisonError};

/// Tries in a burst.
const TRIES_MAX: i64 = 10;
/// One more every so often.
const REFILL_MS: i64 = 6_000;

/// One bucket for the whole agent: an attacker has many addresses, a store pairs few devices.
#[derive(Debug)]
pub struct Tries(Mutex<Bucket>);

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
    /// Takes one try, or says after how many seconds there is one again.
    pub fn take(&self, now: MonoMs) -> Result<(), u32> {
        let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *bucket.refilled_at.get_or_insert(now);
        let refills = now.since(since).max(0) / REFILL_MS;
        bucket.left = bucket.left.saturating_add(refills).min(TRIES_MAX);
        bucket.refilled_at = Some(since.plus(refills.saturating_mul(REFILL_MS)));
        if bucket.left > 0 {
            bucket.left -= 1;
            return Ok(());
        }
        let wait_ms = REFILL_MS.saturating_sub(now.since(since.plus(refills.saturating_mul(REFILL_MS))));
        Err(u32::try_from(wait_ms.max(1).div_euclid(1000)).unwrap_or(0).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_run_out_and_come_back_slowly() {
        let tries = Tries::default();
        for _ in 0..TRIES_MAX {
            assert_eq!(tries.take(MonoMs(0)), Ok(()));
        }
        assert_eq!(tries.take(MonoMs(0)), Err(7));
        assert!(tries.take(MonoMs(REFILL_MS - 1)).is_err());
        assert_eq!(tries.take(MonoMs(REFILL_MS)), Ok(()));
        assert!(tries.take(MonoMs(REFILL_MS)).is_err());
    }
}
