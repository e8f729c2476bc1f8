//! What to make of a stamp that another machine's clock gave: whether it can be taken at its word,
//! and when the thing most likely happened. The stamp itself is never changed.

use crate::time::{HLC_AHEAD_MS_MAX, UtcMs};

/// The start of 2020. A clock that says less has lost its time: nothing of this product is older.
pub const STAMP_EARLIEST: UtcMs = UtcMs(1_577_836_800_000);

/// How far a sender's stamps may be off before they are marked: the drift of a healthy clock and
/// the way of a message fit in.
pub const STAMP_OFF_MS_MAX: i64 = HLC_AHEAD_MS_MAX;

/// When something arrived by the receiver's clock, and how far the sender's stamps were ahead of
/// that clock then; negative is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    pub at: UtcMs,
    pub ahead_ms: i64,
}

impl Receipt {
    /// From the stamp that the sender gave its message last of all.
    #[must_use]
    pub const fn of(sent_at: UtcMs, received: UtcMs) -> Self {
        Self { at: received, ahead_ms: sent_at.since(received) }
    }

    /// How far the stamp is off, if it cannot be taken at its word.
    #[must_use]
    pub const fn doubt(&self, stamp: UtcMs) -> Option<i64> {
        if self.ahead_ms.saturating_abs() > STAMP_OFF_MS_MAX {
            return Some(self.ahead_ms);
        }
        let ahead_ms = stamp.since(self.at);
        if ahead_ms > STAMP_OFF_MS_MAX || stamp.0 < STAMP_EARLIEST.0 { Some(ahead_ms) } else { None }
    }

    /// When it happened, by the receiver's clock, as well as can be told: never after the receipt.
    #[must_use]
    pub fn likely(&self, stamp: UtcMs) -> UtcMs {
        let told = match self.doubt(stamp) {
            None => stamp,
            Some(_) => stamp.plus(self.ahead_ms.saturating_neg()),
        };
        // What is left of a time before the product is no time at all.
        if told < STAMP_EARLIEST { self.at } else { told.min(self.at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const NOW: UtcMs = UtcMs(1_795_253_400_000);

    fn sent(ahead_ms: i64) -> Receipt {
        Receipt::of(NOW.plus(ahead_ms), NOW)
    }

    #[test]
    fn a_healthy_clock_is_taken_at_its_word_however_long_its_store_was_offline() {
        for stamp in [NOW.plus(-72 * HOUR), NOW, NOW.plus(60_000)] {
            assert_eq!(sent(-900).doubt(stamp), None);
            assert_eq!(sent(-900).likely(stamp), stamp.min(NOW));
        }
    }

    #[test]
    fn a_clock_that_is_off_is_told_and_reckoned_with() {
        for ahead in [6 * HOUR, -6 * HOUR, 365 * 24 * HOUR] {
            let an_hour_ago = NOW.plus(ahead - HOUR);
            assert_eq!(sent(ahead).doubt(an_hour_ago), Some(ahead));
            assert_eq!(sent(ahead).likely(an_hour_ago), NOW.plus(-HOUR));
        }
    }

    #[test]
    fn a_stamp_that_cannot_be_is_as_old_as_its_receipt() {
        assert_eq!(sent(0).doubt(NOW.plus(9 * HOUR)), Some(9 * HOUR));
        assert_eq!(sent(0).likely(NOW.plus(9 * HOUR)), NOW);
        for lost in [UtcMs(0), UtcMs(-5), UtcMs(i64::MIN)] {
            assert!(sent(0).doubt(lost).is_some());
            assert_eq!(sent(0).likely(lost), NOW);
        }
    }

    #[test]
    fn a_box_in_1970_is_reckoned_with_while_it_stays_there() {
        let receipt = Receipt::of(UtcMs(50_000), NOW);
        assert_eq!(receipt.likely(UtcMs(20_000)), NOW.plus(-30_000));
        // A central that has lost its own time does not reckon at all.
        let lost = Receipt::of(NOW, UtcMs(7_000));
        assert_eq!(lost.likely(NOW), UtcMs(7_000));
    }
}
