//! The fold of a task: a set of facts in, one state out, whatever the order of arrival.
//!
//! Facts rank by fence, then by what caused them, then by authority, stamp and id. A fact that
//! does not fit is never dropped: it is told as a [`Contradiction`]. Goods that left have left even
//! when a decision forbade it, and that is told as well, so that a compensation starts. Work that a
//! store did before it heard of a recall is taken over and needs no telling: it is what there is to
//! put back.
//!
//! Where two boxes of a store work on one task without hearing of each other, what is in the parcel is
//! what the box knew that packed it: see [`settled`].

use super::task::{Authority, Illegal, LetGo, Line, Offer, Phase, TaskEvent, TaskFact, TaskState, take_over};
use crate::domain::fact::{Body, Fact};
use crate::domain::fence::Fence;
use crate::guard::Guard;
use crate::ids::FactId;
use crate::limits::WORDS_BESIDE_MAX;
use crate::time::Hlc;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
    /// Each word of a manager, also those that came too late to count.
    pub let_go: BTreeMap<FactId, LetGo>,
}

impl Folded {
    const fn begun(state: TaskState) -> Self {
        Self { state, contradictions: Vec::new(), let_go: BTreeMap::new() }
    }
}

/// None while the offer itself has not arrived.
#[must_use]
pub fn fold<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Option<Folded> {
    let said: Vec<Entry<'a>> = facts.into_iter().filter_map(of_task).collect();
    if !Guard::FoldRank.stands() {
        return replay(said, &BTreeSet::new());
    }
    let order = ranked(&said, &BTreeSet::new());
    let mut late = ends_of_released(&order);
    late.extend(settled(&order, &late));
    if late.is_empty() {
        return replay(order, &late);
    }
    let in_force = |(fact, said): &Entry<'a>| !is_release(said) || !is_answered(&order, fact);
    replay(ranked(&said, &late).into_iter().filter(in_force), &late)
}

/// Nothing comes after what is `late`: the way to the parcel would be lost there.
fn replay<'a>(order: impl IntoIterator<Item = Entry<'a>>, late: &BTreeSet<&FactId>) -> Option<Folded> {
    let mut folded: Option<Folded> = None;
    for (fact, said) in order {
        match (&mut folded, &said.event) {
            (None, TaskEvent::Offered(offer)) => {
                folded = Some(Folded::begun(begin(fact, said, offer)));
            }
            (None, _) => {}
            (Some(current), TaskEvent::Offered(offer)) if said.fence > current.state.fence => {
                current.state = begin(fact, said, offer);
            }
            (Some(current), _) => {
                let late = late.contains(&fact.id);
                let followed = apply(current, fact, said, late);
                if followed && !late {
                    current.state.newest = fact.id.clone();
                }
            }
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
                ceded: line.ceded,
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

/// Whether the state follows it.
fn apply(current: &mut Folded, fact: &Fact, said: &TaskFact, late: bool) -> bool {
    let state = &mut current.state;
    if let TaskEvent::LetGo { replica, reason } = &said.event {
        let word = LetGo { replica: replica.clone(), reason: reason.clone() };
        current.let_go.insert(fact.id.clone(), word);
    }
    let about_this = match said.event {
        TaskEvent::Readopted => said.fence > state.fence,
        _ => said.fence == state.fence,
    };
    let outcome = if !about_this && Guard::FenceCheck.stands() {
        Err(Illegal::StaleFence { current: state.fence, stale: said.fence })
    } else if let Some(why) = overtaken(state, &said.event).filter(|_| late) {
        Err(why)
    } else {
        take_over(state, &said.event)
    };
    match (&said.event, &mut state.release) {
        (TaskEvent::Readopted, _) if outcome.is_ok() => state.fence = said.fence,
        (TaskEvent::Released { .. }, Some(release)) if outcome.is_ok() => {
            release.fact = Some(fact.id.clone());
        }
        _ => {}
    }
    state.changed_at = state.changed_at.max(fact.at);
    let mut follows = true;
    if let Err(why) = outcome {
        let taken_over = happened_anyway(state, &said.event);
        follows = taken_over;
        current.contradictions.push(Contradiction {
            fact: fact.id.clone(),
            kind: said.event.kind(),
            why,
            taken_over,
        });
    }
    follows
}

/// Why a late word does not end the work.
fn overtaken(state: &TaskState, event: &TaskEvent) -> Option<Illegal> {
    let released = state.release.as_ref().filter(|_| state.may_leave());
    match event {
        TaskEvent::Declined { .. } => {
            released.map(|to| Illegal::AlreadyReleased { replica: to.replica.to_string() })
        }
        // Nothing had been found, and another box has some of it in hand: that is asked for by itself.
        TaskEvent::PutBack if state.lines.iter().any(|line| line.open() > 0 || line.picked > 0) => {
            Some(Illegal::NothingToPutBack)
        }
        _ => None,
    }
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

type Entry<'a> = (&'a Fact, &'a TaskFact);

/// One task fact with what it ranks by: whether it waits for what is settled, fence, stamp, authority, id.
type Ranked<'a> = (bool, Fence, Hlc, Reverse<Authority>, &'a FactId);

const fn of_task(fact: &Fact) -> Option<Entry<'_>> {
    match &fact.body {
        Body::Task(said) => Some((fact, said)),
        Body::Stock(_) | Body::Epoch(_) => None,
    }
}

/// The task's facts in their one order. A fact waits for the one that it says it came after,
/// so that a wrong clock cannot put an answer before its question. Those that are `late` come
/// after all that do not have to wait for them.
fn ranked<'a>(said: &[Entry<'a>], late: &BTreeSet<&FactId>) -> Vec<Entry<'a>> {
    let rank = |(fact, said): Entry<'a>| -> Ranked<'a> {
        let authority = Reverse(said.event.authority());
        (late.contains(&fact.id), said.fence, fact.at, authority, &fact.id)
    };
    let mut by_id: BTreeMap<&FactId, Entry<'a>> = said.iter().map(|entry| (&entry.0.id, *entry)).collect();
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

