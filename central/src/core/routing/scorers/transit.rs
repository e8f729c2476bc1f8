//! Days on the way. Unknown counts as none.

use super::Scorer;
use crate::core::routing::policy::Weights;
use crate::core::routing::rules::promise::journey;
use crate::core::routing::rules::{Ask, Seen};

#[derive(Debug)]
pub(super) struct Transit;

impl Scorer for Transit {
    fn name(&self) -> &'static str {
        "transit"
    }

    fn weight(&self, weights: &Weights) -> f64 {
        weights.transit
    }

    fn term(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> f64 {
        journey(ask, seen).and_then(|told| told.as_ref().ok()).map_or(0.0, |journey| f64::from(journey.days))
    }
}
