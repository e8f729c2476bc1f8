//! How far parcels travel.

use super::{Better, Figure, Term, Unit, mean};
use crate::core::replay::case::Case;
use crate::core::replay::number::{count, rounded};

pub(super) const MEAN: Term = Term {
    name: "distance_mean",
    words: "kilometres of a parcel",
    better: Better::Lower,
    of: |cases| mean(Unit::Kilometres, &travelled(cases)),
};

pub(super) const P90: Term = Term {
    name: "distance_p90",
    words: "kilometres that nine of ten parcels stay within",
    better: Better::Lower,
    of: |cases| {
        let far = travelled(cases);
        let place = far.len().saturating_mul(9).div_ceil(10).saturating_sub(1);
        let value = far.get(place).copied().map(rounded);
        vec![(Unit::Kilometres, value.map(|value| Figure { value, of: count(far.len()) }))]
    },
};

fn travelled(cases: &[&Case]) -> Vec<f64> {
    let mut far: Vec<f64> = cases.iter().flat_map(|case| &case.sent).map(|sent| sent.km).collect();
    far.sort_by(f64::total_cmp);
    far
}
