//! How much of the store's capacity is taken, so that work spreads.

use super::Scorer;
use crate::core::routing::decision::Node;
use crate::core::routing::rules::Ask;

#[derive(Debug)]
pub(super) struct Load;

impl Scorer for Load {
    fn name(&self) -> &'static str {
        "load"
    }

    fn term(&self, ask: &Ask<'_>, node: &Node) -> f64 {
        let capacity = f64::from(node.store.capacity_tasks.max(1));
        ask.rung.weights.load * (f64::from(node.open_tasks) / capacity).min(1.0)
    }
}