/// What comes too late to change the parcel: words of a store's other box about the work, said without
/// knowing that it was packed, released or handed over.
///
/// A box packs what it knows, central releases that, and that is what is carried out; so what was known
/// with it ranks before such words, whatever their stamps. A fact names only one of those that it came
/// after. Where what it names does not make the parcel whole, both boxes had a hand in it: then so many
/// of the other words were known as make it whole, the earliest of them.
fn settled<'a>(order: &[Entry<'a>], ends: &BTreeSet<&FactId>) -> BTreeSet<&'a FactId> {
    let Some((decisive, mut known)) = decisive(order) else { return BTreeSet::new() };
    let since = since(order, |fact, _| fact.id == *decisive);
    let beside = |(fact, said): &&Entry<'a>| {
        let beside = !known.contains(&fact.id) && !since.contains(&fact.id);
        beside && speaks_of_work(&said.event) && !ends.contains(&fact.id)
    };
    let mut late: VecDeque<&FactId> = order.iter().filter(beside).map(|(fact, _)| &fact.id).collect();
    for _ in 0..late.len().min(WORDS_BESIDE_MAX) {
        let way = order.iter().filter(|(fact, _)| known.contains(&fact.id)).copied();
        if replay(way, &BTreeSet::new()).is_some_and(|alone| is_whole(&alone)) {
            return late.into_iter().collect();
        }
        known.extend(late.pop_front());
    }
    BTreeSet::new()
}

/// Facts of which this is true, and those that came after one of them, as far as they name it.
fn since<'a>(order: &[Entry<'a>], is: impl Fn(&Fact, &TaskFact) -> bool) -> BTreeSet<&'a FactId> {
    let mut since = BTreeSet::new();
    for (fact, said) in order {
        if is(fact, said) || fact.after.as_ref().is_some_and(|parent| since.contains(parent)) {
            since.insert(&fact.id);
        }
    }
    since
}

/// Words that end the work, and do not count where their stamps put them.
///
/// Where the goods were released to one box, a decline that was said at another one ends nothing: only
/// that box's answer does, which knows of the release. And a put-back that answers a release alone names
/// that, and not what was told missing before it: it waits for all of that.
fn ends_of_released<'a>(order: &[Entry<'a>]) -> BTreeSet<&'a FactId> {
    let fence = order.iter().map(|(_, said)| said.fence).max();
    let now: Vec<Entry<'a>> = order.iter().filter(|(_, said)| Some(said.fence) == fence).copied().collect();
    let releases: BTreeSet<_> =
        now.iter().filter(|(_, said)| is_release(said)).map(|(fact, _)| &fact.id).collect();
    let known = since(&now, |_, said| is_release(said));
    let late = now.into_iter().filter(|(fact, said)| match said.event {
        TaskEvent::Declined { .. } => !releases.is_empty() && !known.contains(&fact.id),
        TaskEvent::PutBack => fact.after.as_ref().is_some_and(|parent| releases.contains(parent)),
        _ => false,
    });
    late.map(|(fact, _)| &fact.id).collect()
}

