//! The rules, one file each: the first that says no refuses the node, with the values it used.
//! Adding one is one file and one line in [`RULES`]. Cheap and telling ones come first.

mod capacity;
mod confidence;
mod constraints;
mod delivery_reach;
mod eligible;
mod feeds;
mod fulfils;
pub mod giving;
mod node_kind;
mod parcel_value;
mod pickup_store;
pub(super) mod promise;
mod radius;
mod recovering;
mod region;
pub mod splits;
mod stock;
mod tried;

use super::Dates;
use super::decision::{Demand, DemandLine, Node};
use super::fleet_index::NodeNo;
use super::geo::{Edge, km_of};
use super::glance::{Glance, Handlings, Trade};
use super::policy::{RoutingPolicy, Rung};
use super::shelved::OnShelf;
use super::why::Why;
use crate::core::carriers::{NoDate, Way};
use crate::core::fleet::Handling;
use holdfast_shared::ids::{LineNo, RegionId, Sku};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// The question that a rule answers about a node.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub demand: &'a Demand,
    pub wanted: &'a [Wanted<'a>],
    pub rung: &'a Rung,
    /// Where its reach ends, if it ends.
    pub edge: Option<Edge>,
    pub policy: &'a RoutingPolicy,
    /// No eligible node could take it: suspect ones are asked as well.
    pub suspects_too: bool,
    pub now: UtcMs,
    /// None: nothing is known of carriers, and no date is asked for.
    pub dates: Option<Dates<'a>>,
    /// The customer's region, as far as the rung asks for it and anybody knows it.
    pub home: Option<&'a RegionId>,
}

/// One line of a demand, with what is known of its goods.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub line: &'a DemandLine,
    pub needs: Option<&'a BTreeSet<Handling>>,
    /// The same.
    pub asks: Handlings,
    pub price: Option<Money>,
    /// Units of the same SKU that lines before this one want.
    pub before: i64,
}

impl<'a> Wanted<'a> {
    /// The lines that want something.
    #[must_use]
    pub fn of(demand: &'a Demand) -> Vec<Self> {
        let wants = |line: &&DemandLine| line.quantity > 0;
        let earlier = |line: LineNo, sku: &Sku| {
            let same = demand.lines.iter().filter(wants).take_while(move |other| other.line != line);
            same.filter(|other| other.sku == *sku)
                .fold(0_i64, |sum, other| sum.saturating_add(other.quantity))
        };
        let lines = demand.lines.iter().filter(wants);
        lines
            .map(|line| {
                let needs = if demand.needs.is_empty() { None } else { demand.needs.get(&line.sku) };
                Self {
                    line,
                    needs,
                    asks: needs.map(Handlings::of).unwrap_or_default(),
                    price: demand.prices.get(&line.line).copied(),
                    before: if demand.lines.len() == 1 { 0 } else { earlier(line.line, &line.sku) },
                }
            })
            .collect()
    }
}

/// A node beside one demand, on one rung.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    pub(super) number: NodeNo,
    pub glance: &'a Glance,
    pub trade: &'a Trade,
    pub node: &'a Node,
    /// How far it is, before anybody has asked for kilometres.
    pub chord_squared: f64,
    /// What it has of each line, in their order; none is unknown.
    pub shelves: &'a [Option<OnShelf<'a>>],
    /// Once a rule or scorer has asked for it.
    distance_km: OnceCell<f64>,
    /// Of what it would give, once a rule or scorer has asked for it; see [`promise::journey`].
    pub(super) journey: OnceCell<Option<Result<Way, NoDate>>>,
}

impl<'a> Seen<'a> {
    #[must_use]
    pub fn of(
        number: NodeNo,
        (glance, trade, node): (&'a Glance, &'a Trade, &'a Node),
        chord_squared: f64,
        shelves: &'a [Option<OnShelf<'a>>],
    ) -> Self {
        let (distance_km, journey) = (OnceCell::new(), OnceCell::new());
        Self { number, glance, trade, node, chord_squared, shelves, distance_km, journey }
    }

    /// Most nodes are refused before anybody asks.
    #[must_use]
    pub fn distance_km(&self) -> f64 {
        *self.distance_km.get_or_init(|| km_of(self.chord_squared))
    }
}

/// What a refusal speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The rung asks others: such nodes are counted, and not listed one by one.
    Rung,
    /// The node, the order, or both.
    Node,
    /// How the node stands just now: on another day it might have had it.
    Today,
}

