//! Whether central's wall clock was put forward or back, told by the monotonic one.

use holdfast_shared::time::{MonoMs, Now, UtcMs};

/// Less than this between two looks is the slewing of a healthy clock.
const STEP_MS: i64 = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct WallClock {
    offset_ms: Option<i64>,
    stepped_at: MonoMs,
    last: UtcMs,
}

impl WallClock {
    /// Whether it went back since the last look: then what had begun by it may not have begun.
    pub(super) fn look(&mut self, now: Now) -> bool {
        let offset_ms = now.utc.0.saturating_sub(now.mono.0);
        let moved_ms = self.offset_ms.map_or(i64::MAX, |before| offset_ms.saturating_sub(before));
        if moved_ms.saturating_abs() > STEP_MS {
            self.stepped_at = now.mono;
        }
        self.offset_ms = Some(offset_ms);
        let back = now.utc < self.last;
        self.last = now.utc;
        back
    }

    /// Whether it was not seen for this long, or was put elsewhere in it.
    pub(super) const fn is_new(&self, period_ms: i64, now: MonoMs) -> bool {
        self.offset_ms.is_none() || now.since(self.stepped_at) < period_ms
    }
}
