//! A version in shadow: asked about what each live decision was made from.

use super::judge::{Because, Case, Evidence, because, judge};
use super::said::{Said, said};
use super::words::{Against, Foreign};
use super::{Compared, Outcome, Tolerance};
use crate::core::carriers::CarrierPolicy;
use crate::core::failover::policy::FailoverPolicy;
use crate::core::health::policy::HealthPolicy;
use crate::core::policy::diff::diff;
use crate::core::policy::section::Section;
use crate::core::routing::decision::{Decision, Recorded, Verdict};
use crate::core::routing::policy::RoutingPolicy;
use crate::core::steering::Steering;
use crate::core::stock::policy::StockPolicy;
use holdfast_shared::ids::{LineNo, Sku};
use std::collections::{BTreeMap, BTreeSet};

/// What is compared with what.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The version that made the decision, when it can still be read.
    pub live: Option<&'a Steering>,
    pub candidate: &'a Steering,
    pub tolerance: Tolerance,
}

/// Line by line. Stock is that of the decision, as the version in force sells it: what a candidate says
/// of selling stock is not seen here.
#[must_use]
pub fn compare(
    was: &Decision,
    inputs: Option<&Recorded>,
    order: &Foreign,
    sides: Sides<'_>,
) -> Vec<Compared> {
    let candidate = sides.candidate;
    let by = |inputs: &Recorded, version: &Steering| {
        inputs.again(was, version.routing_of(inputs.demand.brand.as_ref()), &version.carriers)
    };
    let again = inputs.map(|inputs| by(inputs, candidate));
    let instead = again.as_ref().and_then(|again| again.instead.as_ref());
    let control = match (inputs, sides.live) {
        (Some(inputs), Some(live)) => by(inputs, live).instead,
        (None, _) | (_, None) => None,
    };
    let difference = again.as_ref().map(|again| again.difference.as_str()).unwrap_or_default();
    let of_line = |line: LineNo, sku: &Sku| {
        let kept = inputs.zip(instead).and_then(|(inputs, instead)| {
            let of = |decision: &Decision| Some(said(&[decision], inputs.demand.kind, line)?.1.closed());
            Some((inputs, instead, of(was)?, of(instead)?))
        });
        let of_line = |here, there, outcome| Compared {
            order: order.clone(),
            line,
            decision: Some(was.decision.clone()),
            sku: Some(sku.clone()),
            here,
            there,
            outcome,
        };
        let Some((inputs, instead, here, there)) = kept else {
            return of_line(None, None, Outcome::NotCompared);
        };
        let control = control.as_ref().and_then(|control| said(&[control], inputs.demand.kind, line));
        let control = control.map(|(_, said)| said.closed());
        let evidence = evidence((was, &here), (instead, &there), control.as_ref(), difference);
        let found = judge(&Case {
            here: Some(&here),
            there: Some(&there),
            promised: inputs.demand.promise_by,
            tolerance: sides.tolerance,
            against: Against::Version(candidate.version),
            evidence: &evidence,
        });
        of_line(Some(here), Some(there), found.map_or(Outcome::Equal, Outcome::Differs))
    };
    was.demand.iter().map(|wanted| of_line(wanted.line, &wanted.sku)).collect()
}

fn evidence(
    (was, here): (&Decision, &Said),
    (instead, there): (&Decision, &Said),
    control: Option<&Said>,
    difference: &str,
) -> Evidence {
    let base = Evidence { same_inputs: true, ..Evidence::default() };
    let alike = |one: &Said, other: &Said| one.nodes == other.nodes && one.promise == other.promise;
    match control {
        // The version that decided would decide otherwise of what is kept: more was known then.
        Some(control) if !alike(control, here) => {
            if alike(control, there) {
                let why = "the version in force says the same of what is kept; more was known then, \
                           like units that were set aside for the cart";
                return Evidence { unseen: Some(why.to_owned()), ..base };
            }
            base
        }
        Some(_) | None => {
            let because = because_of((was, here), (instead, there)).unwrap_or_else(|| Because {
                rule: "ladder".to_owned(),
                words: difference.to_owned(),
                refused: false,
            });
            Evidence { because: Some(because), ..base }
        }
    }
}

/// What the candidate refuses, or refuses no more; else the term that it counts otherwise.
fn because_of((was, here): (&Decision, &Said), (instead, there): (&Decision, &Said)) -> Option<Because> {
    if here.nodes == there.nodes && here.waits_for == there.waits_for {
        let words = "the same nodes, and other dates by its carriers".to_owned();
        return Some(Because { rule: "carriers".to_owned(), words, refused: false });
    }
    let refused = |why: &Because| why.refused;
    because(instead, there, here)
        .filter(refused)
        .or_else(|| because(was, here, there).filter(refused))
        .or_else(|| counted_otherwise(was, instead, here, there))
}

fn counted_otherwise(was: &Decision, instead: &Decision, here: &Said, there: &Said) -> Option<Because> {
    let nodes = here.nodes.keys().chain(there.nodes.keys());
    let changes = nodes.filter_map(|node| {
        let (before, after) = (terms(was, node)?, terms(instead, node)?);
        let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        let of = |terms: &BTreeMap<&str, f64>, name: &str| terms.get(name).copied().unwrap_or(0.0);
        let by = |name: &str| (of(&after, name) - of(&before, name)).abs();
        let most = names.into_iter().max_by(|one, other| by(one).total_cmp(&by(other)))?;
        (by(most) > f64::EPSILON).then(|| (by(most), node, most, of(&before, most), of(&after, most)))
    });
    let (_, node, most, before, after) = changes.max_by(|one, other| one.0.total_cmp(&other.0))?;
    let name = most.replace('_', " ");
    let words = format!("{name} counts {after:.2} at {node} where it counted {before:.2}");
    Some(Because { rule: most.to_string(), words, refused: false })
}

/// Of the last rung on which a node was scored.
fn terms<'a>(decision: &'a Decision, node: &Foreign) -> Option<BTreeMap<&'a str, f64>> {
    let candidates = decision.rungs.iter().rev().flat_map(|rung| &rung.candidates);
    let mut of_node = candidates.filter(|candidate| candidate.store.as_str() == node.as_str());
    of_node.find_map(|candidate| match &candidate.verdict {
        Verdict::Scored { terms, .. } => Some(terms.by_name()),
        Verdict::Refused { .. } => None,
    })
}

/// What two versions say differently and no comparison shows, by section: stock is as the decision saw
/// it, health judged the stores before it, and work that leaves a store is not decided by routing.
#[must_use]
pub fn not_compared(live: &Steering, candidate: &Steering) -> Vec<&'static str> {
    differing(live, candidate, &[StockPolicy::NAME, FailoverPolicy::NAME, HealthPolicy::NAME])
}

/// Whether they differ in anything that a comparison shows.
#[must_use]
pub fn is_compared(live: &Steering, candidate: &Steering) -> bool {
    !differing(live, candidate, &[RoutingPolicy::NAME, CarrierPolicy::NAME]).is_empty()
}

fn differing(live: &Steering, candidate: &Steering, sections: &[&'static str]) -> Vec<&'static str> {
    let differences = diff(&live.document, &candidate.document);
    let says =
        |section: &&str| differences.iter().any(|one| one.path.split('.').any(|part| part == *section));
    sections.iter().copied().filter(says).collect()
}
