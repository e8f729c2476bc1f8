//! Walks the ladder. First with eligible nodes only, from its top to its bottom; when none of them
//! can take it, once more with the suspect ones.

use super::decision::{Candidate, Choice, Decision, Demand, DemandLine, Node, RungRecord, Verdict};
use super::geo::distance_km;
use super::policy::{RoutingPolicy, Rung};
use super::rules::stock::covered;
use super::rules::{Ask, refusal};
use super::scorers::terms;
use crate::core::eligibility::Standing;
use holdfast_shared::ids::DecisionId;
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// Which node takes which of the open lines. It covers one node; what stays open is routed again.
#[must_use]
pub fn route(
    demand: &Demand,
    nodes: &[Node],
    policy: &RoutingPolicy,
    decision: DecisionId,
    now: UtcMs,
) -> Decision {
    let mut rungs = Vec::new();
    let mut chosen = None;
    let any_suspect = nodes.iter().any(|node| node.eligibility.standing == Standing::Suspect);
    for suspects_too in [false, true] {
        if suspects_too && (chosen.is_some() || !any_suspect) {
            break;
        }
        for rung in &policy.ladder {
            let (record, best) = climb(demand, nodes, policy, rung, suspects_too);
            rungs.push(record);
            if let Some(best) = best {
                chosen = Some((rung, best));
                break;
            }
        }
    }
    let (choice, words) = match chosen {
        Some((rung, best)) => assign(demand, rung, best),
        None => backorder(&rungs),
    };
    Decision {
        decision,
        order: demand.order.clone(),
        at: now,
        policy: policy.name.clone(),
        demand: demand.lines.clone(),
        rungs,
        choice,
        words,
    }
}

/// A node that could take it, with what decides between several.
struct Scored<'a> {
    node: &'a Node,
    distance_km: f64,
    lines: Vec<DemandLine>,
    score: f64,
}

fn climb<'a>(
    demand: &Demand,
    nodes: &'a [Node],
    policy: &RoutingPolicy,
    rung: &Rung,
    suspects_too: bool,
) -> (RungRecord, Option<Scored<'a>>) {
    let mut candidates = Vec::with_capacity(nodes.len());
    let mut best: Option<Scored<'a>> = None;
    for node in nodes {
        let distance_km = distance_km(demand.destination, node.store.place);
        let ask = Ask { demand, rung, policy, distance_km, suspects_too };
        let verdict = if let Some((rule, words)) = refusal(&ask, node) {
            Verdict::Refused { rule: rule.to_owned(), words }
        } else {
            let terms = terms(&ask, node);
            let score = terms.values().sum();
            let lines = covered(demand, node);
            let scored = Scored { node, distance_km, lines, score };
            if best.as_ref().is_none_or(|best| better(&scored, best)) {
                best = Some(scored);
            }
            Verdict::Scored { score, terms }
        };
        candidates.push(Candidate { store: node.store.store.clone(), distance_km, verdict });
    }
    let name = if suspects_too { format!("{}, suspect too", rung.name) } else { rung.name.clone() };
    (record(name, candidates, policy.candidates_told_max), best)
}

/// More lines at once, then the lower score, then the smaller id, so that the order in which the
/// nodes are passed in decides nothing.
fn better(one: &Scored<'_>, other: &Scored<'_>) -> bool {
    other
        .lines
        .len()
        .cmp(&one.lines.len())
        .then(one.score.total_cmp(&other.score))
        .then(one.node.store.store.cmp(&other.node.store.store))
        .is_lt()
}

/// Those that could take it first, then the nearest; the rest is counted by rule.
fn record(rung: String, mut candidates: Vec<Candidate>, told_max: usize) -> RungRecord {
    candidates.sort_by(|one, other| {
        let refused = |candidate: &Candidate| matches!(candidate.verdict, Verdict::Refused { .. });
        refused(one)
            .cmp(&refused(other))
            .then(one.distance_km.total_cmp(&other.distance_km))
            .then(one.store.cmp(&other.store))
    });
    let mut left_out: BTreeMap<String, u32> = BTreeMap::new();
    for candidate in candidates.iter().skip(told_max) {
        let rule = match &candidate.verdict {
            Verdict::Refused { rule, .. } => rule.as_str(),
            Verdict::Scored { .. } => "scored",
        };
        let count = left_out.entry(rule.to_owned()).or_default();
        *count = count.saturating_add(1);
    }
    candidates.truncate(told_max);
    RungRecord { rung, candidates, left_out }
}

fn assign(demand: &Demand, rung: &Rung, best: Scored<'_>) -> (Choice, String) {
    let store = best.node.store.store.clone();
    let extent = if best.lines.len() == demand.lines.len() { "" } else { ", a part of it" };
    let what = format!("{}{extent}", goods(&best.lines));
    let how = match &demand.pickup_store {
        Some(_) => String::from("the customer collects there"),
        None => format!("{}, {:.1} km away", rung.words, best.distance_km),
    };
    let standing = match best.node.eligibility.standing {
        Standing::Eligible => String::new(),
        Standing::Suspect | Standing::Ineligible => {
            format!("; it is suspect ({}), and no eligible node could take it", best.node.eligibility.why())
        }
    };
    let words = format!("{store} takes {what}: {how}{standing}.");
    (Choice::Assign { rung: rung.name.clone(), store, lines: best.lines }, words)
}

const GOODS_TOLD_MAX: usize = 3;

fn goods(lines: &[DemandLine]) -> String {
    let told: Vec<String> =
        lines.iter().take(GOODS_TOLD_MAX).map(|line| format!("{} x {}", line.quantity, line.sku)).collect();
    let more = lines.len().saturating_sub(told.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", told.join(", "))
}

/// Why nobody takes it: how many nodes each rule refused, by the last telling rule of each.
fn backorder(rungs: &[RungRecord]) -> (Choice, String) {
    let mut last_word: BTreeMap<&str, &str> = BTreeMap::new();
    for candidate in rungs.iter().flat_map(|record| &record.candidates) {
        if let Verdict::Refused { rule, .. } = &candidate.verdict {
            let telling = !matches!(rule.as_str(), "node_kind" | "radius" | "pickup_store");
            if telling || !last_word.contains_key(candidate.store.as_str()) {
                last_word.insert(candidate.store.as_str(), rule.as_str());
            }
        }
    }
    let mut by_rule: BTreeMap<&str, u32> = BTreeMap::new();
    for rule in last_word.values() {
        let count = by_rule.entry(*rule).or_default();
        *count = count.saturating_add(1);
    }
    let why = if by_rule.is_empty() {
        String::from("there is no node")
    } else {
        let told: Vec<String> =
            by_rule.iter().map(|(rule, count)| format!("{count} by {}", rule.replace('_', " "))).collect();
        format!("nodes refused: {}", told.join(", "))
    };
    let words = format!("Backordered: no node can take it now ({why}).");
    (Choice::Backorder { why }, words)
}

#[cfg(test)]
mod tests;
