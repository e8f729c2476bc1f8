//! What a sale from there leaves the company. Unknown counts as nothing.

use super::{Near, Scorer};
use crate::core::routing::glance::Trade;
use crate::core::routing::policy::Weights;
use crate::core::routing::rules::{Ask, Seen};

#[derive(Debug)]
pub(super) struct Margin;

impl Scorer for Margin {
    fn name(&self) -> &'static str {
        "margin"
    }

    fn weight(&self, weights: &Weights) -> f64 {
        weights.margin
    }

    fn term(&self, _: &Ask<'_>, seen: &Seen<'_>) -> f64 {
        given_up(seen.trade)
    }

    fn least(&self, _: &Ask<'_>, near: &Near<'_>) -> f64 {
        given_up(near.trade)
    }
}

fn given_up(trade: &Trade) -> f64 {
    let margin = trade.margin_permille.unwrap_or(0).min(1_000);
    1.0 - f64::from(margin) / 1_000.0
}
