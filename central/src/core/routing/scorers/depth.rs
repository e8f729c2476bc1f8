//! How little would be left of the scarcest line: the last unit on a shelf is the one that is not there.

use super::{Scorer, number};
use crate::core::routing::policy::Weights;
use crate::core::routing::rules::{Ask, Seen};

#[derive(Debug)]
pub(super) struct Depth;

impl Scorer for Depth {
    fn name(&self) -> &'static str {
        "depth"
    }

    fn weight(&self, weights: &Weights) -> f64 {
        weights.depth
    }

    fn term(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> f64 {
        let lines = ask.wanted.iter().zip(seen.shelves);
        let left = lines
            .filter_map(|(wanted, shelf)| Some((*shelf)?.units().saturating_sub(wanted.line.quantity)))
            .filter(|left| *left >= 0)
            .min()
            .unwrap_or(0);
        1.0 / (1.0 + number(left))
    }
}
