//! The scorers, one file each: a term per node, lower is better. Adding one is one file, one line
//! in [`SCORERS`], and a weight in the policy. A term is finite and not negative: the search for a
//! split rests on that.

mod confidence;
mod cost;
mod depth;
mod distance;
mod load;
mod margin;
mod markdown;
mod shipping;
mod slack;
mod transit;

use super::decision::Word;
use super::policy::Weights;
use super::rules::{Ask, Seen};
use std::collections::BTreeMap;

pub trait Scorer: Sync {
    fn name(&self) -> &'static str;
    fn weight(&self, weights: &Weights) -> f64;
    /// 0 is best; not weighted yet.
    fn term(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> f64;
}

pub const SCORERS: &[&dyn Scorer] = &[
    &distance::Distance,
    &load::Load,
    &depth::Depth,
    &cost::Cost,
    &margin::Margin,
    &markdown::Markdown,
    &confidence::Confidence,
    &transit::Transit,
    &slack::Slack,
    &shipping::Shipping,
];

fn weighted<'a>(ask: &'a Ask<'_>, seen: &'a Seen<'_>) -> impl Iterator<Item = (&'static str, f64)> + 'a {
    SCORERS.iter().filter_map(|scorer| {
        let weight = scorer.weight(&ask.rung.weights);
        (weight > 0.0).then(|| (scorer.name(), weight * scorer.term(ask, seen)))
    })
}

#[must_use]
pub fn score(ask: &Ask<'_>, seen: &Seen<'_>) -> f64 {
    weighted(ask, seen).map(|(_, term)| term).sum()
}

#[must_use]
pub fn terms(ask: &Ask<'_>, seen: &Seen<'_>) -> BTreeMap<Word, f64> {
    weighted(ask, seen).map(|(name, term)| (Word::Borrowed(name), term)).collect()
}

/// A count as a number to calculate with; what is beyond any real one counts as the largest.
fn number(count: i64) -> f64 {
    f64::from(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}
