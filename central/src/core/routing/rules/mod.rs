//! The rules, one file each: the first that says no refuses the node, with the values it used.
//! Adding one is one file and one line in [`RULES`]. Cheap and telling ones come first.

mod capacity;
mod eligible;
mod fulfils;
mod node_kind;
mod pickup_store;
mod radius;
mod recovering;
mod splits;
pub mod stock;
mod tried;

use super::decision::{Demand, Node};
use super::policy::{RoutingPolicy, Rung};

/// The question that a rule answers about a node.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub demand: &'a Demand,
    pub rung: &'a Rung,
    pub policy: &'a RoutingPolicy,
    pub distance_km: f64,
    /// No eligible node could take it: suspect ones are asked as well.
    pub suspects_too: bool,
}

pub trait Rule: Sync {
    fn name(&self) -> &'static str;
    /// Why this node cannot take it, in words; none when this rule does not object.
    fn refuse(&self, ask: &Ask<'_>, node: &Node) -> Option<String>;
}

pub const RULES: &[&dyn Rule] = &[
    &node_kind::NodeKind,
    &pickup_store::PickupStore,
    &radius::Radius,
    &fulfils::Fulfils,
    &tried::Tried,
    &eligible::Eligible,
    &recovering::Recovering,
    &capacity::Capacity,
    &splits::Splits,
    &stock::Stock,
];

/// The first rule that refuses, by name, with its words.
#[must_use]
pub fn refusal(ask: &Ask<'_>, node: &Node) -> Option<(&'static str, String)> {
    RULES.iter().find_map(|rule| rule.refuse(ask, node).map(|words| (rule.name(), words)))
}
