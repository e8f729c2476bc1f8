//! The clock of an exception: by when somebody looks, by when it is over, and whether that was missed.

use super::policy::ExceptionPolicy;
use super::{Exception, ExceptionState};
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use utoipa::ToSchema;

/// A time as people read it.
#[must_use]
pub fn moment(at: UtcMs) -> String {
    let at = jiff::Timestamp::from_millisecond(at.writable().0).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// While it waits on somebody outside, the times below move on with the clock on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct SlaClock {
    pub look_by: UtcMs,
    pub end_by: UtcMs,
    pub stands: bool,
    /// Nobody took it in time.
    pub looked_late: bool,
    /// It was not over in time.
    pub ended_late: bool,
}

#[must_use]
pub fn sla(exception: &Exception, policy: &ExceptionPolicy, now: UtcMs) -> SlaClock {
    let target = policy.target(exception.category, exception.severity);
    let waits = exception.waiting_since.map_or(0, |since| now.since(since).max(0));
    let paused = exception.paused_ms.saturating_add(waits);
    let look_by = exception.raised_at.plus(target.look_ms);
    let end_by = exception.raised_at.plus(target.end_ms).plus(paused);
    let looked_at = exception.looked_at.or(exception.resolved_at).unwrap_or(now);
    let ended_at = exception.resolved_at.unwrap_or(now);
    SlaClock {
        look_by,
        end_by,
        stands: exception.state == ExceptionState::Waiting,
        looked_late: looked_at > look_by,
        ended_late: ended_at > end_by,
    }
}

/// A time that was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breach {
    Look,
    End,
}

impl Breach {
    /// The word for it in events and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "late_to_look",
            Self::End => "late_to_end",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::exception::test_support::exception;

    const LOOK_MS: i64 = 15 * 60_000;
    const END_MS: i64 = 4 * 3_600_000;

    fn at(ms: i64) -> UtcMs {
        UtcMs(1_000_000 + ms)
    }

    fn told(exception: &Exception, ms: i64) -> (bool, bool) {
        let clock = sla(exception, &ExceptionPolicy::default(), at(ms));
        (clock.looked_late, clock.ended_late)
    }

    #[test]
    fn it_is_late_when_nobody_took_it_or_ended_it_in_time() {
        let raised = Exception { raised_at: at(0), ..exception() };
        assert_eq!(told(&raised, LOOK_MS), (false, false));
        assert_eq!(told(&raised, LOOK_MS + 1), (true, false));
        assert_eq!(told(&raised, END_MS + 1), (true, true));
        let taken = Exception { looked_at: Some(at(5)), state: ExceptionState::Taken, ..raised.clone() };
        assert_eq!(told(&taken, END_MS + 1), (false, true));
        let over = Exception { resolved_at: Some(at(9)), state: ExceptionState::Resolved, ..raised };
        assert_eq!(told(&over, END_MS * 9), (false, false), "what is over is not late any more");
    }

    #[test]
    fn the_time_that_it_waits_on_others_does_not_count() {
        let looked_at = Some(at(1));
        let waiting = Exception {
            raised_at: at(0),
            looked_at,
            state: ExceptionState::Waiting,
            waiting_since: Some(at(1_000)),
            paused_ms: 500,
            ..exception()
        };
        assert_eq!(told(&waiting, END_MS * 3), (false, false));
        let clock = sla(&waiting, &ExceptionPolicy::default(), at(3_000));
        assert_eq!((clock.end_by, clock.stands), (at(END_MS + 2_500), true));
        let resumed = Exception { waiting_since: None, state: ExceptionState::Taken, ..waiting };
        assert_eq!(told(&resumed, END_MS + 501), (false, true));
    }
}
