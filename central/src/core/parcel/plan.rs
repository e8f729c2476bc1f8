//! What is to be done next about a parcel: one thing at most. It compares what was asked of the carrier with what the
//! work needs now, so it is the same after a crash, after a late answer and after a cancel in the middle of a question.

use super::fact::{Ask, AskId, Wish};
use super::fold::{Made, Parcel};
use super::needs::Needs;
use super::record::AskRecord;
use crate::core::outside::asking::{Patience, Then, then};
use crate::core::outside::backoff::{Again, Tried};
use crate::core::saga::steps::terms;
use holdfast_shared::guard::Guard;
use holdfast_shared::time::UtcMs;

/// All that the plan goes by.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub parcel: &'a Parcel,
    pub needs: Needs,
    /// By which service it shall go.
    pub service: Option<&'a str>,
    pub units: i64,
    /// Whether anything is known of where it goes.
    pub addressed: bool,
    /// Central was restored, and a store that may have worked on it has not told yet.
    pub held: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing, until something of the order changes.
    Rest,
    /// Nothing before then.
    Until(UtcMs),
    /// Write it down, then ask.
    Ask { id: AskId, wish: Wish },
    /// Find out what came of it.
    LookUp(AskId),
    /// It cannot be asked for: nobody knows where it goes.
    Unaddressed { id: AskId, wish: Wish },
    /// A person is told; it is looked up further, rarely.
    GiveUp { id: AskId, words: String },
    /// No label of it is good, and none is wanted.
    Drop,
    /// The carrier has told nothing for too long.
    Silent { words: String },
}

const MINUTE_MS: i64 = 60 * 1_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// The longest that nobody looks at a parcel that is not settled.
pub const LOOK_MS_MAX: i64 = HOUR_MS;
/// A question that never arrived may still be on its way: before nobody looks any more it is looked up once again.
const LAST_LOOK_MS: i64 = 15 * MINUTE_MS;
/// Looks after which what is absent is absent.
const LOOKS: u32 = 2;
/// A carrier that tells nothing of a parcel for so long has lost it, or does not tell.
pub const SILENT_MS: i64 = 72 * HOUR_MS;
/// Between looks at a parcel that waits for stores after a restore.
const HELD_MS: i64 = 10_000;
/// Of a parcel of which nobody knows where it goes.
pub const NO_ADDRESS: &str = "no_address";

#[must_use]
pub fn next(view: &View<'_>, draw: u64, now: UtcMs) -> Next {
    if let Some(open) = view.parcel.open() {
        return of_open(open, draw, now);
    }
    if view.held {
        return Next::Until(now.plus(HELD_MS));
    }
    match view.needs {
        Needs::Left => last_look(view, now).unwrap_or_else(|| on_its_way(view, now)),
        Needs::Wait => void(view, |made| made.unwanted, draw, now).unwrap_or(Next::Rest),
        Needs::Label if !view.parcel.withdrawn => label(view, draw, now),
        Needs::Label | Needs::Nothing => void(view, |_| true, draw, now)
            .or_else(|| last_look(view, now))
            .unwrap_or(if view.parcel.dropped { Next::Rest } else { Next::Drop }),
    }
}

fn of_open(record: &AskRecord, draw: u64, now: UtcMs) -> Next {
    let terms = terms(record.id.ask.step());
    let Some(open) = record.open() else { return Next::Rest };
    let patience =
        Patience { timeout_ms: terms.timeout_ms, backoff: terms.retries.backoff, look_ms_max: LOOK_MS_MAX };
    match then(&open, &patience, draw, now) {
        Then::Until(at) => Next::Until(at),
        Then::LookUp => Next::LookUp(record.id),
        Then::AskAgain => Next::Ask { id: record.id, wish: record.wish.clone() },
        Then::GiveUp => {
            let words = format!(
                "nobody knows what came of {} ({} tries): the carrier does not say",
                record.id, record.attempts
            );
            Next::GiveUp { id: record.id, words }
        }
    }
}

fn label(view: &View<'_>, draw: u64, now: UtcMs) -> Next {
    let other = |made: &Made<'_>| made.unwanted || made.service != view.service;
    if let Some(first) = void(view, other, draw, now) {
        return first;
    }
    if view.parcel.live().any(|made| !other(&made)) {
        return Next::Rest;
    }
    let wish = Wish { service: view.service.map(str::to_owned), units: view.units, label: None };
    if view.parcel.refused(Ask::Label, &wish, terms(Ask::Label.step()).retries.failures_max).is_some() {
        return Next::Rest;
    }
    if view.addressed {
        return ask(view, Ask::Label, wish, draw, now);
    }
    Next::Unaddressed { id: view.parcel.run_for(Ask::Label, &wish), wish }
}

