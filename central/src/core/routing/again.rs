//! What a decision was made from, kept small, so that it can be made again under another policy.

use super::decision::{Choice, Decision, Demand, Plan, Recorded, RungRecord, Verdict};
use super::fleet_index::FleetIndex;
use super::policy::RoutingPolicy;
use super::route::Guide;
use crate::core::carriers::CarrierPolicy;
use holdfast_shared::ids::{DecisionId, StoreId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

impl Recorded {
    /// The same order before the same nodes, by another policy.
    #[must_use]
    pub fn again(&self, was: &Decision, policy: &RoutingPolicy, carriers: &CarrierPolicy) -> Again {
        let fleet = FleetIndex::of(self.nodes.clone());
        let guide = Guide::of(policy).with_carriers(carriers);
        let instead = once_more(&guide, &self.demand, &fleet, was);
        let same = is_same(&was.choice, &instead.choice);
        Again {
            decision: was.decision.clone(),
            policy: policy.name.clone(),
            same,
            difference: difference(was, &instead, same),
            instead: Some(instead),
            unrecorded: self.unrecorded,
        }
    }
}

/// At the time of a decision, before these nodes. Late is better than never, as it was then.
#[must_use]
pub fn once_more(guide: &Guide<'_>, demand: &Demand, fleet: &FleetIndex, was: &Decision) -> Decision {
    let route = |demand: &Demand| guide.route(demand, fleet, was.decision.clone(), was.at);
    let in_time = route(demand);
    let late = matches!(in_time.choice, Choice::Backorder { .. })
        .then(|| demand.promise_by.map(|_| Demand { promise_by: None, ..demand.clone() }))
        .flatten()
        .map(|demand| route(&demand))
        .filter(|late| matches!(late.choice, Choice::Assign(_)));
    late.unwrap_or(in_time)
}

/// What another policy would have made of a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Again {
    pub decision: DecisionId,
    pub policy: String,
    /// The same nodes would have had the same.
    pub same: bool,
    /// The first rung, rule or term that made it another, in words.
    pub difference: String,
    /// Absent where what it was made from is not kept.
    pub instead: Option<Decision>,
    /// Nodes of which nothing is kept: one of them might have been chosen.
    pub unrecorded: u32,
}

impl Again {
    /// Of a decision of before inputs were kept.
    #[must_use]
    pub fn unknown(was: &Decision, policy: &RoutingPolicy) -> Self {
        Self {
            decision: was.decision.clone(),
            policy: policy.name.clone(),
            same: false,
            difference: String::from("not known: what this decision was made from is not kept"),
            instead: None,
            unrecorded: 0,
        }
    }
}

/// Whether the same nodes have the same, or nobody has it in both.
#[must_use]
pub fn is_same(was: &Choice, is: &Choice) -> bool {
    match (was, is) {
        (Choice::Assign(was), Choice::Assign(is)) => given(was) == given(is),
        (Choice::Hold { store: was, .. }, Choice::Hold { store: is, .. }) => was == is,
        (Choice::Backorder { .. }, Choice::Backorder { .. }) => true,
        (Choice::Assign(_) | Choice::Hold { .. } | Choice::Backorder { .. }, _) => false,
    }
}

fn given(plan: &Plan) -> BTreeMap<&StoreId, BTreeMap<u32, i64>> {
    let units = |parcel: &super::decision::Parcel| {
        parcel.lines.iter().map(|line| (line.line.0, line.quantity)).collect()
    };
    plan.parcels.iter().map(|parcel| (&parcel.store, units(parcel))).collect()
}

/// The first rung, rule or term that made one of the other, in words.
#[must_use]
pub fn difference(was: &Decision, is: &Decision, same: bool) -> String {
    if same {
        return String::from("the same would have been chosen");
    }
    let named: BTreeSet<&StoreId> = chosen(&was.choice).chain(chosen(&is.choice)).collect();
    for (before, after) in was.rungs.iter().zip(&is.rungs) {
        if before.rung != after.rung {
            return format!("it asks on the rung {} where it asked on {}", after.rung, before.rung);
        }
        if let Some(told) = on_rung(before, after, &named) {
            return told;
        }
    }
    match (was.rungs.get(is.rungs.len()), is.rungs.get(was.rungs.len())) {
        (Some(_), _) => format!("it goes no farther than the rung {}", last(is)),
        (None, Some(next)) => format!("it goes on to the rung {} after {}", next.rung, last(was)),
        (None, None) => String::from("the same nodes could take it, and it is shared out in another way"),
    }
}

fn last(decision: &Decision) -> &str {
    decision.rungs.last().map_or("none", |rung| rung.rung.as_str())
}

fn chosen(choice: &Choice) -> impl Iterator<Item = &StoreId> {
    let (plan, held) = match choice {
        Choice::Assign(plan) => (Some(plan), None),
        Choice::Hold { store, .. } => (None, Some(store)),
        Choice::Backorder { .. } => (None, None),
    };
    plan.into_iter().flat_map(|plan| plan.parcels.iter().map(|parcel| &parcel.store)).chain(held)
}

/// Of those that either chose first, then of the others.
fn on_rung(before: &RungRecord, after: &RungRecord, named: &BTreeSet<&StoreId>) -> Option<String> {
    let was: BTreeMap<&StoreId, &Verdict> =
        before.candidates.iter().map(|candidate| (&candidate.store, &candidate.verdict)).collect();
    let differs = |want_named: bool| {
        after
            .candidates
            .iter()
            .filter(move |candidate| named.contains(&candidate.store) == want_named)
            .find_map(|candidate| {
                let told = of_node(was.get(&candidate.store)?, &candidate.verdict)?;
                Some(format!("on the rung {}, {} {told}", after.rung, candidate.store))
            })
    };
    differs(true).or_else(|| differs(false))
}

fn of_node(was: &Verdict, is: &Verdict) -> Option<String> {
    match (was, is) {
        (Verdict::Refused { rule, words }, Verdict::Scored { .. }) => {
            Some(format!("is refused no more, as it was by {}: {words}", rule.replace('_', " ")))
        }
        (Verdict::Scored { .. }, Verdict::Refused { rule, words }) => {
            Some(format!("is refused by {}: {words}", rule.replace('_', " ")))
        }
        (Verdict::Refused { .. }, Verdict::Refused { .. }) => None,
        (Verdict::Scored { score: was, terms: by }, Verdict::Scored { score: is, terms }) => {
            let (by, terms) = (by.by_name(), terms.by_name());
            let names: BTreeSet<&str> = by.keys().chain(terms.keys()).copied().collect();
            let of = |terms: &BTreeMap<&str, f64>, name: &str| terms.get(name).copied().unwrap_or(0.0);
            let apart = |name: &str| (of(&terms, name) - of(&by, name)).abs();
            let most = names.into_iter().max_by(|one, other| apart(one).total_cmp(&apart(other)))?;
            (apart(most) > f64::EPSILON).then(|| {
                let (counts, counted) = (of(&terms, most), of(&by, most));
                let most = most.replace('_', " ");
                format!("scores {is:.2} where it was {was:.2}: {most} counts {counts:.2} where it was {counted:.2}")
            })
        }
    }
}

#[cfg(test)]
mod tests;