pub trait Rule: Sync + std::fmt::Debug {
    fn name(&self) -> &'static str;
    fn about(&self) -> About {
        About::Node
    }
    /// Whether it can refuse anybody at all of those that the rung asks. Asked once for all of them.
    fn applies(&self, _: &Ask<'_>) -> bool {
        true
    }
    /// Whether it refuses nobody who is clear ([`ForKind::clear`](super::glance::ForKind)): it need not be asked
    /// of them then.
    fn spares_the_clear(&self) -> bool {
        false
    }
    /// Whether this node cannot take it. Asked of very many: nothing is put into words here.
    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool;
    /// Takes out of `left` those of these nodes that it refuses, by their places. One call for many of them: what
    /// is asked of each is then known to the compiler.
    fn sift(&self, ask: &Ask<'_>, seen: &[Seen<'_>], left: &mut Vec<usize>, refused: &mut Vec<usize>) {
        left.retain(|place| {
            let refuses = seen.get(*place).is_some_and(|seen| self.refuses(ask, seen));
            if refuses {
                refused.push(*place);
            }
            !refuses
        });
    }
    /// Why, with the values, of a node that it refuses.
    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String;
    /// The same as values that become words later, where very many nodes are refused by it.
    fn why(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> Why {
        Why::Told(self.words(ask, seen))
    }
}

pub const RULES: &[&dyn Rule] = &[
    &node_kind::NodeKind,
    &pickup_store::PickupStore,
    &region::Region,
    &feeds::Feeds,
    &radius::Radius,
    &fulfils::Fulfils,
    &delivery_reach::DeliveryReach,
    &tried::Tried,
    &eligible::Eligible,
    &recovering::Recovering,
    &capacity::Capacity,
    &splits::Splits,
    &constraints::Constraints,
    &confidence::Confidence,
    &stock::Stock,
    &promise::Promise,
    &parcel_value::ParcelValue,
];

/// Those that have something to say, in their order.
pub fn apply<'a>(ask: &'a Ask<'_>) -> impl Iterator<Item = &'static dyn Rule> + 'a {
    RULES.iter().copied().filter(|rule| rule.applies(ask))
}

/// A rule with its place among all of them.
#[derive(Debug, Clone, Copy)]
pub struct Numbered {
    pub number: usize,
    pub rule: &'static dyn Rule,
}

/// The rules of one rung, made ready to be asked of many nodes.
#[derive(Debug)]
pub struct Sieve {
    all: Vec<Numbered>,
    /// Without those that need not be asked of who is clear: of most nodes that are nearly half of them.
    of_clear: Vec<Numbered>,
}

impl Sieve {
    #[must_use]
    pub fn of(ask: &Ask<'_>) -> Self {
        let numbered = RULES.iter().enumerate().map(|(number, rule)| Numbered { number, rule: *rule });
        let all: Vec<Numbered> = numbered.filter(|numbered| numbered.rule.applies(ask)).collect();
        let of_clear = all.iter().copied().filter(|numbered| !numbered.rule.spares_the_clear()).collect();
        Self { all, of_clear }
    }

    #[must_use]
    pub fn begins_with(&self, name: &str) -> bool {
        self.all.first().is_some_and(|first| first.rule.name() == name)
    }

    /// The first that says no.
    #[must_use]
    pub fn refused(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> Option<Numbered> {
        let clear = seen.glance.for_kind(ask.demand.kind).clear;
        let rules = if clear { &self.of_clear } else { &self.all };
        rules.iter().copied().find(|numbered| numbered.rule.refuses(ask, seen))
    }

    /// Of each of these nodes the first that says no. Rule by rule, and not node by node: a node is no longer asked
    /// about once it is refused.
    #[must_use]
    pub fn sift(&self, ask: &Ask<'_>, seen: &[Seen<'_>]) -> Vec<Option<Numbered>> {
        let mut first = vec![None; seen.len()];
        let (mut clear, mut others) = (Vec::with_capacity(seen.len()), Vec::new());
        for (place, seen) in seen.iter().enumerate() {
            let is_clear = seen.glance.for_kind(ask.demand.kind).clear;
            if is_clear { &mut clear } else { &mut others }.push(place);
        }
        let mut refused = Vec::with_capacity(seen.len());
        for (rules, left) in [(&self.of_clear, &mut clear), (&self.all, &mut others)] {
            for numbered in rules {
                numbered.rule.sift(ask, seen, left, &mut refused);
                for place in refused.drain(..) {
                    if let Some(first) = first.get_mut(place) {
                        *first = Some(*numbered);
                    }
                }
            }
        }
        first
    }

    /// Refused by nothing but how it stands today.
    #[must_use]
    pub fn only_today(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        let mut others = self.all.iter().filter(|numbered| numbered.rule.about() != About::Today);
        !others.any(|numbered| numbered.rule.refuses(ask, seen))
    }
}
