//! What an order costs: the carriers' prices, and the stores' work as far as their descriptions name it.
//! By currency; a price that is not known counts as none.

use super::{Better, Figure, Term, Unit};
use crate::core::replay::number::float;
use holdfast_shared::money::Currency;
use std::collections::BTreeMap;

pub(super) const PER_ORDER: Term = Term {
    name: "cost_per_order",
    words: "carriage and handling of an order for which a price is known, whole minor units",
    better: Better::Lower,
    of: |cases| {
        let mut sums: BTreeMap<Currency, (i64, i64)> = BTreeMap::new();
        for case in cases {
            let mut of_case: BTreeMap<Currency, i64> = BTreeMap::new();
            for (currency, minor) in case.sent.iter().flat_map(|sent| &sent.cost) {
                let sum = of_case.entry(*currency).or_default();
                *sum = sum.saturating_add(*minor);
            }
            for (currency, minor) in of_case {
                let (sum, orders) = sums.entry(currency).or_default();
                *sum = sum.saturating_add(minor);
                *orders = orders.saturating_add(1);
            }
        }
        let figure = |(currency, (sum, of)): (Currency, (i64, i64))| {
            let value = float(sum.saturating_add(of / 2).checked_div(of)?);
            Some((Unit::Minor(currency), Some(Figure { value, of })))
        };
        sums.into_iter().filter_map(figure).collect()
    },
};
