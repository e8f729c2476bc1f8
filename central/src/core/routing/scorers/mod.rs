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

use super::glance::{Glance, Trade};
use super::policy::{Rung, Weights};
use super::rules::{Ask, Seen};
use super::terms::{TERMS_MAX, Terms};
use std::sync::LazyLock;

pub trait Scorer: Sync {
    fn name(&self) -> &'static str;
    fn weight(&self, weights: &Weights) -> f64;
    /// 0 is best; not weighted yet.
    fn term(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> f64;
    /// No more than the term of the node if it can take all that is asked for, said before anybody looks at its
    /// shelves. The nearer to it, the fewer nodes are looked at where only the best one is asked for.
    fn least(&self, _: &Ask<'_>, _: &Near<'_>) -> f64 {
        0.0
    }
}

/// A node of which little is known yet.
#[derive(Debug, Clone, Copy)]
pub struct Near<'a> {
    pub glance: &'a Glance,
    pub trade: &'a Trade,
    pub chord_squared: f64,
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

const _: () = assert!(SCORERS.len() <= TERMS_MAX, "terms have no room for so many scorers");

static NAMES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| SCORERS.iter().map(|scorer| scorer.name()).collect());

/// What each scorer counts on one rung, to be asked once and used for many nodes.
#[derive(Debug)]
pub struct Scale([f64; TERMS_MAX]);

impl Scale {
    #[must_use]
    pub fn of(rung: &Rung) -> Self {
        let mut weights = [0.0; TERMS_MAX];
        for (weight, scorer) in weights.iter_mut().zip(SCORERS) {
            *weight = scorer.weight(&rung.weights);
        }
        Self(weights)
    }

    /// Only of who counts.
    #[must_use]
    pub fn weigh(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> Terms {
        let weighed = SCORERS
            .iter()
            .zip(self.0)
            .map(|(scorer, weight)| (weight > 0.0).then(|| weight * scorer.term(ask, seen)));
        Terms::of(&NAMES, weighed)
    }

    /// No more than the score of the node if it can take all of it: added up in the same order, so that not even
    /// rounding makes it more.
    #[must_use]
    pub fn least(&self, ask: &Ask<'_>, near: &Near<'_>) -> f64 {
        let weighed = SCORERS.iter().zip(self.0).filter(|(_, weight)| *weight > 0.0);
        weighed.map(|(scorer, weight)| weight * scorer.least(ask, near)).sum()
    }
}

/// A count as a number to calculate with; what is beyond any real one counts as the largest.
fn number(count: i64) -> f64 {
    f64::from(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}
