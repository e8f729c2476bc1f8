//! The ladder and its weights, as data.

use crate::core::fleet::StoreKind;
use std::collections::BTreeSet;

/// What one node must take on a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// All open lines.
    Whole,
    /// At least one line in full; the rest is routed again.
    Part,
}

/// How much each term counts, in kilometres: a term of 1 is as bad as that much distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    pub distance: f64,
    pub load: f64,
    pub depth: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    pub name: String,
    /// What a node of this rung is to the customer, in a sentence that a person reads.
    pub words: String,
    pub kinds: BTreeSet<StoreKind>,
    /// How far a store may be; none: at any distance. A distribution centre ships everywhere.
    pub radius_km: Option<f64>,
    pub cover: Cover,
    pub weights: Weights,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RoutingPolicy {
    /// Name and version, saved with each decision.
    pub name: String,
    /// From the most wanted rung to the least; below the last one is the backorder.
    pub ladder: Vec<Rung>,
    /// Nodes that may share one order.
    pub splits_max: u32,
    /// Candidates of one rung that a decision lists, nearest first; the others are counted.
    pub candidates_told_max: usize,
    /// How long a store has to accept an offer.
    pub accept_within_ms: i64,
    /// How long a store has to answer a cancel before a person is told.
    pub cancel_answer_within_ms: i64,
}

impl Default for RoutingPolicy {
    fn default() -> Self {
        let stores = BTreeSet::from([StoreKind::Store]);
        let centres = BTreeSet::from([StoreKind::DistributionCentre]);
        let nearest = Weights { distance: 1.0, load: 0.0, depth: 0.0 };
        let balanced = Weights { distance: 1.0, load: 50.0, depth: 20.0 };
        let rung =
            |(name, words): (&str, &str), kinds: &BTreeSet<StoreKind>, radius_km, cover, weights| Rung {
                name: name.to_owned(),
                words: words.to_owned(),
                kinds: kinds.clone(),
                radius_km,
                cover,
                weights,
            };
        let all = stores.union(&centres).copied().collect();
        Self {
            name: String::from("default-1"),
            ladder: vec![
                rung(("closest", "the closest store that can"), &stores, Some(50.0), Cover::Whole, nearest),
                rung(("radius", "the best store within reach"), &stores, Some(300.0), Cover::Whole, balanced),
                rung(
                    ("distribution_centre", "no store can, the distribution centre does"),
                    &centres,
                    None,
                    Cover::Whole,
                    balanced,
                ),
                rung(("split", "no single node has all of it"), &all, Some(300.0), Cover::Part, balanced),
            ],
            splits_max: 3,
            candidates_told_max: 20,
            accept_within_ms: 10 * 60_000,
            cancel_answer_within_ms: 30 * 60_000,
        }
    }
}
