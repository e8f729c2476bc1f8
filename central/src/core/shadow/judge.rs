//! Whether two sides said the same of a line; and where not, why, from what is known about it.

use super::Tolerance;
use super::said::Said;
use super::severity::{is_later, severity};
use super::words::{Against, DiffClass, DiffSeverity, Foreign};
use crate::core::routing::decision::{Decision, Verdict, Word};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Rules that read what changes from minute to minute: where one of them refused a node, the other
/// side saw another shelf or another store.
pub const OF_DATA: [&str; 5] = ["stock", "eligible", "recovering", "capacity", "tried"];

/// One line as both sides decided it. At least one of them did.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub here: Option<&'a Said>,
    pub there: Option<&'a Said>,
    /// What the order was promised before either decided.
    pub promised: Option<UtcMs>,
    pub tolerance: Tolerance,
    pub against: Against,
    pub evidence: &'a Evidence,
}

/// What is known about why they differ. Empty: nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Both were asked about the same inputs.
    pub same_inputs: bool,
    /// What is not known here, or goes by another name.
    pub unmapped: Option<String>,
    /// With what was known at the other time, the same is chosen.
    pub same_then: Option<String>,
    /// Something counted that the kept inputs do not tell of.
    pub unseen: Option<String>,
    pub because: Option<Because>,
}

/// Why this side did not choose the node of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// A rule that refused it, or the term by which it lost.
    pub rule: String,
    pub words: String,
    pub refused: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ShadowFinding)]
pub struct Finding {
    pub class: DiffClass,
    pub severity: DiffSeverity,
    /// The rule or term that made the difference, where one did.
    #[schema(example = "stock")]
    pub rule: Option<String>,
    pub words: String,
}

/// None: they said the same.
#[must_use]
pub fn judge(case: &Case<'_>) -> Option<Finding> {
    if same(case) {
        return None;
    }
    let (tried, trusted) = match case.against {
        Against::Version(_) => (case.there, case.here),
        // It is central that is to take over from it.
        Against::Legacy => (case.here, case.there),
    };
    let severity = severity(tried, trusted, case.promised, case.tolerance);
    let (class, rule, why) = class(case);
    let side = |said: Option<&Said>| said.map_or_else(|| "nothing".to_owned(), Said::words);
    let words = format!("here {}, there {}: {why}", side(case.here), side(case.there));
    Some(Finding { class, severity, rule, words })
}

fn same(case: &Case<'_>) -> bool {
    let (Some(here), Some(there)) = (case.here, case.there) else { return false };
    let dates = is_later(here, there, case.tolerance) || is_later(there, here, case.tolerance);
    let decided = here.nodes == there.nodes && here.waits_for == there.waits_for;
    let named = case.evidence.unmapped.is_none() && here.kind == there.kind;
    decided && named && here.exception == there.exception && !dates
}

fn class(case: &Case<'_>) -> (DiffClass, Option<String>, String) {
    let Evidence { same_inputs, unmapped, same_then, unseen, because } = case.evidence;
    if let Some(why) = unmapped {
        return (DiffClass::Mapping, None, why.clone());
    }
    match (case.here, case.there) {
        (None, _) => return (DiffClass::MissingHere, None, "nothing was decided here".to_owned()),
        (Some(_), None) => return (DiffClass::MissingThere, None, "nothing was heard of it".to_owned()),
        (Some(_), Some(_)) => {}
    }
    if let Some(why) = same_then {
        return (DiffClass::Timing, None, why.clone());
    }
    if let Some(why) = unseen {
        return (DiffClass::Data, None, why.clone());
    }
    match because {
        Some(Because { rule, words, refused }) => {
            let of_data = *refused && !same_inputs && OF_DATA.contains(&rule.as_str());
            let class = if of_data { DiffClass::Data } else { DiffClass::Rules };
            (class, Some(rule.clone()), words.clone())
        }
        None => (DiffClass::Unclassified, None, "what is kept does not tell why".to_owned()),
    }
}

/// Why a decision did not choose the nodes that the other side chose. None when it tells nothing of them.
#[must_use]
pub fn because(decision: &Decision, chosen: &Said, wanted: &Said) -> Option<Because> {
    let others: BTreeSet<&Foreign> = wanted
        .nodes
        .keys()
        .chain(&wanted.waits_for)
        .filter(|node| !chosen.nodes.contains_key(*node))
        .collect();
    others.into_iter().find_map(|other| about_node(decision, chosen, other))
}

fn about_node(decision: &Decision, chosen: &Said, other: &Foreign) -> Option<Because> {
    let verdicts = |node: &Foreign| {
        let rungs = decision.rungs.iter().flat_map(|rung| &rung.candidates);
        let of_node = rungs.filter(|candidate| candidate.store.as_str() == node.as_str());
        of_node.map(|candidate| &candidate.verdict).collect::<Vec<_>>()
    };
    let told = verdicts(other);
    // The last rung that was asked is the one that decided.
    match told.last() {
        Some(Verdict::Refused { rule, words }) => {
            let words = format!("{other} is refused by {}: {words}", rule.replace('_', " "));
            Some(Because { rule: rule.to_string(), words, refused: true })
        }
        Some(Verdict::Scored { terms, score }) => {
            let best = chosen.nodes.keys().flat_map(verdicts).next_back();
            let by = match best {
                Some(Verdict::Scored { terms: of_best, .. }) => apart(&terms.by_name(), &of_best.by_name()),
                Some(Verdict::Refused { .. }) | None => None,
            };
            let rule = by.unwrap_or_else(|| "score".to_owned());
            let words = format!("{other} lost by {} with a score of {score:.2}", rule.replace('_', " "));
            Some(Because { rule, words, refused: false })
        }
        None => left_out(decision, other),
    }
}

/// The term in which one was worse the most.
fn apart(worse: &BTreeMap<&str, f64>, better: &BTreeMap<&str, f64>) -> Option<String> {
    let by = |name: &str| {
        let of = |terms: &BTreeMap<&str, f64>| terms.get(name).copied().unwrap_or(0.0);
        of(worse) - of(better)
    };
    worse
        .keys()
        .max_by(|one, other| by(one).total_cmp(&by(other)))
        .filter(|name| by(name) > 0.0)
        .map(ToString::to_string)
}

/// Nodes that are not listed are counted by rule: where one rule refused all of them, it refused this one.
fn left_out(decision: &Decision, other: &Foreign) -> Option<Because> {
    let rules: BTreeSet<&Word> = decision.rungs.iter().flat_map(|rung| rung.left_out.keys()).collect();
    let mut rules = rules.into_iter();
    let rule = rules.next()?.to_string();
    if rules.next().is_some() {
        return None;
    }
    let words = format!("{other} is one of those refused by {}", rule.replace('_', " "));
    Some(Because { rule, words, refused: true })
}
