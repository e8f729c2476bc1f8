//! The decisions of another system, compared with central's of the same order line, whichever came first.

use super::judge::{Case, Evidence, because, judge};
use super::said::{Said, said};
use super::severity::is_later;
use super::words::{Against, Foreign};
use super::{Compared, Outcome, Tolerance};
use crate::core::exception::Category;
use crate::core::routing::decision::{Decision, Recorded};
use crate::core::steering::Steering;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{LineNo, Sku, StoreId};
use holdfast_shared::limits::{QUANTITY_MAX, SHADOW_BATCH_MAX, SHADOW_RERUNS_MAX};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::ToSchema;

/// How long either side is waited for.
pub const WAIT_MS: i64 = 15 * 60 * 1000;

/// What another system decided of units of one order line. A line that it split comes in several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegacyDecision {
    /// Its own id of the decision: sent again, it counts once.
    pub id: Foreign,
    /// The order's id here, or the reference that its channel gave it.
    pub order: Foreign,
    pub line: LineNo,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Foreign>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Foreign>,
    /// Absent when it found none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Foreign>,
    #[schema(example = "ship")]
    pub kind: Foreign,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_at: Option<UtcMs>,
    /// Units of the line that this is about.
    #[schema(example = 1)]
    pub quantity: i64,
    pub decided_at: UtcMs,
    /// The class of the exception that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "backorder")]
    pub exception: Option<Foreign>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBatch {
    #[error("decisions holds 1 to {SHADOW_BATCH_MAX}; this one holds {0}")]
    Count(usize),
    #[error("decisions[{index}].quantity is {quantity}: expected 1 to {QUANTITY_MAX}")]
    Quantity { index: usize, quantity: i64 },
    #[error("decisions[{index}].id is {id}, as that of an earlier one")]
    Twice { index: usize, id: Foreign },
}

pub fn check(batch: &[LegacyDecision]) -> Result<(), BadBatch> {
    if batch.is_empty() || batch.len() > SHADOW_BATCH_MAX {
        return Err(BadBatch::Count(batch.len()));
    }
    let mut seen = BTreeSet::new();
    for (index, one) in batch.iter().enumerate() {
        if !(1..=QUANTITY_MAX).contains(&one.quantity) {
            return Err(BadBatch::Quantity { index, quantity: one.quantity });
        }
        if !seen.insert(&one.id) {
            return Err(BadBatch::Twice { index, id: one.id.clone() });
        }
    }
    Ok(())
}

/// What central knows of the order.
#[derive(Debug, Clone)]
pub struct Ours<'a> {
    pub order: &'a Foreign,
    pub kind: FulfilmentKind,
    pub channel: &'a str,
    pub promised: Option<UtcMs>,
    pub skus: &'a BTreeMap<LineNo, Sku>,
    /// Oldest first.
    pub decisions: &'a [(Decision, Option<Recorded>)],
    pub stores: &'a BTreeSet<StoreId>,
}

/// The version that made a decision, when it can still be read.
pub type Versions<'a> = &'a dyn Fn(&Decision) -> Option<Arc<Steering>>;

/// None: one of the sides has not said all of it yet, and there is time left.
#[must_use]
pub fn compare(
    rows: &[LegacyDecision],
    line: LineNo,
    ours: &Ours<'_>,
    versions: Versions<'_>,
    over: bool,
) -> Option<Compared> {
    let tolerance = Tolerance::default();
    let decisions: Vec<&Decision> = ours.decisions.iter().map(|(decision, _)| decision).collect();
    let here = said(&decisions, ours.kind, line).map(|(_, said)| said);
    let there = together(rows, here.as_ref().map(|here| here.wanted));
    let unknown_line = !ours.skus.contains_key(&line);
    let unmapped = rows.iter().find_map(|row| unmapped(row, ours));
    let unmapped = unmapped.filter(|_| here.is_some() || unknown_line);
    let settled = |said: &Said| said.short() <= 0 || said.exception.is_some();
    let complete = here.as_ref().is_some_and(settled) && there.as_ref().is_some_and(settled);
    if !complete && !unknown_line && !over {
        return None;
    }
    let mut evidence = Evidence { unmapped, ..Evidence::default() };
    if let (Some(here), Some(there)) = (&here, &there) {
        evidence.same_then = same_then(ours, line, (here, there), versions, tolerance);
        let last = ours.decisions.iter().rev().map(|(decision, _)| decision).find(|made| made.at == here.at);
        evidence.because = last.and_then(|decision| because(decision, here, there));
    }
    let found = judge(&Case {
        here: here.as_ref(),
        there: there.as_ref(),
        promised: ours.promised,
        tolerance,
        against: Against::Legacy,
        evidence: &evidence,
    });
    Some(Compared {
        order: ours.order.clone(),
        line,
        decision: None,
        sku: ours.skus.get(&line).cloned(),
        here,
        there,
        outcome: found.map_or(Outcome::Equal, Outcome::Differs),
    })
}

