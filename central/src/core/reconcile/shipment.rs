//! Goods that left against the parcels that carriers know of. A label that travels nowhere costs money, a parcel without
//! a good label is stopped on its way, and one that is delivered from a store that still has it is another's.

use super::book::{OrderBook, ParcelBook};
use super::finding::{Difference, FindingKind};
use crate::core::parcel::fold::ParcelState;
use crate::core::parcel::plan::SILENT_MS;
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};
use holdfast_shared::time::UtcMs;

/// How long a store may take to tell that what a carrier has scanned has left it.
const UNTOLD_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a label that nobody needs may take to be given back.
const NEEDLESS_MS: i64 = 3 * 60 * 60 * 1_000;

pub(super) fn differences(book: &OrderBook, now: UtcMs) -> Vec<Difference> {
    let tasks = book.tasks.iter().map(super::book::TaskBook::truth);
    let mut all: Vec<Difference> = tasks.filter_map(|task| of_task(book, task)).collect();
    for parcel in &book.parcels {
        all.extend(of_parcel(book, parcel, now));
    }
    all
}

fn about(
    book: &OrderBook,
    (kind, task): (FindingKind, &TaskState),
    field: &'static str,
    (expected, found): (&str, &str),
    words: String,
) -> Difference {
    Difference {
        kind,
        subject: format!("parcel/{}", task.task),
        order: Some(book.order.clone()),
        task: Some(task.task.clone()),
        store: Some(task.store.clone()),
        sku: None,
        field,
        expected: expected.to_owned(),
        found: found.to_owned(),
        words,
        decide_by: None,
        harm: false,
    }
}

/// Goods left, where labels are made here, and there is no parcel of it.
fn of_task(book: &OrderBook, task: &TaskState) -> Option<Difference> {
    let is_parcel = book.labelled_here && task.kind == FulfilmentKind::Ship;
    let known = book.parcels.iter().any(|parcel| parcel.task == task.task);
    if !is_parcel || known || task.phase != Phase::HandedOver {
        return None;
    }
    let words = format!(
        "{} handed over {} without a label of the carrier account: it travels under a label of the store's, or under none. \
         Ask the store",
        task.store, task.task
    );
    Some(about(book, (FindingKind::ParcelUnknown, task), "parcel.task", ("a parcel", "none"), words))
}

fn of_parcel(book: &OrderBook, parcel: &ParcelBook, now: UtcMs) -> Option<Difference> {
    let known = book.tasks.iter().map(super::book::TaskBook::truth).find(|task| task.task == parcel.task);
    let Some(task) = known else {
        let words = format!(
            "order {} has a parcel of {}, which is no task of it: its label belongs to nobody",
            book.order, parcel.task
        );
        return Some(Difference {
            kind: FindingKind::ParcelStrange,
            subject: format!("parcel/{}", parcel.task),
            order: Some(book.order.clone()),
            task: Some(parcel.task.clone()),
            store: None,
            sku: None,
            field: "parcel.task",
            expected: String::from("a task of the order"),
            found: String::from("none"),
            words,
            decide_by: None,
            harm: false,
        });
    };
    row(book, task, parcel)
        .or_else(|| untold(book, task, parcel, now))
        .or_else(|| no_good_label(book, task, parcel))
        .or_else(|| needless(book, task, parcel, now))
        .or_else(|| silent(book, task, parcel, now))
}

/// The row is made of the facts.
fn row(book: &OrderBook, task: &TaskState, parcel: &ParcelBook) -> Option<Difference> {
    let folds = &parcel.parcel;
    let should = (folds.state(), folds.left_at, folds.arrived_at());
    if should == (parcel.state, parcel.left_at, parcel.arrived_at) {
        return None;
    }
    let (expected, found) = (should.0.as_str(), parcel.state.as_str());
    let words = format!(
        "the row of the parcel of {} is {found}, and its facts amount to {expected}: whoever asks where it is gets a wrong \
         answer",
        task.task
    );
    Some(about(book, (FindingKind::ParcelRow, task), "parcel.state", (expected, found), words))
}

/// A carrier has it, and its store still says that it is there.
fn untold(book: &OrderBook, task: &TaskState, parcel: &ParcelBook, now: UtcMs) -> Option<Difference> {
    let track = parcel.parcel.track.as_ref();
    let way = track.filter(|_| parcel.state >= ParcelState::InTransit && task.phase != Phase::HandedOver)?;
    if now.since(parcel.parcel.heard_at.unwrap_or(way.happened_at)) <= UNTOLD_MS {
        return None;
    }
    let words = format!(
        "the carrier says that the parcel of {} is {}, and {} has not handed it over. Ask the store what left: it was \
         not told, or the label went out on another parcel",
        task.task,
        way.status.as_str(),
        task.store
    );
    let found = task.phase.as_str();
    let base = about(book, (FindingKind::ParcelUntold, task), "task.phase", ("handed_over", found), words);
    Some(Difference { harm: true, ..base })
}

/// It left, and every label that was made for it was given back.
fn no_good_label(book: &OrderBook, task: &TaskState, parcel: &ParcelBook) -> Option<Difference> {
    let has_left = task.phase == Phase::HandedOver && !parcel.state.is_over();
    let voided = parcel.parcel.labels().next().is_some() && parcel.parcel.live().next().is_none();
    if !(has_left && voided) {
        return None;
    }
    let words = format!(
        "{} handed over {} and its label is void: the carrier may stop it. Call the carrier, and have a label made",
        task.store, task.task
    );
    let base = about(
        book,
        (FindingKind::ParcelUnlabelled, task),
        "parcel.label",
        ("a good label", "a void one"),
        words,
    );
    Some(Difference { harm: true, ..base })
}

/// Its work has ended without it, and its label is still good: somebody pays for it.
fn needless(book: &OrderBook, task: &TaskState, parcel: &ParcelBook, now: UtcMs) -> Option<Difference> {
    let ended = matches!(task.phase, Phase::Declined | Phase::PutBack);
    let made = parcel.parcel.live().next().filter(|_| ended)?;
    if now.since(task.changed_at.wall.max(made.made_at)) <= NEEDLESS_MS {
        return None;
    }
    let words = format!(
        "{} does not leave {} any more, and its label {} is still good: it costs what a label costs. Void it at the \
         carrier",
        task.task, task.store, made.label.tracking_number
    );
    let found = made.label.tracking_number.clone();
    Some(about(book, (FindingKind::LabelNeedless, task), "parcel.label", ("void", &found), words))
}

/// Looked at here too, so that it is found when nobody wakes the parcel.
fn silent(book: &OrderBook, task: &TaskState, parcel: &ParcelBook, now: UtcMs) -> Option<Difference> {
    let heard_at = parcel.parcel.heard_at.filter(|_| task.phase == Phase::HandedOver)?;
    let waits = parcel.parcel.live().next().is_some() && !parcel.state.is_over() && !parcel.parcel.silent;
    // The parcel's own clock tells first.
    if !waits || now.since(heard_at) <= SILENT_MS.saturating_add(UNTOLD_MS) {
        return None;
    }
    let words = format!(
        "nothing was heard of the parcel of {} since it was {}, and nobody was told. Ask the carrier where it is",
        task.task,
        parcel.state.as_str()
    );
    let found = parcel.state.as_str();
    Some(about(book, (FindingKind::ParcelSilent, task), "parcel.state", ("delivered", found), words))
}

#[cfg(test)]
mod tests;