/// Whether a store ended the work knowing of this release: it is used up, whoever went on.
fn is_answered(order: &[Entry<'_>], release: &Fact) -> bool {
    let known = since(order, |fact, _| fact.id == release.id);
    let ended = |said: &TaskFact| declines(said) || said.event == TaskEvent::PutBack;
    order.iter().any(|(fact, said)| ended(said) && known.contains(&fact.id))
}

const fn is_release(said: &TaskFact) -> bool {
    matches!(said.event, TaskEvent::Released { .. })
}

const fn declines(said: &TaskFact) -> bool {
    matches!(said.event, TaskEvent::Declined { .. })
}

fn is_whole(folded: &Folded) -> bool {
    matches!(folded.state.phase, Phase::Packed | Phase::HandedOver)
        && folded.state.lines.iter().all(|line| line.open() == 0)
        && folded.contradictions.iter().all(|told| !told.taken_over)
}

/// The fact that says what is in the parcel, and what was known with it: it was handed over, or released
/// when it was packed, or at least packed. Whoever hands over knows of the release.
fn decisive<'a>(order: &[Entry<'a>]) -> Option<(&'a FactId, BTreeSet<&'a FactId>)> {
    let packed = &since(order, |_, said| said.event == TaskEvent::Packed);
    let told = |is: fn(&TaskEvent) -> bool| {
        order
            .iter()
            .filter(move |(fact, said)| is(&said.event) && packed.contains(&fact.id))
            .map(|(fact, _)| *fact)
    };
    let handed_over = told(leaves).next().map(|left| (left, None));
    let unnamed = || {
        let (left, _) = order.iter().find(|(_, said)| leaves(&said.event))?;
        Some((*left, Some(packed_unnamed(order, left)?)))
    };
    let released = || told(|event| matches!(event, TaskEvent::Released { .. })).next_back();
    let last_packed = || told(|event| *event == TaskEvent::Packed).next_back();
    let (decisive, packed_before) = handed_over
        .or_else(unnamed)
        .or_else(|| released().or_else(last_packed).map(|parcel| (parcel, None)))?;
    let releases = order.iter().filter(|(_, said)| is_release(said)).map(|(fact, _)| *fact);
    let by_id: BTreeMap<&FactId, &Fact> = order.iter().map(|(fact, _)| (&fact.id, *fact)).collect();
    let mut known = BTreeSet::new();
    for from in std::iter::once(decisive).chain(packed_before).chain(releases) {
        let mut at = Some(from);
        while let Some(fact) = at.filter(|fact| known.insert(&fact.id)) {
            at = fact.after.as_ref().and_then(|parent| by_id.get(parent)).copied();
        }
    }
    Some((&decisive.id, known))
}

/// The parcel of a hand-over that does not name it. What it names came to its box after the packing, and
/// maybe with a later stamp: so what another box packed since it heard of that is not what left.
fn packed_unnamed<'a>(order: &[Entry<'a>], left: &Fact) -> Option<&'a Fact> {
    let since = since(order, |fact, _| left.after.as_ref() == Some(&fact.id));
    let before = |(fact, said): &&Entry<'a>| said.event == TaskEvent::Packed && !since.contains(&fact.id);
    order.iter().rfind(before).map(|(fact, _)| *fact)
}

const fn leaves(event: &TaskEvent) -> bool {
    matches!(event, TaskEvent::HandedOver { .. })
}

/// What a store says of the goods, and of its will to work on them. A manager's word and central's
/// stand where they were said; and goods that are back on the shelf are in no parcel, whatever was
/// decided meanwhile.
const fn speaks_of_work(event: &TaskEvent) -> bool {
    !event.is_centrals() && !matches!(event, TaskEvent::LetGo { .. } | TaskEvent::PutBack)
}

#[cfg(test)]
mod tests;
