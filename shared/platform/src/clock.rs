//! The one place that reads a raw clock. Everything else gets a [`Now`] passed in.

use holdfast_shared::time::{MonoMs, Now, UtcMs};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where time comes from: the machine, or the hand of a test.
pub trait Clock: Send + Sync {
    fn now(&self) -> Now;
}

/// Wall time, and the time since boot, which also counts while the machine sleeps.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Now {
        Now { utc: wall(), mono: boot_time() }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one wall clock")]
fn since_1970() -> Duration {
    // A machine whose clock stands before 1970 has lost its time; zero is as wrong as any other.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// For what is measured and told to collectors; nothing is decided by it.
#[must_use]
pub fn unix_ns() -> u64 {
    u64::try_from(since_1970().as_nanos()).unwrap_or(u64::MAX)
}

fn wall() -> UtcMs {
    let since = since_1970();
    // One far beyond the calendar is as wrong, and must not keep anything from being written.
    UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)).writable()
}

fn boot_time() -> MonoMs {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    MonoMs(time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000))
}

/// Stands still until it is moved.
#[derive(Debug, Default)]
pub struct ManualClock(Mutex<Now>);

impl ManualClock {
    #[must_use]
    pub const fn new(now: Now) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves both clocks forward together.
    pub fn advance(&self, by_ms: i64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = Now { utc: now.utc.plus(by_ms), mono: now.mono.plus(by_ms) };
    }

    /// Sets both clocks, for a wall clock that steps or a machine that boots.
    pub fn set(&self, now: Now) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Now {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_tells_this_century_and_never_runs_back() {
        let first = SystemClock.now();
        let second = SystemClock.now();
        assert!(first.utc > UtcMs(1_600_000_000_000));
        assert!(second.mono >= first.mono && first.mono > MonoMs(0));
    }

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let clock = ManualClock::new(Now { utc: UtcMs(50), mono: MonoMs(5) });
        clock.advance(10);
        assert_eq!(clock.now(), Now { utc: UtcMs(60), mono: MonoMs(15) });
        clock.set(Now::default());
        assert_eq!(clock.now(), Now::default());
    }
}
