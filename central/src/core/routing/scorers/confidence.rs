//! How likely it is that the least sure line is not there. Unknown counts as not there.

use super::Scorer;
use crate::core::routing::policy::Weights;
use crate::core::routing::rules::{Ask, Seen};
use crate::core::routing::shelved::OnShelf;

#[derive(Debug)]
pub(super) struct Confidence;

impl Scorer for Confidence {
    fn name(&self) -> &'static str {
        "confidence"
    }

    fn weight(&self, weights: &Weights) -> f64 {
        weights.confidence
    }

    fn term(&self, _: &Ask<'_>, seen: &Seen<'_>) -> f64 {
        let sure = |shelf: &Option<OnShelf<'_>>| {
            shelf.and_then(OnShelf::confidence).filter(|sure| sure.is_finite()).unwrap_or(0.0)
        };
        let least = seen.shelves.iter().map(sure).fold(1.0, f64::min);
        1.0 - least.clamp(0.0, 1.0)
    }
}