/// Gives back the first label that is not needed, unless the carrier refuses to take it.
fn void(view: &View<'_>, needless: impl Fn(&Made<'_>) -> bool, draw: u64, now: UtcMs) -> Option<Next> {
    let failures_max = terms(Ask::VoidLabel.step()).retries.failures_max;
    let wish_for = |made: &Made<'_>| Wish { service: None, units: 0, label: Some(made.run) };
    let refused =
        |made: &Made<'_>| view.parcel.refused(Ask::VoidLabel, &wish_for(made), failures_max).is_some();
    let gives_back = |made: &Made<'_>| Guard::NeedlessVoided.stands() && needless(made) && !refused(made);
    let made = view.parcel.live().find(gives_back)?;
    Some(ask(view, Ask::VoidLabel, wish_for(&made), draw, now))
}

/// Asks, unless the same failed a moment ago: then not before its wait is over.
fn ask(view: &View<'_>, ask: Ask, wish: Wish, draw: u64, now: UtcMs) -> Next {
    let id = view.parcel.run_for(ask, &wish);
    // Under the same key goes the same question, whatever was found short meanwhile.
    let wish = view.parcel.ask(id).map_or(wish, |record| record.wish.clone());
    let backoff = terms(ask.step()).retries.backoff;
    let failures = u32::try_from(view.parcel.failures(ask, &wish).count()).unwrap_or(u32::MAX);
    let before = match view.parcel.ask(id) {
        // The first time there is nothing to wait for: it is known that it did not arrive.
        Some(record) if record.attempts > 1 => Some((record, record.attempts)),
        Some(_) => None,
        None => view.parcel.failures(ask, &wish).next().map(|newest| (newest, failures)),
    };
    let wait = before.map(|(record, times)| {
        let tried = Tried { first_at: record.first_at, times, asked_ms: None };
        (backoff.again(&tried, record.last_at, draw), record.last_at)
    });
    match wait {
        Some((Again::At(at), last_at)) if now < at && now >= last_at => Next::Until(at),
        Some((Again::Never, last_at)) if now.since(last_at) < LOOK_MS_MAX && now >= last_at => {
            Next::Until(last_at.plus(LOOK_MS_MAX))
        }
        Some(_) | None => Next::Ask { id, wish },
    }
}

/// What was not there when it was looked up may have come late.
fn last_look(view: &View<'_>, now: UtcMs) -> Option<Next> {
    let absent = |record: &&AskRecord| (1..LOOKS).contains(&record.absent());
    let record = view.parcel.asks.iter().find(absent)?;
    let at = record.last_at.plus(LAST_LOOK_MS);
    Some(if now < at && now >= record.last_at { Next::Until(at) } else { Next::LookUp(record.id) })
}

fn on_its_way(view: &View<'_>, now: UtcMs) -> Next {
    let parcel = view.parcel;
    let heard_at = heard_at(parcel, now).filter(|_| parcel.live().next().is_some());
    let Some(heard_at) = heard_at.filter(|_| !parcel.state().is_over() && !parcel.silent) else {
        return Next::Rest;
    };
    let at = heard_at.plus(SILENT_MS);
    if now < at {
        return Next::Until(at);
    }
    let hours = now.since(heard_at).checked_div(HOUR_MS).unwrap_or_default();
    Next::Silent { words: format!("the carrier has told nothing of it for {hours} hours") }
}

/// Whether it is known what came of it; what was not there when it was looked up may have come late.
#[must_use]
pub fn is_settled(record: &AskRecord) -> bool {
    record.open().is_none() && !(1..LOOKS).contains(&record.absent())
}

/// Since when a label is asked for of which nobody knows whether it is made, or will be.
#[must_use]
pub fn asked_since(parcel: &Parcel) -> Option<UtcMs> {
    let may_come = |record: &&AskRecord| record.id.ask == Ask::Label && !is_settled(record);
    parcel.asks.iter().filter(may_come).map(|record| record.first_at).min()
}

/// When something was last heard of it; where that was by a clock that was far ahead and has been put back, when something
/// last happened to it.
fn heard_at(parcel: &Parcel, now: UtcMs) -> Option<UtcMs> {
    let heard_at = parcel.heard_at?;
    if heard_at <= now.plus(SILENT_MS) {
        return Some(heard_at);
    }
    let happened = [parcel.left_at, parcel.track.as_ref().map(|track| track.happened_at)];
    let last = happened.into_iter().flatten().filter(|at| *at <= now).max();
    Some(last.unwrap_or_else(|| now.plus(-SILENT_MS)))
}

#[cfg(test)]
mod tests;
