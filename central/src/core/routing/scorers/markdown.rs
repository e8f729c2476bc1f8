//! Goods that are sold there at a markdown go first. What no store has at a markdown decides nothing.

use super::Scorer;
use crate::core::routing::policy::Weights;
use crate::core::routing::rules::{Ask, Seen};
use crate::core::routing::shelved::OnShelf;

#[derive(Debug)]
pub(super) struct Markdown;

impl Scorer for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn weight(&self, weights: &Weights) -> f64 {
        weights.markdown
    }

    fn term(&self, _: &Ask<'_>, seen: &Seen<'_>) -> f64 {
        let off =
            |shelf: &Option<OnShelf<'_>>| shelf.and_then(OnShelf::markdown_permille).unwrap_or(0).min(1_000);
        let (sum, lines) = seen
            .shelves
            .iter()
            .fold((0.0, 0.0), |(sum, lines), shelf| (sum + f64::from(off(shelf)), lines + 1.0));
        if lines > 0.0 { 1.0 - sum / (lines * 1_000.0) } else { 0.0 }
    }
}
