//! Work that a person takes back whatever was released: a fact, an exception, and a store that is told
//! to stop.

use super::recall::release_untouched;
use super::state::State;
use super::task_news::taken_back;
use super::tasks::{Grown, follow, load, say_as};
use super::timeline::{Happened, note};
use super::{Result, ledger};
use crate::core::effects::words;
use crate::ports::work::TakeBackOutcome;
use holdfast_shared::domain::task::TaskEvent;
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
    let right = if released { " (its goods were released)" } else { " (its goods were not released)" };
    taken_back(conn, tenant, &current, (reason, actor), right, now)?;
    follow(conn, state, &Grown { tenant, task, before, release_to: None, now })?;
    release_untouched(conn, tenant, task, now)?;
    Ok(TakeBackOutcome::TakenBack { store, released })
}
