//! How far the goods travel.

use super::{Near, Scorer};
use crate::core::routing::geo::km_at_least;
use crate::core::routing::policy::Weights;
use crate::core::routing::rules::{Ask, Seen};

#[derive(Debug)]
pub(super) struct Distance;

impl Scorer for Distance {
    fn name(&self) -> &'static str {
        "distance"
    }

    fn weight(&self, weights: &Weights) -> f64 {
        weights.distance
    }

    fn term(&self, _: &Ask<'_>, seen: &Seen<'_>) -> f64 {
        seen.distance_km()
    }

    fn least(&self, _: &Ask<'_>, near: &Near<'_>) -> f64 {
        km_at_least(near.chord_squared)
    }
}
