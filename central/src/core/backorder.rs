//! Who waits for goods, in which order, and when they may come. Pure: a queue and what is expected in,
//! dates out.

use holdfast_shared::ids::{LineNo, OrderId, Sku, StoreId};
use holdfast_shared::limits::{EXPECTED_AHEAD_MS_MAX, EXPECTED_RECEIPTS_MAX, QUANTITY_MAX};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Goods that are to come to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub store: StoreId,
    #[schema(example = 24)]
    pub quantity: i64,
    pub expected_at: UtcMs,
}

/// Why a list of what is expected cannot be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadExpected {
    #[error("{0} receipts of one SKU; at most {EXPECTED_RECEIPTS_MAX}")]
    TooMany(usize),
    #[error("expected[{index}].quantity is {quantity}: expected 1 to {QUANTITY_MAX}")]
    Quantity { index: usize, quantity: i64 },
    #[error("expected[{0}].expected_at is over, or more than two years ahead")]
    Time(usize),
    #[error("expected[{0}] names a store and a time that stand earlier in the list: add the quantities up")]
    Twice(usize),
}

pub fn check(expected: &[Expected], now: UtcMs) -> Result<(), BadExpected> {
    if expected.len() > EXPECTED_RECEIPTS_MAX {
        return Err(BadExpected::TooMany(expected.len()));
    }
    let mut seen = BTreeSet::new();
    for (index, receipt) in expected.iter().enumerate() {
        if !(1..=QUANTITY_MAX).contains(&receipt.quantity) {
            return Err(BadExpected::Quantity { index, quantity: receipt.quantity });
        }
        if receipt.expected_at <= now || receipt.expected_at > now.plus(EXPECTED_AHEAD_MS_MAX) {
            return Err(BadExpected::Time(index));
        }
        if !seen.insert((&receipt.store, receipt.expected_at)) {
            return Err(BadExpected::Twice(index));
        }
    }
    Ok(())
}

/// One backordered line in the queue of its SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub order: OrderId,
    pub line: LineNo,
    pub units: i64,
    /// A pickup is served at its own store alone.
    pub bound_to: Option<StoreId>,
    /// What the customer was told last.
    pub told: Option<UtcMs>,
}

/// All that waits for one SKU, who is served next first: by priority, then by who waits longest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    pub sku: Sku,
    pub waiting: Vec<Waiting>,
    pub expected: Vec<Expected>,
}

/// A date that is not what the customer was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    pub order: OrderId,
    pub line: LineNo,
    pub expected_at: Option<UtcMs>,
}

/// By when each of those that wait may have all its units; none where too little is expected. Who waits
/// longer has the earlier goods. What should have come and did not is expected no more.
#[must_use]
pub fn dates(waiting: &[Waiting], expected: &[Expected], now: UtcMs) -> Vec<Option<UtcMs>> {
    let mut receipts: Vec<Expected> =
        expected.iter().filter(|receipt| receipt.expected_at > now).cloned().collect();
    receipts.sort_by(|one, other| (one.expected_at, &one.store).cmp(&(other.expected_at, &other.store)));
    waiting.iter().map(|line| allot(line, &mut receipts)).collect()
}

fn allot(line: &Waiting, receipts: &mut [Expected]) -> Option<UtcMs> {
    let (mut left, mut last) = (line.units, None);
    for receipt in receipts.iter_mut() {
        let reaches = line.bound_to.as_ref().is_none_or(|store| *store == receipt.store);
        let taken = if reaches { receipt.quantity.clamp(0, left.max(0)) } else { 0 };
        if taken > 0 {
            receipt.quantity = receipt.quantity.saturating_sub(taken);
            left = left.saturating_sub(taken);
            last = Some(receipt.expected_at);
        }
    }
    last.filter(|_| left <= 0)
}

/// What customers are to be told.
#[must_use]
pub fn news(queue: &Queue, now: UtcMs) -> Vec<Dated> {
    let dates = dates(&queue.waiting, &queue.expected, now);
    let changed = queue.waiting.iter().zip(dates).filter(|(line, date)| line.told != *date);
    changed
        .map(|(line, expected_at)| Dated { order: line.order.clone(), line: line.line, expected_at })
        .collect()
}

/// What a line of an order waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    pub line: LineNo,
    pub sku: Sku,
    pub units: i64,
    pub expected_at: Option<UtcMs>,
}

impl Awaited {
    /// For a person. Not its place in the queue: that is another as soon as somebody else is served.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { line, sku, units, expected_at } = self;
        let date = match expected_at {
            Some(at) => format!("expected by {}", day(*at)),
            None => String::from("no date is known"),
        };
        format!("line {line}: {units} of {sku}, {date}")
    }
}

/// Where such a line stands in the queue of its SKU, now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub line: LineNo,
    /// 1 is next.
    pub place: u64,
    pub units_ahead: i64,
}

