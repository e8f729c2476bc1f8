//! The ladder and its weights, as data.

mod faults;

use crate::core::fleet::StoreKind;
use holdfast_shared::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What one node must take on a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cover {
    /// All open units.
    #[default]
    Whole,
    /// Some of them; others share the rest, each unit once.
    Part,
}

/// How much each term counts, in kilometres: a term of 1 is as bad as that much distance. A weight of
/// 0 drops the term.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Per kilometre.
    pub distance: f64,
    /// A store with all its capacity taken.
    pub load: f64,
    /// A shelf that is empty afterwards.
    pub depth: f64,
    /// Each hundred minor units that the store's work on the parcel costs.
    pub cost: f64,
    /// A store that leaves no margin, beside one that leaves all.
    pub margin: f64,
    /// Goods at their full price, beside goods that are given away.
    pub markdown: f64,
    /// Goods that are surely not there, beside goods that surely are.
    pub confidence: f64,
    /// Each day on the way.
    pub transit: f64,
    /// An arrival on the promised day, beside one long before it.
    pub slack: f64,
    /// Each hundred minor units that the carrier takes.
    pub shipping: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            distance: 1.0,
            load: 0.0,
            depth: 0.0,
            cost: 0.0,
            margin: 0.0,
            markdown: 0.0,
            confidence: 0.0,
            transit: 0.0,
            slack: 0.0,
            shipping: 0.0,
        }
    }
}

/// Before a rung is taken: whether a better node of the rungs above it opens soon enough.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HoldFor {
    /// After the order was placed.
    pub within_ms: i64,
    /// How much lower its score must be, both scored as on this rung.
    pub saves: f64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rung {
    pub name: String,
    /// What a node of this rung is to the customer, in a sentence that a person reads.
    pub words: String,
    pub kinds: BTreeSet<StoreKind>,
    /// How far a store may be; none: at any distance. A distribution centre ships everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius_km: Option<f64>,
    pub cover: Cover,
    /// How sure stock must be here. Unlike that of the whole policy, it also refuses what is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldFor>,
    pub weights: Weights,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoutingPolicy {
    /// Name and version, saved with each decision.
    pub name: String,
    /// Nodes that may share one order.
    pub splits_max: u32,
    /// What a parcel of a split is worth at least. Unknown prices do not object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_min_value: Option<Money>,
    /// What one more parcel is as bad as, in kilometres. None: worse than any distance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_penalty: Option<f64>,
    /// What costs are compared in; one in another currency counts as none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// How sure stock must be, where that is known at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_min: Option<f64>,
    /// Candidates of one rung that a decision lists; the others are counted.
    pub candidates_told_max: usize,
    /// How long a store has to accept an offer.
    pub accept_within_ms: i64,
    /// How long a store has to answer a cancel before a person is told.
    pub cancel_answer_within_ms: i64,
    /// From the most wanted rung to the least; below the last one is the backorder.
    pub ladder: Vec<Rung>,
}

impl Default for RoutingPolicy {
    fn default() -> Self {
        let stores = BTreeSet::from([StoreKind::Store]);
        let centres = BTreeSet::from([StoreKind::DistributionCentre]);
        let nearest = Weights::default();
        let balanced = Weights { load: 50.0, depth: 20.0, ..nearest };
        let rung = |(name, words): (&str, &str), kinds: &BTreeSet<StoreKind>, radius_km, weights| Rung {
            name: name.to_owned(),
            words: words.to_owned(),
            kinds: kinds.clone(),
            radius_km,
            weights,
            ..Rung::default()
        };
        let all = stores.union(&centres).copied().collect();
        let split = rung(("split", "no single node has all of it"), &all, Some(300.0), balanced);
        let centre = ("distribution_centre", "no store can, the distribution centre does");
        Self {
            name: String::from("default-1"),
            splits_max: 3,
            split_min_value: None,
            split_penalty: None,
            currency: None,
            confidence_min: None,
            candidates_told_max: 20,
            accept_within_ms: 10 * 60_000,
            cancel_answer_within_ms: 30 * 60_000,
            ladder: vec![
                rung(("closest", "the closest store that can"), &stores, Some(50.0), nearest),
                rung(("radius", "the best store within reach"), &stores, Some(300.0), balanced),
                rung(centre, &centres, None, balanced),
                Rung { cover: Cover::Part, ..split },
            ],
        }
    }
}

#[cfg(test)]
mod tests;
