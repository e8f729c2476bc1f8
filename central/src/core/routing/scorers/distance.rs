//! How far the goods travel.

use super::Scorer;
use crate::core::routing::decision::Node;
use crate::core::routing::rules::Ask;

#[derive(Debug)]
pub(super) struct Distance;

impl Scorer for Distance {
    fn name(&self) -> &'static str {
        "distance"
    }

    fn term(&self, ask: &Ask<'_>, _: &Node) -> f64 {
        ask.rung.weights.distance * ask.distance_km
    }
}
