//! What time it is at central, as this box knows it: told with each sync, and carried on by the clock
//! that does not jump. So a wrong wall clock here shows, also while central is out of reach.

use holdfast_shared::stamp::STAMP_OFF_MS_MAX;
use holdfast_shared::time::{MonoMs, Now, UtcMs};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CentralTime {
    pub heard: UtcMs,
    /// When it was heard, on this box's monotonic clock.
    pub at: MonoMs,
}

impl CentralTime {
    #[must_use]
    pub const fn now(self, now: MonoMs) -> UtcMs {
        self.heard.plus(now.since(self.at))
    }

    /// How far this box's wall clock is ahead of central's; negative is behind.
    #[must_use]
    pub const fn ahead_ms(self, now: Now) -> i64 {
        now.utc.since(self.now(now.mono))
    }
}

/// The right time, as well as this box knows it: central's, or its own before the first sync.
#[must_use]
pub fn right_now(central: Option<CentralTime>, now: Now) -> UtcMs {
    central.map_or(now.utc, |central| central.now(now.mono))
}

/// What to tell people of this box's clock, when it is far off.
#[must_use]
pub fn wrong_clock(ahead_ms: i64) -> Option<String> {
    let off_ms = ahead_ms.saturating_abs();
    if off_ms <= STAMP_OFF_MS_MAX {
        return None;
    }
    let off = if off_ms >= 2 * DAY_MS {
        format!("{} days", off_ms / DAY_MS)
    } else if off_ms >= 2 * HOUR_MS {
        format!("{} h", off_ms / HOUR_MS)
    } else {
        format!("{} min", off_ms / MINUTE_MS)
    };
    let side = if ahead_ms > 0 { "ahead" } else { "behind" };
    Some(format!("This box's clock is {off} {side} of central's."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: CentralTime = CentralTime { heard: UtcMs(1_795_253_400_000), at: MonoMs(500) };

    #[test]
    fn central_goes_on_while_the_wall_clock_jumps() {
        for jump in [0, 6 * HOUR_MS, -6 * HOUR_MS, -AT.heard.0] {
            let now = Now { utc: AT.heard.plus(jump + 9_000), mono: MonoMs(9_500) };
            assert_eq!(right_now(Some(AT), now), AT.heard.plus(9_000));
            assert_eq!(AT.ahead_ms(now), jump);
        }
    }

    #[test]
    fn only_a_clock_that_is_far_off_is_told() {
        assert_eq!(wrong_clock(-60_000), None);
        assert_eq!(
            wrong_clock(6 * HOUR_MS + 59_000).as_deref(),
            Some("This box's clock is 6 h ahead of central's.")
        );
        assert!(wrong_clock(-400 * DAY_MS).is_some_and(|told| told.contains("400 days behind")));
        assert!(wrong_clock(-6 * MINUTE_MS).is_some_and(|told| told.contains("6 min behind")));
        assert!(wrong_clock(i64::MIN).is_some());
    }
}
