//! Units that two tasks claim: after a restore, or because two boxes of one store did not know of each
//! other. Core says who has less right; here they are stopped.

use super::exceptions::raise;
use super::lines::reopen;
use super::order_rows::{beaten, tasks_of};
use super::recall::{may_readopt, recall};
use super::row::{list, parsed};
use super::sql::sql;
use super::state::State;
use super::task_news::about;
use super::tasks::{self, Clash};
use super::timeline::refresh;
use super::{Result, window};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::order::stands_in_for;
use crate::core::recovery as words;
use crate::core::rivals::Rival;
use crate::ports::work::RecallOutcome;
use holdfast_shared::domain::task::{Line, TaskState};
use holdfast_shared::ids::{LineNo, OrderId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::Connection;

pub(super) fn settle_clash(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    clash: &Clash,
    now: UtcMs,
) -> Result<()> {
    let (Clash::Leaving { task, .. } | Clash::FoundAgain { task }) = clash;
    // What others did meanwhile is not known: it is settled when every store has told.
    if window::is_held(conn, tenant, &task.order)? {
        return Ok(());
    }
    match clash {
        Clash::Leaving { task, why } => {
            stop_others(conn, state, tenant, task, why, now)?;
            // Other goods in place of these are not looked for any more.
            reopen(conn, tenant, &task.order)?;
            refresh(conn, tenant, &task.order, now)
        }
        Clash::FoundAgain { task } => {
            let left = stop_beaten(conn, state, tenant, &task.order, FOUND_AGAIN, now)?;
            if left.iter().any(|rival| !rival.may_be_recalled) {
                raise(conn, tenant, &found_again(task, &left), now)?;
            }
            reopen(conn, tenant, &task.order)?;
            refresh(conn, tenant, &task.order, now)
        }
    }
}

const SINCE_A_RESTORE: &str = "another store has these units since before central was restored";
const FOUND_AGAIN: &str = "another store was given these units when they were told missing";

/// Every store has told: of those with the same units, whoever has less right stops.
pub(super) fn settle_after_recovery(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    now: UtcMs,
) -> Result<()> {
    let shared: Vec<OrderId> =
        list(conn, sql!(RECOVERY.shared), [tenant.as_str()], |row| parsed(row, "order_id"))?;
    shared.iter().try_for_each(|order| settle_rivals(conn, state, tenant, order, now))
}

/// Stores with the same units since a restore: a released one stays, else the one with the greater fence.
pub(super) fn settle_rivals(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    order: &OrderId,
    now: UtcMs,
) -> Result<()> {
    let found = stop_beaten(conn, state, tenant, order, SINCE_A_RESTORE, now)?;
    let Some(first) = found.first() else { return Ok(()) };
    let detail = format!("{order} was found at several stores; not the one that counts: {}", names(&found));
    raise(conn, tenant, &words::rivals(order, &first.task, &first.store, detail), now)?;
    reopen(conn, tenant, order)?;
    refresh(conn, tenant, order, now)
}

/// Whoever has less right to units than others stops, if it still can. Tells all of them.
fn stop_beaten(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    order: &OrderId,
    reason: &str,
    now: UtcMs,
) -> Result<Vec<Rival>> {
    let beaten = beaten(conn, tenant, order)?;
    for loser in beaten.iter().filter(|rival| rival.may_be_recalled) {
        recall(conn, state, tenant, &loser.task, loser.fence, reason, now)?;
        may_readopt(conn, tenant, &loser.task, false)?;
    }
    Ok(beaten)
}

/// Whether they are for the same units of the customer, as they were ordered or in their place.
fn same(one: &Line, other: &Line) -> bool {
    let ordered = |line: LineNo| stands_in_for(line).unwrap_or(line);
    ordered(one.line) == ordered(other.line)
}

/// Goods leave that someone else may be working on: the others stop, if they still can. Of those that are
/// released a person is told, before they leave as well.
fn stop_others(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    left: &TaskState,
    why: &str,
    now: UtcMs,
) -> Result<()> {
    let mut released = Vec::new();
    for other in tasks_of(conn, tenant, &left.order)? {
        let overlaps = other.lines.iter().any(|line| left.lines.iter().any(|gone| same(line, gone)));
        if other.task != left.task && overlaps && !other.phase.is_final() {
            let outcome = recall(conn, state, tenant, &other.task, other.fence, why, now)?;
            may_readopt(conn, tenant, &other.task, false)?;
            if outcome == RecallOutcome::ReleasedAlready {
                released.push(format!("{} at {}", other.task, other.store));
            }
        }
    }
    if released.is_empty() {
        return Ok(());
    }
    let detail = format!("{why}; released elsewhere meanwhile: {}", released.join(", "));
    let key = format!("leaving-twice/{}", left.order);
    let suggestion = "Take that back, or call the store, before a second parcel leaves.";
    raise(conn, tenant, &both_may_leave(left, key, detail, suggestion), now)
}

/// One box of a store ended the work, and another one, which had not heard of it, went on: the units
/// were given away at the end, so what was begun is put back.
pub(super) fn stop_again(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    task: &TaskId,
    now: UtcMs,
) -> Result<()> {
    let Some(again) = tasks::load(conn, tenant, task)? else { return Ok(()) };
    if again.phase.is_final() || window::is_held(conn, tenant, &again.order)? {
        return Ok(());
    }
    let reason = "another box of the store had ended it already";
    recall(conn, state, tenant, task, again.fence, reason, now)?;
    may_readopt(conn, tenant, task, false)?;
    reopen(conn, tenant, &again.order)?;
    refresh(conn, tenant, &again.order, now)
}

fn names(rivals: &[Rival]) -> String {
    let names: Vec<String> =
        rivals.iter().map(|rival| format!("{} at {}", rival.task, rival.store)).collect();
    names.join(", ")
}

fn found_again(task: &TaskState, beaten: &[Rival]) -> NewException {
    let detail = format!(
        "{} found units of order {} that it had told missing; released elsewhere meanwhile: {}",
        task.store,
        task.order,
        names(beaten)
    );
    let key = format!("found-again/{}", task.order);
    both_may_leave(task, key, detail, "Call both stores, and see that one parcel leaves.")
}

fn both_may_leave(task: &TaskState, key: String, detail: String, suggestion: &str) -> NewException {
    NewException { severity: Severity::High, ..about(task, key, Category::Contradiction, detail, suggestion) }
}
