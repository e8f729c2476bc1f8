//! Which parts of a policy were put to use: counted with each decision, told against all that it says.

use crate::core::routing::decision::{Choice, Decision, RungRecord, Verdict};
use crate::core::routing::rules::RULES;
use crate::core::routing::scorers::SCORERS;
use crate::core::steering::Steering;
use crate::core::stock::report::Day;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Rule,
    Scorer,
    Rung,
    /// A class of articles.
    Class,
}

/// What one decision made of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Use {
    pub part: Part,
    pub name: String,
    /// It made the difference: the rung took the order, the term set candidates apart, the class was served.
    pub decided: u8,
    /// It said no: the rule refused a node, the rung found nobody, the class stayed without a node.
    pub refused: u8,
}

impl Use {
    /// Articles of this class were asked for, and have a node or not.
    #[must_use]
    pub fn of_class(class: String, served: bool) -> Self {
        Self { part: Part::Class, name: class, decided: served.into(), refused: (!served).into() }
    }
}

/// Counted over some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    pub part: Part,
    pub name: String,
    pub decided: u64,
    pub refused: u64,
    pub last_day: Day,
}

/// What one decision used, but for classes of articles, of which it does not speak.
#[must_use]
pub fn uses(decision: &Decision) -> Vec<Use> {
    let mut found: BTreeMap<(Part, &str), (bool, bool)> = BTreeMap::new();
    let mut count = |part, name, decided, refused| {
        let entry = found.entry((part, name)).or_default();
        *entry = (entry.0 || decided, entry.1 || refused);
    };
    let taken = match &decision.choice {
        Choice::Assign(plan) => Some(plan.rung.as_str()),
        Choice::Hold { .. } => decision.runner_up.as_ref().map(|plan| plan.rung.as_str()),
        Choice::Backorder { .. } => None,
    };
    for record in &decision.rungs {
        let took = taken.is_some_and(|taken| record.rung == taken);
        count(Part::Rung, record.name(), took, !took);
        for rule in record.candidates.iter().filter_map(|candidate| match &candidate.verdict {
            Verdict::Refused { rule, .. } => Some(&**rule),
            Verdict::Scored { .. } => None,
        }) {
            count(Part::Rule, rule, false, true);
        }
        for rule in record.left_out.keys() {
            count(Part::Rule, rule, false, true);
        }
        if took {
            for term in telling_terms(record) {
                count(Part::Scorer, term, true, false);
            }
        }
    }
    found
        .into_iter()
        .map(|((part, name), (decided, refused))| Use {
            part,
            name: name.to_owned(),
            decided: decided.into(),
            refused: refused.into(),
        })
        .collect()
}

/// Terms in which the candidates of a rung differ: one that is the same for all decides nothing.
fn telling_terms(record: &RungRecord) -> BTreeSet<&str> {
    let scored = || {
        record.candidates.iter().filter_map(|candidate| match &candidate.verdict {
            Verdict::Scored { terms, .. } => Some(terms.by_name()),
            Verdict::Refused { .. } => None,
        })
    };
    let Some(first) = scored().next() else { return BTreeSet::new() };
    let differs = |name: &str, term: f64| {
        scored().skip(1).any(|terms| terms.get(name).is_none_or(|other| (other - term).abs() > f64::EPSILON))
    };
    first.into_iter().filter(|(name, term)| differs(name, *term)).map(|(name, _)| name).collect()
}

/// One part of the policy, with how often it mattered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(as = CoveredPart)]
pub struct Covered {
    pub part: Part,
    #[schema(example = "capacity")]
    pub name: String,
    /// Decisions in which it made the difference.
    pub decided: u64,
    /// Decisions in which it said no.
    pub refused: u64,
    /// The newest day, in UTC, as days since 1970; absent: never in these days.
    pub last_day: Option<i64>,
}

impl Covered {
    /// Nothing of these days shows what it does.
    #[must_use]
    pub const fn never(&self) -> bool {
        self.last_day.is_none()
    }
}

