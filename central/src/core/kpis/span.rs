//! Times, sorted into spans of which each is an eighth to a quarter of its beginning: few enough to keep one
//! number for each, fine enough for the times under which half, or nearly all, of them lie.

use std::collections::BTreeMap;

/// Four spans to each doubling.
const HALVINGS: u32 = 2;
const OF_DOUBLING: u32 = 1 << HALVINGS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub u8);

impl Span {
    #[must_use]
    pub fn of(ms: i64) -> Self {
        let ms = ms.max(0).saturating_add(i64::from(OF_DOUBLING));
        let doubling = ms.ilog2();
        let within = (ms >> doubling.saturating_sub(HALVINGS)) & i64::from(OF_DOUBLING - 1);
        let number = doubling
            .saturating_sub(HALVINGS)
            .saturating_mul(OF_DOUBLING)
            .saturating_add(u32::try_from(within).unwrap_or_default());
        Self(u8::try_from(number).unwrap_or(u8::MAX))
    }

    /// The least time that is in it.
    const fn begins(self) -> i64 {
        let (doubling, within) = (self.0 / 4, self.0 % 4);
        // At most 2^63 / 4: a span's number has eight bits, and times end before the last of them.
        let least = (OF_DOUBLING as i64 + within as i64).checked_shl(doubling as u32);
        match least {
            Some(least) if least > 0 => least.saturating_sub(OF_DOUBLING as i64),
            _ => i64::MAX,
        }
    }

    /// The middle of the span under which, or in which, so many of a hundred lie.
    #[must_use]
    pub fn below(spans: &BTreeMap<Self, i64>, of_hundred: i64) -> Option<i64> {
        let all: i64 = spans.values().fold(0, |sum, count| sum.saturating_add(*count));
        let wanted = all.saturating_mul(of_hundred);
        let mut seen = 0_i64;
        let reached = spans.iter().find(|(_, count)| {
            seen = seen.saturating_add(**count);
            seen.saturating_mul(100) >= wanted
        });
        let (span, _) = reached?;
        let (from, to) = (span.begins(), Self(span.0.saturating_add(1)).begins());
        Some(from.saturating_add(to.saturating_sub(from) / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_time_lies_in_its_span_which_is_narrow(ms in 0_i64..1 << 50) {
            let span = Span::of(ms);
            let (from, to) = (span.begins(), Span(span.0 + 1).begins());
            prop_assert!(from <= ms && ms < to, "{ms} in {from}..{to}");
            prop_assert!(to - from <= ms / 4 + 1, "{ms} in {from}..{to}");
        }

        #[test]
        fn the_middle_of_many_is_found_to_an_eighth(times in prop::collection::vec(0_i64..100_000_000, 1..200)) {
            let mut spans = BTreeMap::new();
            for ms in &times {
                *spans.entry(Span::of(*ms)).or_default() += 1;
            }
            let mut sorted = times;
            sorted.sort_unstable();
            let half = sorted[(sorted.len() - 1) / 2];
            let told = Span::below(&spans, 50).unwrap();
            prop_assert!((told - half).abs() <= half / 7 + 1, "{told} for {half}");
        }
    }

    #[test]
    fn of_nothing_there_is_no_middle() {
        assert_eq!(Span::below(&BTreeMap::new(), 50), None);
        assert_eq!(Span::of(-5), Span::of(0));
    }
}
