//! Enough to sell of every line, or of one line where the rung may split. Absent is unknown, and
//! counts as none.

use super::{Ask, Rule};
use crate::core::routing::decision::{Demand, DemandLine, Node};
use crate::core::routing::policy::Cover;
use holdfast_shared::ids::Sku;
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct Stock;

impl Rule for Stock {
    fn name(&self) -> &'static str {
        "stock"
    }

    fn refuse(&self, ask: &Ask<'_>, node: &Node) -> Option<String> {
        let covered = covered(ask.demand, node).len();
        let lacks = match ask.rung.cover {
            Cover::Whole => covered < ask.demand.lines.len(),
            Cover::Part => covered == 0,
        };
        lacks.then(|| words(ask.demand, node))
    }
}

/// The lines that the node can take in full, from its stock, in the order of the lines.
#[must_use]
pub fn covered(demand: &Demand, node: &Node) -> Vec<DemandLine> {
    let mut left: BTreeMap<&Sku, i64> = BTreeMap::new();
    demand
        .lines
        .iter()
        .filter(|line| {
            let units =
                left.entry(&line.sku).or_insert_with(|| node.available.get(&line.sku).copied().unwrap_or(0));
            let enough = line.quantity > 0 && line.quantity <= *units;
            if enough {
                *units = units.saturating_sub(line.quantity);
            }
            enough
        })
        .cloned()
        .collect()
}

/// The first line that the node lacks, with the values.
fn words(demand: &Demand, node: &Node) -> String {
    let can = covered(demand, node);
    let lacking = demand.lines.iter().find(|line| !can.contains(line));
    lacking.map_or_else(
        || String::from("nothing is asked for"),
        |line| match node.available.get(&line.sku) {
            None => format!("stock of {} is not known there", line.sku),
            Some(units) => format!("{units} of {} to sell, {} wanted", line.sku, line.quantity),
        },
    )
}
