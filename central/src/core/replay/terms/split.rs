//! Orders that come in several parcels.

use super::{Better, Term, Unit, mean, share};
use crate::core::replay::number::{count, float};

pub(super) const SHARE: Term = Term {
    name: "split_share",
    words: "of orders with a node, those in more than one parcel",
    better: Better::Lower,
    of: |cases| {
        share(
            cases
                .iter()
                .map(|case| case.sent.len())
                .filter(|parcels| *parcels > 0)
                .map(|parcels| parcels > 1),
        )
    },
};

pub(super) const PARCELS: Term = Term {
    name: "parcels",
    words: "parcels of an order that has a node",
    better: Better::Lower,
    of: |cases| {
        let parcels = cases.iter().map(|case| count(case.sent.len())).filter(|parcels| *parcels > 0);
        mean(Unit::Parcels, &parcels.map(float).collect::<Vec<f64>>())
    },
};
