//! A task's row against the facts that it is folded from, against itself, and against its order.

use super::book::{LineBook, OrderBook, TaskBook};
use super::finding::{Difference, FindingKind};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{Line, Phase, TaskState};

pub(super) fn differences(book: &OrderBook) -> Vec<Difference> {
    book.tasks
        .iter()
        .flat_map(|task| {
            // Columns of a row that is not what its facts say are the same finding.
            let fold = fold(book, task);
            let row = if fold.is_none() { row(book, task) } else { None };
            [fold, row, strange(book, task)]
        })
        .flatten()
        .collect()
}

fn about(book: &OrderBook, task: &TaskBook, kind: FindingKind, field: &'static str) -> Difference {
    Difference {
        kind,
        subject: format!("task/{}", task.state.task),
        order: Some(book.order.clone()),
        task: Some(task.state.task.clone()),
        store: Some(task.columns.store.clone()),
        sku: None,
        field,
        expected: String::new(),
        found: String::new(),
        words: String::new(),
        decide_by: None,
        harm: false,
    }
}

fn fold(book: &OrderBook, task: &TaskBook) -> Option<Difference> {
    let folded = task.folded.as_ref()?;
    if *folded == task.state {
        return None;
    }
    let (field, expected, found) = first_of(folded, &task.state);
    let words = format!(
        "the facts of {} fold to {field} {expected}, and its row says {found}; the facts are what happened",
        task.state.task
    );
    Some(Difference { expected, found, words, ..about(book, task, FindingKind::TaskFold, "task.state") })
}

/// Where they differ first, and both values.
fn first_of(folded: &TaskState, row: &TaskState) -> (&'static str, String, String) {
    let phases = (folded.phase.as_str().to_owned(), row.phase.as_str().to_owned());
    let recalls = (told(folded.recall.is_some()), told(row.recall.is_some()));
    let released = |state: &TaskState| {
        state.release.as_ref().map_or_else(|| "no".to_owned(), |release| release.replica.to_string())
    };
    let lines = |state: &TaskState| {
        let one = |line: &Line| {
            format!("{}: {} of {}, {} short", line.line, line.picked, line.quantity, line.short)
        };
        state.lines.iter().map(one).collect::<Vec<_>>().join("; ")
    };
    let compared = [
        ("phase", phases.0, phases.1),
        ("fence", folded.fence.to_string(), row.fence.to_string()),
        ("store", folded.store.to_string(), row.store.to_string()),
        ("recalled", recalls.0, recalls.1),
        ("released", released(folded), released(row)),
        ("lines", lines(folded), lines(row)),
        ("newest fact", folded.newest.to_string(), row.newest.to_string()),
    ];
    let differing = compared.into_iter().find(|(_, one, other)| one != other);
    differing.unwrap_or(("details", "other ones".to_owned(), "these".to_owned()))
}

fn told(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// What the row says in columns, against what it says in one piece.
fn row(book: &OrderBook, task: &TaskBook) -> Option<Difference> {
    let (columns, state) = (&task.columns, &task.state);
    let ended = matches!(state.phase, Phase::HandedOver | Phase::Declined | Phase::PutBack);
    let released = state.release.as_ref().map(|release| release.replica.to_string());
    let cancelling = state.recall.as_ref().is_some_and(|recall| recall.cancel);
    let none = || "nobody".to_owned();
    let compared = [
        ("task.order_id", state.order.to_string(), columns.order.to_string()),
        ("task.store", state.store.to_string(), columns.store.to_string()),
        ("task.fence", number(state.fence).to_string(), columns.fence.to_string()),
        ("task.phase", state.phase.as_str().to_owned(), columns.phase.clone()),
        ("task.released_to", released.unwrap_or_else(none), columns.released_to.clone().unwrap_or_else(none)),
        ("task.recalled", told(state.recall.is_some()), told(columns.recalled)),
        ("task.cancelling", told(cancelling), told(columns.cancelling)),
        ("task.ended_at", told(ended), told(columns.ended)),
    ];
    let (field, expected, found) = compared.into_iter().find(|(_, one, other)| one != other)?;
    let words = format!("{} says {expected} in its state and {found} in {field}", state.task);
    Some(Difference { expected, found, words, ..about(book, task, FindingKind::TaskRow, field) })
}

fn number(fence: Fence) -> i64 {
    i64::from(fence.incarnation).saturating_mul(4_294_967_296).saturating_add(i64::from(fence.number))
}

/// Work on lines that the order does not have, or not so.
fn strange(book: &OrderBook, task: &TaskBook) -> Option<Difference> {
    let known = |line: &&Line| {
        book.lines.iter().any(|LineBook { line: of, .. }| {
            of.line == line.line && of.sku == line.sku && line.quantity <= of.quantity
        })
    };
    let stranger = task.truth().lines.iter().find(|line| !known(line))?;
    let found = format!("{} of {} as line {}", stranger.quantity, stranger.sku, stranger.line);
    let words = format!(
        "{} works on {found}, which order {} does not have. Ask {} what it has of it",
        task.state.task, book.order, task.columns.store
    );
    let expected = "a line of the order".to_owned();
    let base = about(book, task, FindingKind::TaskStrange, "task.state.lines");
    Some(Difference { expected, found, words, harm: true, sku: Some(stranger.sku.clone()), ..base })
}
