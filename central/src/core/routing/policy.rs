//! The ladder and its weights, as data.

mod consolidate;
mod faults;
mod regions;

pub use consolidate::{Consolidate, Gathers};
pub use regions::Regions;

use crate::core::fleet::StoreKind;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::money::{Currency, Money};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    #[serde(skip_serializing_if = "Regions::is_any")]
    pub region: Regions,
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
    /// Nodes that may share one order, on whichever rung each of them got its part.
    pub splits_max: u32,
    /// What a parcel of an order that comes in several is worth at least. Unknown prices do not object.
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
    /// How long a customer has to say whether other goods may come; none: half an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substitution_answer_within_ms: Option<i64>,
    /// When an order that no node has all of is gathered at one store.
    #[serde(skip_serializing_if = "Consolidate::is_as_if_absent")]
    pub consolidate: Consolidate,
    /// From the most wanted rung to the least; below the last one is the backorder.
    pub ladder: Vec<Rung>,
    /// For kinds of orders that are given away by other rungs than those above.
    #[serde(deserialize_with = "over_the_usual")]
    pub ladder_of: BTreeMap<FulfilmentKind, Vec<Rung>>,
}

/// A kind that is not named keeps its usual ladder.
fn over_the_usual<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<FulfilmentKind, Vec<Rung>>, D::Error> {
    let mut ladders = usual_ladders();
    ladders.extend(BTreeMap::<FulfilmentKind, Vec<Rung>>::deserialize(deserializer)?);
    Ok(ladders)
}

impl RoutingPolicy {
    #[must_use]
    pub fn ladder_for(&self, kind: FulfilmentKind) -> &[Rung] {
        self.ladder_of.get(&kind).unwrap_or(&self.ladder)
    }

    /// Every ladder by where it stands, with a kind of order that is given away by it.
    pub fn ladders(&self) -> impl Iterator<Item = (String, FulfilmentKind, &[Rung])> {
        let of = self.ladder_of.iter();
        let of = of.map(|(kind, rungs)| (format!("ladder_of.{}", kind.as_str()), *kind, rungs.as_slice()));
        std::iter::once((String::from("ladder"), FulfilmentKind::Ship, self.ladder.as_slice())).chain(of)
    }

    pub fn rungs_mut(&mut self) -> impl Iterator<Item = &mut Rung> {
        self.ladder.iter_mut().chain(self.ladder_of.values_mut().flatten())
    }
}

fn rung(
    (name, words): (&str, &str),
    kinds: &BTreeSet<StoreKind>,
    radius_km: Option<f64>,
    weights: Weights,
) -> Rung {
    let (name, words) = (name.to_owned(), words.to_owned());
    Rung { name, words, kinds: kinds.clone(), radius_km, weights, ..Rung::default() }
}

fn balanced() -> Weights {
    Weights { load: 50.0, depth: 20.0, ..Weights::default() }
}

/// What a store's own people bring comes from nearby and in one piece.
fn usual_ladders() -> BTreeMap<FulfilmentKind, Vec<Rung>> {
    let stores = BTreeSet::from([StoreKind::Store]);
    let all = StoreKind::ALL.into_iter().collect();
    let near = ("nearby", "the closest store that delivers there");
    let reach = ("delivery_reach", "the best that delivers that far");
    let delivery =
        vec![rung(near, &stores, Some(10.0), Weights::default()), rung(reach, &all, Some(30.0), balanced())];
    BTreeMap::from([(FulfilmentKind::Delivery, delivery)])
}

impl RoutingPolicy {
    #[must_use]
    pub fn substitution_answer_ms(&self) -> i64 {
        self.substitution_answer_within_ms.unwrap_or(30 * 60_000)
    }
}

impl Default for RoutingPolicy {
    fn default() -> Self {
        let stores = BTreeSet::from([StoreKind::Store]);
        let centres = BTreeSet::from([StoreKind::DistributionCentre]);
        let all = StoreKind::ALL.into_iter().collect();
        let split = rung(("split", "no single node has all of it"), &all, Some(300.0), balanced());
        let centre = ("distribution_centre", "no store can, the distribution centre does");
        let regional = ("regional", "nobody nearer can, a store of the customer's region does");
        let regional = rung(regional, &stores, None, balanced());
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
            substitution_answer_within_ms: None,
            consolidate: Consolidate::default(),
            ladder: vec![
                rung(("closest", "the closest store that can"), &stores, Some(50.0), Weights::default()),
                rung(("radius", "the best store within reach"), &stores, Some(300.0), balanced()),
                rung(centre, &centres, None, balanced()),
                Rung { region: Regions::Same, ..regional },
                Rung { cover: Cover::Part, ..split },
            ],
            ladder_of: usual_ladders(),
        }
    }
}

#[cfg(test)]
mod tests;
