//! A routing decision as the order's page shows it: nothing that was recorded is left out.

use super::words;
use crate::core::carriers::Journey;
use crate::core::fences::FenceStep;
use crate::core::routing::again::Again;
use crate::core::routing::decision::{Choice, Decision, DemandLine, Plan, RungRecord, Verdict};
use holdfast_shared::ids::StoreId;
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};

/// Stores by the name that people know.
type Names = BTreeMap<StoreId, String>;

pub(super) struct ScoredRow {
    pub(super) store: String,
    pub(super) distance: String,
    pub(super) score: String,
    /// In the order of the table's head.
    pub(super) terms: Vec<String>,
    pub(super) chosen: bool,
}

pub(super) struct RefusedRow {
    pub(super) store: String,
    pub(super) distance: String,
    pub(super) rule: String,
    pub(super) words: String,
}

pub(super) struct RungRow {
    pub(super) name: String,
    pub(super) terms: Vec<String>,
    pub(super) scored: Vec<ScoredRow>,
    pub(super) refused: Vec<RefusedRow>,
    pub(super) left_out: Option<String>,
}

pub(super) struct ParcelRow {
    pub(super) store: String,
    pub(super) goods: String,
    pub(super) journey: Option<String>,
}

pub(super) struct PlanRow {
    pub(super) title: &'static str,
    pub(super) rung: String,
    pub(super) parcels: Vec<ParcelRow>,
}

pub(super) struct DecisionRow {
    pub(super) id: String,
    pub(super) at: String,
    pub(super) policy: String,
    pub(super) words: String,
    pub(super) demand: String,
    pub(super) rungs: Vec<RungRow>,
    pub(super) plans: Vec<PlanRow>,
    pub(super) missed: Option<String>,
    pub(super) instead: Option<AgainRow>,
}

/// What the other version would have made of it.
pub(super) struct AgainRow {
    pub(super) policy: String,
    pub(super) difference: String,
    pub(super) words: Option<String>,
    pub(super) unrecorded: u32,
}

pub(super) struct FenceRow {
    pub(super) fence: String,
    pub(super) at: String,
    pub(super) kind: String,
    pub(super) words: String,
    /// The greatest one: what counts.
    pub(super) counts: bool,
}

pub(super) fn fence_rows(steps: &[FenceStep], now: UtcMs) -> Vec<FenceRow> {
    let greatest = steps.iter().map(|step| step.fence).max();
    let row = |step: &FenceStep| FenceRow {
        fence: step.fence.to_string(),
        at: words::moment(step.at, now),
        kind: step.kind.replace('_', " "),
        words: step.words.clone(),
        counts: Some(step.fence) == greatest,
    };
    steps.iter().map(row).collect()
}

fn again_row(again: &Again) -> AgainRow {
    let instead = again.instead.as_ref().filter(|_| !again.same);
    AgainRow {
        policy: again.policy.clone(),
        difference: again.difference.clone(),
        words: instead.map(|instead| instead.words.clone()),
        unrecorded: again.unrecorded,
    }
}

pub(super) fn decision_row(decision: &Decision, instead: &[Again], names: &Names, now: UtcMs) -> DecisionRow {
    let plan = |title, plan: &Plan| PlanRow {
        title,
        rung: words::rung(&plan.rung),
        parcels: plan
            .parcels
            .iter()
            .map(|parcel| ParcelRow {
                store: name(names, &parcel.store),
                goods: goods(&parcel.lines),
                journey: parcel.journey.as_ref().map(|journey| way(journey, now)),
            })
            .collect(),
    };
    let chosen = match &decision.choice {
        Choice::Assign(chosen) => Some(plan("Chosen", chosen)),
        Choice::Hold { .. } | Choice::Backorder { .. } => None,
    };
    let runner_up = decision.runner_up.as_ref().map(|second| plan("Runner-up", second));
    let missed = decision.missed.as_ref().map(|missed| {
        let (store, rung) = (name(names, &missed.store), words::rung(&missed.rung));
        format!("{store} ({rung}): {} (rule: {})", missed.words, missed.rule.replace('_', " "))
    });
    DecisionRow {
        id: decision.decision.to_string(),
        at: words::moment(decision.at, now),
        policy: decision.policy.clone(),
        words: decision.words.clone(),
        demand: goods(&decision.demand),
        rungs: decision.rungs.iter().map(|rung| rung_row(rung, &decision.choice, names)).collect(),
        plans: chosen.into_iter().chain(runner_up).collect(),
        missed,
        instead: instead.iter().find(|again| again.decision == decision.decision).map(again_row),
    }
}

fn rung_row(rung: &RungRecord, choice: &Choice, names: &Names) -> RungRow {
    let chosen = |store: &StoreId| match choice {
        Choice::Assign(plan) => {
            rung.is_of(&plan.rung) && plan.parcels.iter().any(|parcel| parcel.store == *store)
        }
        Choice::Hold { .. } | Choice::Backorder { .. } => false,
    };
    let (mut scored, mut refused) = (Vec::new(), Vec::new());
    for candidate in &rung.candidates {
        let (store, distance) = (name(names, &candidate.store), format!("{:.1} km", candidate.distance_km));
        match &candidate.verdict {
            Verdict::Scored { score, terms } => {
                scored.push((*score, candidate, distance, store, terms.by_name()));
            }
            Verdict::Refused { rule, words } => {
                let (rule, words) = (rule.replace('_', " "), words.to_string());
                refused.push(RefusedRow { store, distance, rule, words });
            }
        }
    }
    scored.sort_by(|one, other| one.0.total_cmp(&other.0));
    let terms: BTreeSet<&str> = scored.iter().flat_map(|(_, _, _, _, terms)| terms.keys().copied()).collect();
    let term = |by_name: &BTreeMap<&str, f64>, term: &str| {
        by_name.get(term).map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
    };
    let scored = scored.iter().map(|(score, candidate, distance, store, by_name)| ScoredRow {
        store: store.clone(),
        distance: distance.clone(),
        score: format!("{score:.2}"),
        terms: terms.iter().map(|name| term(by_name, name)).collect(),
        chosen: chosen(&candidate.store),
    });
    RungRow {
        name: words::rung(&rung.rung),
        scored: scored.collect(),
        terms: terms.iter().map(|name| name.replace('_', " ")).collect(),
        refused,
        left_out: left_out(rung),
    }
}

fn left_out(rung: &RungRecord) -> Option<String> {
    let told = rung.left_out.iter().map(|(rule, count)| format!("{count} by {}", rule.replace('_', " ")));
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn name(names: &Names, store: &StoreId) -> String {
    names.get(store).cloned().unwrap_or_else(|| store.to_string())
}

fn goods(lines: &[DemandLine]) -> String {
    let told: Vec<String> = lines.iter().map(|line| format!("{} × {}", line.quantity, line.sku)).collect();
    told.join(", ")
}

fn way(journey: &Journey, now: UtcMs) -> String {
    let moment = |at| words::moment(at, now);
    let cost = journey.cost.as_ref().map(|cost| format!(", for {cost}"));
    match &journey.service {
        Some(service) => format!(
            "{service}: hand over by {}, arrives by {}{}",
            moment(journey.hand_over_by),
            moment(journey.arrives_by),
            cost.unwrap_or_default()
        ),
        None => format!("collected there, ready at {}", moment(journey.ready_at)),
    }
}
