//! When goods that left are expected to be there.

use holdfast_shared::time::UtcMs;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Handed over in time they arrive as planned, and after it as many days later as the carrier was
/// missed. Without a plan they are there when they are handed over.
#[must_use]
pub fn expected_at(planned: Option<(UtcMs, UtcMs)>, handed_at: UtcMs) -> UtcMs {
    let Some((hand_over_by, arrives_by)) = planned else { return handed_at };
    let late_ms = handed_at.since(hand_over_by).max(0);
    let days = late_ms.saturating_add(DAY_MS - 1).checked_div(DAY_MS).unwrap_or(0);
    arrives_by.plus(days.saturating_mul(DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goods_that_miss_the_carrier_arrive_days_later() {
        let planned = Some((UtcMs(1_000), UtcMs(DAY_MS)));
        assert_eq!(expected_at(planned, UtcMs(1_000)), UtcMs(DAY_MS), "just in time");
        assert_eq!(expected_at(planned, UtcMs(1_001)), UtcMs(2 * DAY_MS));
        assert_eq!(expected_at(planned, UtcMs(1_001 + DAY_MS)), UtcMs(3 * DAY_MS));
        assert_eq!(expected_at(None, UtcMs(7)), UtcMs(7));
    }
}
