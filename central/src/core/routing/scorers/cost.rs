//! What the store's work on the parcel costs, in hundreds of minor units. Unknown counts as none.

use super::{Near, Scorer, number};
use crate::core::routing::glance::Trade;
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
        of_parcel(ask, seen.trade, units(ask, seen))
    }

    fn least(&self, ask: &Ask<'_>, near: &Near<'_>) -> f64 {
        of_parcel(ask, near.trade, ask.wanted.iter().map(|wanted| wanted.line.quantity))
    }
}

fn of_parcel(ask: &Ask<'_>, trade: &Trade, given: impl Iterator<Item = i64>) -> f64 {
    let Some(cost) = trade.handling_cost else { return 0.0 };
    let counts = |money: Money| if Some(money.currency) == ask.policy.currency { money.minor } else { 0 };
    let of_units = counts(cost.per_unit).saturating_mul(given.fold(0, i64::saturating_add));
    number(counts(cost.per_parcel).saturating_add(of_units)) / 100.0
}
