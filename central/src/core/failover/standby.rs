//! Plan B of an assignment: who stood second in the decision that gave the work away. They are asked
//! before all others when the work fails over, if that still holds.

use crate::core::eligibility::Standing;
use crate::core::routing::Guide;
use crate::core::routing::decision::{Choice, Decision, Demand, DemandLine, Node, Verdict};
use crate::core::routing::fleet_index::FleetIndex;
use holdfast_shared::ids::{DecisionId, LineNo, StoreId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// Who stood second when `store` was given the work; nobody when nobody else could have taken it.
#[must_use]
pub fn standby(decisions: &[Decision], store: &StoreId) -> Vec<StoreId> {
    let gave = decisions.iter().rev().find(|decision| gives_to(decision, store));
    let second = gave.and_then(|decision| decision.runner_up.as_ref());
    let parcels = second.map(|plan| plan.parcels.as_slice()).unwrap_or_default();
    let others = parcels.iter().map(|parcel| &parcel.store).filter(|second| *second != store);
    others.cloned().collect()
}

fn gives_to(decision: &Decision, store: &StoreId) -> bool {
    match &decision.choice {
        // What was gathered instead gave nothing away.
        Choice::Assign(_) if decision.gather.is_some() => false,
        Choice::Assign(plan) => plan.parcels.iter().any(|parcel| parcel.store == *store),
        Choice::Hold { .. } | Choice::Backorder { .. } => false,
    }
}

/// The decision by which the standby takes all that is open, or why it does not. Routing itself
/// decides, over these nodes alone, so nothing is chosen here that a rule refuses; and only while
/// they are eligible, because suspect nodes are asked after all eligible ones.
pub fn still_holds(
    demand: &Demand,
    (standby, nodes): (&[StoreId], &[Node]),
    guide: &Guide<'_>,
    decision: DecisionId,
    now: UtcMs,
) -> Result<Decision, String> {
    for store in standby {
        let node = nodes.iter().find(|node| node.store.store == *store);
        let Some(node) = node else { return Err(format!("{store} is not known any more")) };
        match node.eligibility.standing {
            Standing::Eligible => {}
            Standing::Suspect | Standing::Ineligible => {
                let standing = node.eligibility.standing.as_str();
                return Err(format!("{store} is {standing}: {}", node.eligibility.why()));
            }
        }
    }
    if demand.promise_by.is_some_and(|promise_by| promise_by <= now) {
        return Err(String::from("what was promised is over, and whoever is best now gets it"));
    }
    let mut decided = guide.route(demand, &FleetIndex::of(nodes.to_vec()), decision, now);
    let named = names(standby);
    match &mut decided.choice {
        Choice::Assign(plan) => {
            if by_line(plan.parcels.iter().flat_map(|parcel| &parcel.lines)) != by_line(&demand.lines) {
                return Err(format!("{named} can take a part of it only"));
            }
            let planned = |words: &str| format!("Plan B, as decided with the first assignment: {words}");
            for parcel in &mut plan.parcels {
                parcel.words = planned(if parcel.words.is_empty() { &decided.words } else { &parcel.words });
            }
            decided.words = planned(&decided.words);
            Ok(decided)
        }
        Choice::Hold { why, .. } => Err(format!("{named} would be waited for: {why}")),
        Choice::Backorder { .. } => Err(refusal(&decided, &named)),
    }
}

/// For people: `york`, `york and hull`.
#[must_use]
pub fn names(stores: &[StoreId]) -> String {
    stores.iter().map(StoreId::as_str).collect::<Vec<_>>().join(" and ")
}

fn by_line<'a>(lines: impl IntoIterator<Item = &'a DemandLine>) -> BTreeMap<LineNo, i64> {
    let mut units: BTreeMap<LineNo, i64> = BTreeMap::new();
    for line in lines {
        let of_line = units.entry(line.line).or_default();
        *of_line = of_line.saturating_add(line.quantity);
    }
    units
}

/// The last word that a rule had about them.
fn refusal(decided: &Decision, named: &str) -> String {
    let told = decided.rungs.iter().rev().flat_map(|rung| &rung.candidates);
    let words = told.filter_map(|candidate| match &candidate.verdict {
        Verdict::Refused { rule, words } if !matches!(rule.as_ref(), "node_kind" | "radius") => Some(words),
        Verdict::Refused { .. } | Verdict::Scored { .. } => None,
    });
    let why = words
        .into_iter()
        .next()
        .map_or_else(|| "no rung of the ladder takes it".to_owned(), ToString::to_string);
    format!("{named} cannot take it any more: {why}")
}

#[cfg(test)]
mod tests;