/// Of an order that is not known here, or of which several are, when nobody waits for it any more.
#[must_use]
pub fn compare_unknown(rows: &[LegacyDecision], order: &Foreign, line: LineNo, orders: usize) -> Compared {
    let there = together(rows, None);
    let several = format!("{orders} orders have the reference {order}");
    let evidence = Evidence { unmapped: (orders > 1).then_some(several), ..Evidence::default() };
    let found = judge(&Case {
        here: None,
        there: there.as_ref(),
        promised: None,
        tolerance: Tolerance::default(),
        against: Against::Legacy,
        evidence: &evidence,
    });
    Compared {
        order: order.clone(),
        line,
        decision: None,
        sku: None,
        here: None,
        there,
        outcome: found.map_or(Outcome::Equal, Outcome::Differs),
    }
}

/// Of a line of which the other system has said nothing.
#[must_use]
pub fn compare_unheard(line: LineNo, ours: &Ours<'_>) -> Option<Compared> {
    compare(&[], line, ours, &|_| None, true).filter(|compared| compared.here.is_some())
}

fn together(rows: &[LegacyDecision], wanted: Option<i64>) -> Option<Said> {
    let first = rows.first()?;
    let told = rows.iter().map(|row| row.quantity).fold(0, i64::saturating_add);
    let mut nodes: BTreeMap<Foreign, i64> = BTreeMap::new();
    for row in rows {
        if let Some(node) = &row.node {
            let units = nodes.entry(node.clone()).or_default();
            *units = units.saturating_add(row.quantity);
        }
    }
    Some(Said {
        nodes,
        wanted: wanted.unwrap_or(told),
        kind: first.kind.clone(),
        promise: rows.iter().filter_map(|row| row.promised_at).max(),
        cost: None,
        exception: rows.iter().find_map(|row| row.exception.clone()),
        waits_for: None,
        at: rows.iter().map(|row| row.decided_at).max().unwrap_or(first.decided_at),
    })
}

/// What of a row is not known here, in words.
fn unmapped(row: &LegacyDecision, ours: &Ours<'_>) -> Option<String> {
    let Some(sku) = ours.skus.get(&row.line) else {
        return Some(format!("order {} has no line {} here", ours.order, row.line));
    };
    let kind = ours.kind.as_str();
    if row.kind.as_str() != kind {
        return Some(format!("the kind is {} there and {kind} here", row.kind));
    }
    if let Some(theirs) = row.sku.as_ref().filter(|theirs| theirs.as_str() != sku.as_str()) {
        return Some(format!("the SKU of the line is {theirs} there and {sku} here"));
    }
    if let Some(theirs) = row.channel.as_ref().filter(|theirs| theirs.as_str() != ours.channel) {
        return Some(format!("the channel is {theirs} there and {} here", ours.channel));
    }
    let known = |node: &Foreign| ours.stores.iter().any(|store| store.as_str() == node.as_str());
    if let Some(node) = row.node.as_ref().filter(|node| !known(node)) {
        let alike = ours.stores.iter().find(|store| node.resembles(store.as_str()));
        let guess = alike.map(|store| format!("; it may be {store}")).unwrap_or_default();
        return Some(format!("the node {node} is not known here{guess}"));
    }
    let classed = |class: &Foreign| Category::ALL.iter().any(|known| known.as_str() == class.as_str());
    let class = row.exception.as_ref().filter(|class| !classed(class))?;
    Some(format!("exceptions of the class {class} are not known here"))
}

/// Whether central chooses the same as the other side when it is asked as of the other's time, or when it
/// decided again with what was known at another time.
fn same_then(
    ours: &Ours<'_>,
    line: LineNo,
    (here, there): (&Said, &Said),
    versions: Versions<'_>,
    tolerance: Tolerance,
) -> Option<String> {
    let alike = |said: &Said| {
        let apart = is_later(said, there, tolerance) || is_later(there, said, tolerance);
        said.nodes == there.nodes && !there.nodes.is_empty() && !apart
    };
    if alike(here) {
        return None;
    }
    let about = ours.decisions.iter().filter(|(made, _)| made.demand.iter().any(|part| part.line == line));
    about.take(SHADOW_RERUNS_MAX).find_map(|(made, inputs)| {
        let decided = said(&[made], ours.kind, line)?.1;
        if alike(&decided) {
            return Some(format!("central chose the same when it decided again ({})", made.decision));
        }
        let (inputs, version) = (inputs.as_ref()?, versions(made)?);
        let then = Decision { at: there.at, ..made.clone() };
        let routing = version.routing_of(inputs.demand.brand.as_ref());
        let asked = inputs.again(&then, routing, &version.carriers).instead?;
        let asked = said(&[&asked], ours.kind, line)?.1;
        alike(&asked).then(|| "asked as of the time of the other side, central chooses the same".to_owned())
    })
}
