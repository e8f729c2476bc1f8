//! The fold of a task: a set of facts in, one state out, whatever the order of arrival.
//!
//! Facts rank by fence, then by what caused them, then by authority, stamp and id. A fact that
//! does not fit is never dropped: it is told as a [`Contradiction`]. Goods that left have left even
//! when a decision forbade it, and that is told as well, so that a compensation starts. Work that a
//! store did before it heard of a recall is taken over and needs no telling: it is what there is to
//! put back.

use super::task::{Authority, Illegal, Line, Offer, Phase, TaskEvent, TaskFact, TaskState, take_over};
use crate::domain::fact::{Body, Fact};
use crate::domain::fence::Fence;
use crate::guard::Guard;
use crate::ids::FactId;
use crate::time::Hlc;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A fact that did not fit the state that it met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    pub fact: FactId,
    pub kind: &'static str,
    pub why: Illegal,
    /// It happened to the goods, so the state follows it all the same.
    pub taken_over: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    pub state: TaskState,
    pub contradictions: Vec<Contradiction>,
}

/// None while the offer itself has not arrived.
#[must_use]
pub fn fold<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Option<Folded> {
    let mut folded: Option<Folded> = None;
    for (fact, said) in in_order(facts) {
        match (&mut folded, &said.event) {
            (None, TaskEvent::Offered(offer)) => {
                folded = Some(Folded { state: begin(fact, said, offer), contradictions: Vec::new() });
            }
            (None, _) => {}
            (Some(current), TaskEvent::Offered(offer)) if said.fence > current.state.fence => {
                current.state = begin(fact, said, offer);
            }
            (Some(current), _) => apply(current, fact, said),
        }
    }
    folded
}

fn begin(fact: &Fact, said: &TaskFact, offer: &Offer) -> TaskState {
    TaskState {
        task: said.task.clone(),
        order: offer.order.clone(),
        store: offer.store.clone(),
        fence: said.fence,
        kind: offer.kind,
        release_point: offer.release_point,
        phase: Phase::Offered,
        lines: offer
            .lines
            .iter()
            .map(|line| Line {
                line: line.line,
                sku: line.sku.clone(),
                quantity: line.quantity,
                picked: 0,
                short: 0,
            })
            .collect(),
        release: None,
        let_go: None,
        recall: None,
        decline_reason: None,
        accept_by: offer.accept_by,
        promise_by: offer.promise_by,
        note: offer.note.clone(),
        offered_at: fact.at,
        changed_at: fact.at,
        newest: fact.id.clone(),
    }
}

fn apply(current: &mut Folded, fact: &Fact, said: &TaskFact) {
    let state = &mut current.state;
    let about_this = match said.event {
        TaskEvent::Readopted => said.fence > state.fence,
        _ => said.fence == state.fence,
    };
    let outcome = if about_this || !Guard::FenceCheck.stands() {
        take_over(state, &said.event)
    } else {
        Err(Illegal::StaleFence { current: state.fence, stale: said.fence })
    };
    if said.event == TaskEvent::Readopted && outcome.is_ok() {
        state.fence = said.fence;
    }
    if let Err(why) = outcome {
        let taken_over = happened_anyway(state, &said.event);
        current.contradictions.push(Contradiction {
            fact: fact.id.clone(),
            kind: said.event.kind(),
            why,
            taken_over,
        });
    }
    state.changed_at = state.changed_at.max(fact.at);
    state.newest = fact.id.clone();
}

/// Goods that left have left, whoever forbade it.
fn happened_anyway(state: &mut TaskState, event: &TaskEvent) -> bool {
    let left = matches!(event, TaskEvent::HandedOver { .. }) && state.phase != Phase::HandedOver;
    let left = left && Guard::HappenedAnyway.stands();
    if left {
        state.phase = Phase::HandedOver;
    }
    left
}

/// One task fact with what it ranks by: fence, stamp, authority, id.
type Ranked<'a> = (Fence, Hlc, Reverse<Authority>, &'a FactId);

fn rank<'a>((fact, said): (&'a Fact, &TaskFact)) -> Ranked<'a> {
    (said.fence, fact.at, Reverse(said.event.authority()), &fact.id)
}

fn in_order<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Vec<(&'a Fact, &'a TaskFact)> {
    if Guard::FoldRank.stands() { ranked(facts) } else { facts.into_iter().filter_map(of_task).collect() }
}

const fn of_task(fact: &Fact) -> Option<(&Fact, &TaskFact)> {
    match &fact.body {
        Body::Task(said) => Some((fact, said)),
        Body::Stock(_) => None,
    }
}

/// The task's facts in their one order. A fact waits for the one that it says it came after,
/// so that a wrong clock cannot put an answer before its question.
fn ranked<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Vec<(&'a Fact, &'a TaskFact)> {
    let mut by_id: BTreeMap<&FactId, (&Fact, &TaskFact)> =
        facts.into_iter().filter_map(of_task).map(|(fact, said)| (&fact.id, (fact, said))).collect();
    let mut ready = BTreeSet::new();
    let mut waiting: BTreeMap<&FactId, Vec<Ranked<'_>>> = BTreeMap::new();
    for entry in by_id.values() {
        match entry.0.after.as_ref().filter(|parent| by_id.contains_key(*parent)) {
            Some(parent) => waiting.entry(parent).or_default().push(rank(*entry)),
            None => {
                ready.insert(rank(*entry));
            }
        }
    }
    let mut order = Vec::with_capacity(by_id.len());
    while let Some((.., id)) = ready.pop_first() {
        order.extend(by_id.remove(id));
        ready.extend(waiting.remove(id).unwrap_or_default());
    }
    // Facts that name each other in a circle come last: damaged, but not dropped.
    let circular: BTreeSet<Ranked<'_>> = by_id.values().map(|entry| rank(*entry)).collect();
    order.extend(circular.into_iter().filter_map(|(.., id)| by_id.remove(id)));
    order
}

#[cfg(test)]
mod tests;
