//! What caution costs: units that lay nearer and were kept back by a buffer, their age or doubt, while
//! their order went farther away, was split or had nobody. Counted as `GET /v1/stock/report` counts it.

use super::{Better, Term, Unit, sum};
use crate::core::replay::number::{count, float};

pub(super) const UNITS: Term = Term {
    name: "undersell",
    words: "units kept back nearer by while their order went farther or nowhere; orders are counted beside it",
    better: Better::Lower,
    of: |cases| {
        let withheld = cases.iter().map(|case| case.withheld_units()).fold(0, i64::saturating_add);
        sum(Unit::Units, float(withheld), count(cases.len()))
    },
};
