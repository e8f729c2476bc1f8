//! The terms of a score. Each is one file and its lines in [`TERMS`]: what it counts over the cases, in which
//! unit, and which way is better.

mod best_node;
mod cost;
mod days;
mod distance;
mod oversell;
mod promise;
mod split;
mod undersell;
mod unplaced;

use super::case::Case;
use super::number::{count, float, ratio, rounded};
use holdfast_shared::money::Currency;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// In the order in which a merchandiser reads them.
pub const TERMS: &[Term] = &[
    promise::KEPT,
    days::TO_ARRIVE,
    unplaced::SHARE,
    split::SHARE,
    split::PARCELS,
    cost::PER_ORDER,
    distance::MEAN,
    distance::P90,
    best_node::SHARE,
    oversell::EXPECTED,
    oversell::KNOWN,
    undersell::UNITS,
];

/// By unit; none where there was nothing to count.
pub type Figures = Vec<(Unit, Option<Figure>)>;

pub struct Term {
    pub name: &'static str,
    pub words: &'static str,
    pub better: Better,
    pub of: fn(&[&Case]) -> Figures,
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    Higher,
    Lower,
}

/// A value, and of how many it was made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Figure {
    pub value: f64,
    /// Orders, parcels or units, by the term.
    pub of: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    Share,
    Days,
    Kilometres,
    Parcels,
    Units,
    /// Of that currency, in its minor units.
    Minor(Currency),
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share => f.write_str("share"),
            Self::Days => f.write_str("days"),
            Self::Kilometres => f.write_str("km"),
            Self::Parcels => f.write_str("parcels"),
            Self::Units => f.write_str("units"),
            Self::Minor(currency) => write!(f, "{currency}, minor units"),
        }
    }
}

/// How many of these it holds for.
fn share(of: impl IntoIterator<Item = bool>) -> Figures {
    let (mut yes, mut all) = (0_i64, 0_i64);
    for one in of {
        yes = yes.saturating_add(i64::from(one));
        all = all.saturating_add(1);
    }
    vec![(Unit::Share, part(yes, all))]
}

fn part(part: i64, whole: i64) -> Option<Figure> {
    ratio(float(part), float(whole)).map(|value| Figure { value, of: whole })
}

fn mean(unit: Unit, values: &[f64]) -> Figures {
    let of = count(values.len());
    let value = ratio(values.iter().sum(), float(of));
    vec![(unit, value.map(|value| Figure { value, of }))]
}

fn sum(unit: Unit, value: f64, of: i64) -> Figures {
    vec![(unit, (of > 0).then(|| Figure { value: rounded(value), of }))]
}

#[cfg(test)]
mod tests;