/// Every rule, every scorer with a weight, every rung and every class of the policy, also those that were
/// never put to use.
#[must_use]
pub fn covered(steering: &Steering, used: &[Used]) -> Vec<Covered> {
    let mut all: BTreeMap<(Part, String), Covered> = BTreeMap::new();
    let routing = &steering.routing;
    let rules = RULES.iter().map(|rule| (Part::Rule, rule.name().to_owned()));
    let weighs = |scorer: &dyn crate::core::routing::scorers::Scorer| {
        routing.ladder.iter().any(|rung| scorer.weight(&rung.weights) > 0.0)
    };
    let scorers = SCORERS.iter().filter(|scorer| weighs(**scorer));
    let scorers = scorers.map(|scorer| (Part::Scorer, scorer.name().to_owned()));
    let rungs = routing.ladder.iter().map(|rung| (Part::Rung, rung.name.clone()));
    let classes = steering.stock.classes.keys().map(|class| (Part::Class, class.as_str().to_owned()));
    for (part, name) in rules.chain(scorers).chain(rungs).chain(classes) {
        let unused = Covered { part, name: name.clone(), decided: 0, refused: 0, last_day: None };
        all.insert((part, name), unused);
    }
    for one in used {
        let key = (one.part, one.name.clone());
        let entry = all.entry(key).or_insert_with(|| Covered {
            part: one.part,
            name: one.name.clone(),
            decided: 0,
            refused: 0,
            last_day: None,
        });
        entry.decided = entry.decided.saturating_add(one.decided);
        entry.refused = entry.refused.saturating_add(one.refused);
        entry.last_day = entry.last_day.max(Some(one.last_day.0));
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::routing::decision::{Candidate, Plan, Terms, Why};
    use crate::core::steering::Sections;
    use holdfast_shared::time::UtcMs;

    fn scored(store: &str, terms: &[(&str, f64)]) -> Candidate {
        let terms: Terms = terms.iter().map(|(name, term)| ((*name).to_owned().into(), *term)).collect();
        let verdict = Verdict::Scored { score: terms.total(), terms };
        Candidate { store: store.parse().unwrap(), distance_km: 1.0, verdict }
    }

    fn refused(store: &str, rule: &str) -> Candidate {
        let verdict = Verdict::Refused { rule: rule.to_owned().into(), words: Why::Told("w".to_owned()) };
        Candidate { store: store.parse().unwrap(), distance_km: 1.0, verdict }
    }

    fn decision(choice: Choice) -> Decision {
        let record = |rung: &str, candidates, left_out: &[(&str, u32)]| RungRecord {
            rung: rung.to_owned(),
            candidates,
            left_out: left_out.iter().map(|(rule, count)| ((*rule).to_owned().into(), *count)).collect(),
        };
        let near = [("distance", 1.0), ("load", 2.0)];
        let far = [("distance", 9.0), ("load", 2.0)];
        Decision {
            decision: "d1".parse().unwrap(),
            order: "o1".parse().unwrap(),
            at: UtcMs(0),
            policy: "v1 abc".to_owned(),
            hash: String::new(),
            demand: Vec::new(),
            rungs: vec![
                record(
                    "closest",
                    vec![refused("leeds", "stock"), refused("york", "stock")],
                    &[("radius", 3)],
                ),
                record("radius", vec![scored("hull", &near), scored("bath", &far)], &[]),
            ],
            choice,
            runner_up: None,
            gather: None,
            missed: None,
            words: String::new(),
            inputs: None,
        }
    }

    fn assigned() -> Decision {
        decision(Choice::Assign(Plan::single("radius", "hull".parse().unwrap(), Vec::new())))
    }

    fn told(decision: &Decision) -> Vec<(Part, String, u8, u8)> {
        uses(decision).into_iter().map(|one| (one.part, one.name, one.decided, one.refused)).collect()
    }

    #[test]
    fn a_decision_counts_once_for_each_part_that_mattered() {
        let expected = [
            (Part::Rule, "radius", 0, 1),
            (Part::Rule, "stock", 0, 1),
            (Part::Scorer, "distance", 1, 0),
            (Part::Rung, "closest", 0, 1),
            (Part::Rung, "radius", 1, 0),
        ];
        assert_eq!(told(&assigned()), expected.map(|(part, name, yes, no)| (part, name.to_owned(), yes, no)));
        let nobody = decision(Choice::Backorder { why: "none".to_owned() });
        let hot = Use::of_class("hot".to_owned(), false);
        assert_eq!((hot.part, hot.decided, hot.refused), (Part::Class, 0, 1));
        assert!(told(&nobody).contains(&(Part::Rung, "radius".to_owned(), 0, 1)));
        assert!(!told(&nobody).iter().any(|(part, ..)| *part == Part::Scorer));
    }

    #[test]
    fn every_part_of_the_policy_is_told_also_what_never_mattered() {
        let steering = Steering::built_in(&Sections::default()).unwrap();
        let used = |name: &str, day| Used {
            part: Part::Rule,
            name: name.to_owned(),
            decided: 0,
            refused: 2,
            last_day: Day(day),
        };
        let all = covered(&steering, &[used("stock", 7), used("stock", 5), used("gone", 1)]);
        let rule = |name: &str| all.iter().find(|one| one.part == Part::Rule && one.name == name).unwrap();
        assert_eq!(
            (rule("stock").refused, rule("stock").last_day, rule("stock").never()),
            (4, Some(7), false)
        );
        assert!(rule("capacity").never());
        assert!(!rule("gone").never(), "a rule of an earlier program that was counted");
        let count = |part| all.iter().filter(|one| one.part == part).count();
        assert_eq!(count(Part::Rule), RULES.len() + 1);
        assert_eq!(count(Part::Rung), steering.routing.ladder.len());
        assert!(count(Part::Scorer) >= 1 && count(Part::Scorer) < SCORERS.len(), "only those with a weight");
        assert_eq!(count(Part::Class), 1);
    }
}
