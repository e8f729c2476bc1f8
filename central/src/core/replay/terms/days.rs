//! How long customers wait, from placing the order to the last parcel, as planned.

use super::{Better, Term, Unit, mean};
use crate::core::replay::number::float;

const DAY_MS: f64 = 86_400_000.0;

pub(super) const TO_ARRIVE: Term = Term {
    name: "days",
    words: "days from the order to its last parcel, as planned",
    better: Better::Lower,
    of: |cases| {
        let days: Vec<f64> = cases
            .iter()
            .filter_map(|case| Some(float(case.arrives_by()?.since(case.placed_at)) / DAY_MS))
            .collect();
        mean(Unit::Days, &days)
    },
};
