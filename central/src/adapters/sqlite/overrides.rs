//! What a person decided against a rule: work taken back whatever was released, and goods that a
//! store's manager let go without a release. Each is a fact, an exception, and an attempt to stop
//! the other side.

use super::exceptions::raise;
use super::recall::{release_untouched, stop_others};
use super::state::State;
use super::tasks::{Grown, follow, load, say_as};
use super::timeline::{Happened, note};
use super::{Result, ledger};
use crate::core::effects::words;
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::work::TakeBackOutcome;
use holdfast_shared::domain::task::{LetGo, TaskEvent, TaskState};
use holdfast_shared::ids::{Actor, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::Connection;

pub(super) fn take_back(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    task: &TaskId,
    (reason, actor): (&str, &Actor),
    now: UtcMs,
) -> Result<TakeBackOutcome> {
    let Some(current) = load(conn, tenant, task)? else { return Ok(TakeBackOutcome::Unknown) };
    let store = current.store.clone();
    if current.phase.is_final() {
        return Ok(TakeBackOutcome::Ended(current.status()));
    }
    if current.recall.is_some() {
        return Ok(TakeBackOutcome::Stopping { store });
    }
    let released = current.release.is_some();
    let before = ledger::folded(conn, tenant, task)?;
    let event = TaskEvent::TakenBack { reason: reason.to_owned() };
    let told = words(&event, &store);
    say_as(conn, state, tenant, &current, (current.fence, event, actor), now)?;
    let happened =
        Happened { kind: "taken_back", at: now, actor, store: Some(&store), task: Some(task), words: &told };
    note(conn, tenant, &current.order, &happened)?;
    let right = if released { "its goods were released" } else { "its goods were not released" };
    let detail = format!("{actor} took {task} back from {store} ({right}): {reason}");
    let suggestion = "Make sure that the store keeps the goods: ask by telephone while it is out of reach.";
    raise(conn, tenant, &exception(&current, detail, suggestion), now)?;
    follow(conn, state, &Grown { tenant, task, before, release_to: None, now })?;
    release_untouched(conn, tenant, task, now)?;
    Ok(TakeBackOutcome::TakenBack { store, released })
}

/// A manager answers for goods that leave: whoever was to replace them stops, if they still can.
pub(super) fn let_go(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    task: &TaskState,
    let_go: &LetGo,
    now: UtcMs,
) -> Result<()> {
    let detail = format!(
        "a manager at {} lets the goods of {} go by {} without a release: {}",
        task.store, task.task, let_go.replica, let_go.reason
    );
    let suggestion =
        "Nothing to do if they left once. Otherwise stop the second parcel, or arrange its return.";
    raise(conn, tenant, &exception(task, detail, suggestion), now)?;
    if task.recall.as_ref().is_some_and(|recall| !recall.cancel) {
        let reason = format!("{} lets these goods go", task.store);
        stop_others(conn, state, tenant, task, &reason, now)?;
    }
    Ok(())
}

fn exception(task: &TaskState, detail: String, suggestion: &str) -> NewException {
    NewException {
        key: format!("override/{}", task.task),
        category: Category::Override,
        severity: Severity::High,
        order: Some(task.order.clone()),
        task: Some(task.task.clone()),
        store: Some(task.store.clone()),
        detail,
        suggestion: suggestion.to_owned(),
    }
}
