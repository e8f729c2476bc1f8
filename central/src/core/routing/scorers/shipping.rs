//! What the carrier takes, in hundreds of minor units. Unknown counts as none.

use super::{Scorer, number};
use crate::core::routing::policy::Weights;
use crate::core::routing::rules::promise::journey;
use crate::core::routing::rules::{Ask, Seen};

#[derive(Debug)]
pub(super) struct Shipping;

impl Scorer for Shipping {
    fn name(&self) -> &'static str {
        "shipping"
    }

    fn weight(&self, weights: &Weights) -> f64 {
        weights.shipping
    }

    fn term(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> f64 {
        let cost = journey(ask, seen).and_then(|told| told.as_ref().ok()?.cost);
        let counts = cost.filter(|cost| Some(cost.currency) == ask.policy.currency);
        counts.map_or(0.0, |cost| number(cost.minor) / 100.0)
    }
}
