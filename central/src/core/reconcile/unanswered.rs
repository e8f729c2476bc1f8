//! Offers and commands that went out, and to which no answer came in their time.

use super::book::{OrderBook, TaskBook};
use super::finding::{Difference, FindingKind};
use super::policy::ReconcilePolicy;
use holdfast_shared::domain::task::Phase;
use holdfast_shared::time::UtcMs;

pub(super) fn differences(book: &OrderBook, policy: &ReconcilePolicy, now: UtcMs) -> Vec<Difference> {
    book.tasks.iter().filter_map(|task| unanswered(book, task, policy, now)).collect()
}

fn unanswered(book: &OrderBook, task: &TaskBook, policy: &ReconcilePolicy, now: UtcMs) -> Option<Difference> {
    let (what, since) = waits_for(task)?;
    if now.since(since) <= policy.answer_ms {
        return None;
    }
    let store = &task.columns.store;
    let minutes = now.since(since).checked_div(60_000).unwrap_or_default();
    Some(Difference {
        kind: FindingKind::MissingAnswer,
        subject: format!("answer/{}/{what}", task.state.task),
        order: Some(book.order.clone()),
        task: Some(task.state.task.clone()),
        store: Some(store.clone()),
        sku: None,
        field: "task.phase",
        expected: format!("an answer to the {what}"),
        found: task.state.phase.as_str().to_owned(),
        words: format!("{store} has not answered the {what} of {} for {minutes} minutes", task.state.task),
        decide_by: Some(since.plus(policy.answer_ms).plus(policy.decide_ms)),
        harm: false,
    })
}

/// The command, and since when an answer is due.
fn waits_for(task: &TaskBook) -> Option<(&'static str, UtcMs)> {
    let state = task.truth();
    match (state.phase, &state.recall) {
        (Phase::HandedOver | Phase::Declined | Phase::PutBack, _)
        | (Phase::Accepted | Phase::Picking | Phase::Packed, None) => None,
        (_, Some(recall)) if recall.cancel => {
            Some(("cancel", task.cancel_asked_at.unwrap_or(state.changed_at.wall)))
        }
        (_, Some(_)) => Some(("recall", state.changed_at.wall)),
        // A pickup is never withdrawn for silence, and its store is bound to it: still it has to answer.
        (Phase::Offered, None) => Some(("offer", state.accept_by)),
    }
}
