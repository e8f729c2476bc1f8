//! Parcels beside their tasks: what is left to come of those that other stores send.

use holdfast_shared::ids::{OrderId, Sku, StoreId};
use holdfast_shared::wire::sync::{ExpectedParcel, LabelMade, LabelNews, LabelReport};

/// What is known here of parcels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parcels {
    pub labels: Vec<LabelNews>,
    /// Reported here, and not yet noted by central.
    pub reported: Vec<LabelReport>,
    pub expected: Vec<ExpectedParcel>,
    /// Labels that central had made.
    pub made: Vec<LabelMade>,
}

/// Units that were recorded in here and that central has not taken off yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenIn {
    pub from: StoreId,
    pub sku: Sku,
    /// None: of whichever comes first.
    pub parcel: Option<OrderId>,
    pub units: i64,
}

/// Units of a SKU are alike: those that are more than their parcel held count for the next from there.
#[must_use]
pub fn still_expected(mut expected: Vec<ExpectedParcel>, taken: &[TakenIn]) -> Vec<ExpectedParcel> {
    for TakenIn { from, sku, parcel, units } in taken {
        let mut left = *units;
        for own in [true, false] {
            let of = |candidate: &&mut ExpectedParcel| {
                candidate.from == *from && (!own || parcel.as_ref() == Some(&candidate.parcel))
            };
            for candidate in expected.iter_mut().filter(of) {
                for line in candidate.lines.iter_mut().filter(|line| line.sku == *sku) {
                    let here = left.min(line.units);
                    line.units = line.units.saturating_sub(here);
                    left = left.saturating_sub(here);
                }
            }
        }
    }
    for parcel in &mut expected {
        parcel.lines.retain(|line| line.units > 0);
    }
    expected.retain(|parcel| !parcel.lines.is_empty());
    expected
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_shared::wire::sync::ExpectedLine;

    fn parcel(number: &str, from: &str, lines: &[(&str, i64)]) -> ExpectedParcel {
        let line = |(sku, units): &(&str, i64)| ExpectedLine { sku: sku.parse().unwrap(), units: *units };
        ExpectedParcel {
            parcel: number.parse().unwrap(),
            order: "o".parse().unwrap(),
            from: from.parse().unwrap(),
            lines: lines.iter().map(line).collect(),
            left_at: None,
            due_by: None,
            late: false,
        }
    }

    fn taken(from: &str, sku: &str, parcel: Option<&str>, units: i64) -> TakenIn {
        let parcel = parcel.map(|number| number.parse().unwrap());
        TakenIn { from: from.parse().unwrap(), sku: sku.parse().unwrap(), parcel, units }
    }

    #[test]
    fn what_was_taken_in_is_expected_no_more() {
        let both = || vec![parcel("p1", "york", &[("A", 2), ("B", 1)]), parcel("p2", "york", &[("A", 1)])];
        let left = still_expected(both(), &[taken("york", "A", Some("p2"), 1)]);
        assert_eq!(left, [parcel("p1", "york", &[("A", 2), ("B", 1)])], "the parcel that was named");
        let left = still_expected(both(), &[taken("york", "A", None, 1)]);
        assert_eq!(left.first(), Some(&parcel("p1", "york", &[("A", 1), ("B", 1)])), "the first one");
        let left = still_expected(both(), &[taken("york", "A", Some("p2"), 2)]);
        assert_eq!(left, [parcel("p1", "york", &[("A", 1), ("B", 1)])], "more than it held");
        assert_eq!(still_expected(both(), &[taken("hull", "A", Some("p2"), 2)]), both(), "of another store");
    }
}
