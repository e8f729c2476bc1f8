//! What the store's work on the parcel costs, in hundreds of minor units. Unknown counts as none.

use super::{Scorer, number};
use crate::core::routing::policy::Weights;
use crate::core::routing::rules::giving::units;
use crate::core::routing::rules::{Ask, Seen};
use holdfast_shared::money::Money;

#[derive(Debug)]
pub(super) struct Cost;

impl Scorer for Cost {
    fn name(&self) -> &'static str {
        "cost"
    }

    fn weight(&self, weights: &Weights) -> f64 {
        weights.cost
    }

    fn term(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> f64 {
        let Some(cost) = seen.trade.handling_cost else { return 0.0 };
        let counts = |money: Money| if Some(money.currency) == ask.policy.currency { money.minor } else { 0 };
        let given = units(ask, seen).fold(0, i64::saturating_add);
        let of_units = counts(cost.per_unit).saturating_mul(given);
        number(counts(cost.per_parcel).saturating_add(of_units)) / 100.0
    }
}
