//! What a sale from there leaves the company. Unknown counts as nothing.

use super::Scorer;
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
        let margin = seen.trade.margin_permille.unwrap_or(0).min(1_000);
        1.0 - f64::from(margin) / 1_000.0
    }
}