/// A date as customers are told it: nobody knows the hour.
#[must_use]
pub fn day(at: UtcMs) -> String {
    let at = jiff::Timestamp::from_millisecond(at.writable().0).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn waiting(units: i64, bound_to: Option<&str>) -> Waiting {
        Waiting {
            order: "o1".parse().unwrap(),
            line: LineNo(1),
            units,
            bound_to: bound_to.map(|store| store.parse().unwrap()),
            told: None,
        }
    }

    fn expected(store: &str, quantity: i64, at: i64) -> Expected {
        Expected { store: store.parse().unwrap(), quantity, expected_at: UtcMs(at) }
    }

    fn told(lines: &[Waiting], receipts: &[Expected]) -> Vec<Option<i64>> {
        dates(lines, receipts, UtcMs(0)).into_iter().map(|date| date.map(|at| at.0)).collect()
    }

    #[test]
    fn who_waits_longer_has_the_earlier_goods() {
        let receipts = [expected("york", 3, 20), expected("leeds", 2, 10)];
        let lines = [waiting(2, None), waiting(2, None), waiting(2, None)];
        assert_eq!(told(&lines, &receipts), [Some(10), Some(20), None]);
        assert_eq!(told(&[waiting(4, None)], &receipts), [Some(20)], "the last unit makes the date");
    }

    #[test]
    fn a_pickup_waits_for_its_own_store() {
        let receipts = [expected("leeds", 2, 10), expected("york", 2, 20)];
        let lines = [waiting(1, Some("york")), waiting(2, None), waiting(1, Some("hull"))];
        assert_eq!(told(&lines, &receipts), [Some(20), Some(10), None]);
    }

    #[test]
    fn what_should_have_come_is_expected_no_more() {
        let receipts = [expected("leeds", 2, 10)];
        assert_eq!(dates(&[waiting(1, None)], &receipts, UtcMs(10)), [None]);
    }

    #[test]
    fn only_what_is_new_is_told() {
        let known = Waiting { told: Some(UtcMs(10)), ..waiting(1, None) };
        let late = Waiting { line: LineNo(2), ..known.clone() };
        let queue = Queue {
            sku: "TEA".parse().unwrap(),
            waiting: vec![known, late],
            expected: vec![expected("leeds", 1, 10)],
        };
        let dated = Dated { order: "o1".parse().unwrap(), line: LineNo(2), expected_at: None };
        assert_eq!(news(&queue, UtcMs(0)), [dated]);
    }

    #[test]
    fn a_list_that_cannot_be_meant_is_refused() {
        let now = UtcMs(5);
        let one = expected("leeds", 1, 10);
        assert_eq!(check(&[one.clone(), expected("leeds", 1, 11)], now), Ok(()));
        assert_eq!(check(&[one.clone(), one.clone()], now), Err(BadExpected::Twice(1)));
        for quantity in [0, -3, QUANTITY_MAX + 1] {
            let bad = check(&[expected("leeds", quantity, 10)], now);
            assert_eq!(bad, Err(BadExpected::Quantity { index: 0, quantity }));
        }
        for at in [5, 4, 6 + EXPECTED_AHEAD_MS_MAX] {
            assert_eq!(check(&[expected("leeds", 1, at)], now), Err(BadExpected::Time(0)));
        }
        let many = vec![one; EXPECTED_RECEIPTS_MAX + 1];
        assert_eq!(check(&many, now), Err(BadExpected::TooMany(EXPECTED_RECEIPTS_MAX + 1)));
    }

    proptest! {
        /// What is dated fits into what is expected by then, and nobody is dated before one who waits
        /// longer for no more.
        #[test]
        fn no_unit_is_told_twice(
            units in prop::collection::vec(1_i64..6, 0..12),
            receipts in prop::collection::vec((1_i64..9, 1_i64..5), 0..6),
        ) {
            let lines: Vec<Waiting> = units.iter().map(|units| waiting(*units, None)).collect();
            let receipts: Vec<Expected> =
                receipts.iter().map(|(quantity, at)| expected("leeds", *quantity, *at)).collect();
            let dates = dates(&lines, &receipts, UtcMs(0));
            for by in 1..6 {
                let dated: i64 = lines.iter().zip(&dates)
                    .filter(|(_, date)| date.is_some_and(|at| at.0 <= by)).map(|(line, _)| line.units).sum();
                let come: i64 = receipts.iter().filter(|receipt| receipt.expected_at.0 <= by)
                    .map(|receipt| receipt.quantity).sum();
                prop_assert!(dated <= come);
            }
            for (n, line) in lines.iter().enumerate() {
                for later in n + 1..lines.len() {
                    if lines[later].units >= line.units && dates[later].is_some() {
                        prop_assert!(dates[n].is_some() && dates[n] <= dates[later]);
                    }
                }
            }
        }
    }
}
