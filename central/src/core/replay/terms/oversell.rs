//! Units that were given to a shelf and are not there: as stock's own confidence expects it, and as picks
//! at the same shelf within a day found it.

use super::{Better, Term, Unit, part, sum};
use crate::core::replay::case::Case;

pub(super) const EXPECTED: Term = Term {
    name: "oversell_expected",
    words: "units to be expected missing, by how sure the stock was (each unit counts 1 - confidence)",
    better: Better::Lower,
    of: |cases| {
        let doubt = cases.iter().flat_map(|case| &case.sent).map(|sent| sent.doubt).sum();
        sum(Unit::Units, doubt, units(cases, |case| case.sent.iter().map(|sent| sent.weighed).sum()))
    },
};

pub(super) const KNOWN: Term = Term {
    name: "oversell_known",
    words: "of units whose shelf was looked at within a day, those that were not there",
    better: Better::Lower,
    of: |cases| {
        let short = units(cases, |case| case.sent.iter().map(|sent| sent.short).sum());
        let looked = units(cases, |case| case.sent.iter().map(|sent| sent.looked).sum());
        vec![(Unit::Share, part(short, looked))]
    },
};

fn units(cases: &[&Case], of: fn(&Case) -> i64) -> i64 {
    cases.iter().map(|case| of(case)).fold(0, i64::saturating_add)
}
