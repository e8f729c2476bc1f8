//! What a carrier tells by itself, by webhook: late, twice, or out of order.

use super::tracking::Track;
pub use crate::core::saga::notice::NoticeOutcome;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{CarrierAccount, TenantId};
use holdfast_shared::limits::SCANS_WAITING_MAX;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};

/// A webhook as far as it is kept: what personal things its body may hold is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingNotice {
    /// The carrier's own id of the event: the same one is taken in once.
    pub event: String,
    /// In the carrier's words.
    pub kind: String,
    pub tracking_number: String,
    /// None: of no kind that is known here.
    pub track: Option<Track>,
}

/// A webhook in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedTracking {
    pub tenant: TenantId,
    pub carrier: CarrierAccount,
    pub notice: TrackingNotice,
    pub at: UtcMs,
    /// When it is read next, while nothing became of it.
    pub next_at: UtcMs,
    pub outcome: Option<NoticeOutcome>,
}

/// As long as a question may be on its way of which its carrier knew nothing when it was looked up, and once again: by
/// then a label that nobody had asked for when its scan came is known too.
pub const STRANGE_MS: i64 = 30 * 60 * 1_000;
/// Between looks at a scan that waits for the answer to a question.
const LOOK_MS: i64 = 15 * 60 * 1_000;
/// After so long a person has been told of the question for days.
pub const STRANGE_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Nobody looks later than this, but by a clock that was put back since.
pub const LOOK_MS_MAX: i64 = 2 * STRANGE_MS;

/// A scan of a number that nobody knows.
#[derive(Debug, Clone, Copy)]
pub struct Strange {
    pub received_at: UtcMs,
    /// When it came a label had been asked for of which nobody knows yet whether it is made.
    pub asked: bool,
    /// How many others of its account wait.
    pub waiting: u32,
}

/// When it is looked at next; none: it is not ours.
#[must_use]
pub fn stay(scan: Strange, now: UtcMs) -> Option<UtcMs> {
    let Strange { received_at, asked, waiting } = scan;
    let waited_ms = now.since(received_at);
    // Received by a clock that was far ahead, it would wait for as long as that was.
    let in_time = (-STRANGE_MS..STRANGE_MS_MAX).contains(&waited_ms);
    if !Guard::ScanWaits.stands() || !in_time || waiting >= SCANS_WAITING_MAX {
        return None;
    }
    if waited_ms < STRANGE_MS {
        return Some(received_at.plus(STRANGE_MS));
    }
    asked.then(|| now.plus(LOOK_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: UtcMs = UtcMs(1_790_000_000_000);

    #[test]
    fn a_strange_scan_waits_a_while_and_longer_while_the_answer_to_a_question_is_missing() {
        let scan = |asked| Strange { received_at: AT, asked, waiting: 0 };
        let after = |ms: i64, asked| stay(scan(asked), AT.plus(ms));
        for asked in [true, false] {
            assert_eq!(after(0, asked), Some(AT.plus(STRANGE_MS)), "a restored central asks anew");
            assert_eq!(after(STRANGE_MS - 1, asked), Some(AT.plus(STRANGE_MS)));
        }
        assert_eq!(after(STRANGE_MS, false), None);
        assert_eq!(after(STRANGE_MS, true), Some(AT.plus(STRANGE_MS + LOOK_MS)));
        assert_eq!(after(STRANGE_MS_MAX, true), None, "whatever is missing");
    }

    #[test]
    fn a_clock_that_was_far_ahead_holds_no_scan_back() {
        let day = 24 * 60 * 60 * 1_000;
        let scan = |received_at| Strange { received_at, asked: true, waiting: 0 };
        assert_eq!(stay(scan(AT.plus(day)), AT), None);
        assert_eq!(stay(scan(AT.plus(1)), AT), Some(AT.plus(1 + STRANGE_MS)), "a little is nothing");
        for ms in 0..200 {
            let now = AT.plus(ms * LOOK_MS);
            assert!(stay(scan(AT), now).is_none_or(|at| at > now && at <= now.plus(LOOK_MS_MAX)));
        }
    }

    #[test]
    fn no_more_wait_than_may() {
        let scan = |waiting| Strange { received_at: AT, asked: true, waiting };
        assert!(stay(scan(SCANS_WAITING_MAX - 1), AT).is_some());
        assert_eq!(stay(scan(SCANS_WAITING_MAX), AT), None);
    }
}
