//! The scorers, one file each: a term per node, lower is better. Adding one is one file, one line
//! in [`SCORERS`], and a weight in the policy.

mod depth;
mod distance;
mod load;

use super::decision::Node;
use super::rules::Ask;
use std::collections::BTreeMap;

pub trait Scorer: Sync {
    fn name(&self) -> &'static str;
    /// Weighted already, in kilometres.
    fn term(&self, ask: &Ask<'_>, node: &Node) -> f64;
}

pub const SCORERS: &[&dyn Scorer] = &[&distance::Distance, &load::Load, &depth::Depth];

#[must_use]
pub fn terms(ask: &Ask<'_>, node: &Node) -> BTreeMap<String, f64> {
    SCORERS.iter().map(|scorer| (scorer.name().to_owned(), scorer.term(ask, node))).collect()
}
