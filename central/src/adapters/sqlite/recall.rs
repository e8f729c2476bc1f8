//! Taking work back from a store that has not been given the release.

use super::row::{one, run};
use super::sql::sql;
use super::state::State;
use super::tasks::{Grown, follow, load, say};
use super::timeline::{Happened, central, note};
use super::{Result, ledger, stock, window};
use crate::core::effects::words;
use crate::ports::work::RecallOutcome;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

/// After a restore nothing is taken from a store before all have told what they did.
pub(super) fn recall_unless_held(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    task: &TaskId,
    fence: Fence,
    reason: &str,
    now: UtcMs,
) -> Result<RecallOutcome> {
    match load(conn, tenant, task)? {
        Some(current) if window::is_held(conn, tenant, &current.order)? => Ok(RecallOutcome::Moot),
        Some(_) | None => recall(conn, state, tenant, task, fence, reason, now),
    }
}

pub(super) fn recall(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    task: &TaskId,
    fence: Fence,
    reason: &str,
    now: UtcMs,
) -> Result<RecallOutcome> {
    let Some(current) = load(conn, tenant, task)? else { return Ok(RecallOutcome::Moot) };
    let another = current.fence != fence && Guard::FenceCheck.stands();
    if another || current.phase.is_final() || current.recall.is_some() {
        return Ok(RecallOutcome::Moot);
    }
    if current.release.is_some() && Guard::RecallAndReleaseOnOneRow.stands() {
        return Ok(RecallOutcome::ReleasedAlready);
    }
    let before = ledger::folded(conn, tenant, task)?;
    let event = TaskEvent::Recalled { reason: reason.to_owned() };
    let told = words(&event, &current.store);
    say(conn, state, tenant, &current, event, now)?;
    let happened = Happened {
        kind: "recalled",
        at: now,
        actor: &central()?,
        store: Some(&current.store),
        task: Some(task),
        words: &told,
    };
    note(conn, tenant, &current.order, &happened)?;
    follow(conn, state, &Grown { tenant, task, before, release_to: None, now })?;
    may_readopt(conn, tenant, task, true)?;
    release_untouched(conn, tenant, task, now)?;
    Ok(RecallOutcome::Recalled)
}

/// No answer to the store ever held this offer, so nobody can have the units in a tote.
pub(super) fn release_untouched(
    conn: &Connection,
    tenant: &TenantId,
    task: &TaskId,
    now: UtcMs,
) -> Result<()> {
    if was_sent(conn, tenant, task)? && Guard::HoldUntilAnswer.stands() {
        return Ok(());
    }
    stock::end_holds(conn, tenant, task, now)
}

fn was_sent(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<bool> {
    let key = [tenant.as_str(), task.as_str()];
    Ok(one(conn, sql!(WORK.sent), key, |row| row.get("sent"))?.unwrap_or(true))
}

/// From now on the store may have seen it.
pub(super) fn mark_sent(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<()> {
    let params = named_params! { ":tenant": tenant.as_str(), ":task": task.as_str() };
    run(conn, sql!(WORK.mark_sent), params)?;
    Ok(())
}

/// Whether a store that comes back with this work may get it back.
pub(super) fn may_readopt(conn: &Connection, tenant: &TenantId, task: &TaskId, may: bool) -> Result<()> {
    let params = named_params! { ":tenant": tenant.as_str(), ":task": task.as_str(), ":may": may };
    run(conn, sql!(WORK.may_readopt), params)?;
    Ok(())
}
