//! How little would be left of the scarcest line: the last unit on a shelf is the one that is not there.

use super::Scorer;
use crate::core::routing::decision::Node;
use crate::core::routing::rules::Ask;

#[derive(Debug)]
pub(super) struct Depth;

impl Scorer for Depth {
    fn name(&self) -> &'static str {
        "depth"
    }

    fn term(&self, ask: &Ask<'_>, node: &Node) -> f64 {
        let left = ask
            .demand
            .lines
            .iter()
            .filter_map(|line| Some(node.available.get(&line.sku)?.saturating_sub(line.quantity)))
            .filter(|left| *left >= 0)
            .min()
            .unwrap_or(0);
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        ask.rung.weights.depth / (1.0 + f64::from(left))
    }
}
