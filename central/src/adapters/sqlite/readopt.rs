//! A store is heard of again and has work in hand that was moved away meanwhile: it gets the work
//! back under a new fence if nobody else has started, and is told to put it back otherwise. Either
//! way it is answered in the exchange in which it came back, and the order's timeline says so.

use super::older::SILENT_MS;
use super::order_rows::{lines, tasks_of};
use super::pen::fence;
use super::recall::may_readopt;
use super::row::{from_json, list, one};
use super::savepoint::{Stop, attempt_or};
use super::sql::sql;
use super::state::State;
use super::tasks::{Grown, follow, load, say_as};
use super::timeline::{Happened, central, note};
use super::{Result, ledger, moves, recall, store_row, window};
use crate::core::effects::words;
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::domain::task::{Phase, TaskEvent, TaskState};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::event_since;
use rusqlite::{Connection, named_params};

/// The tasks that this changed.
pub(super) fn answer_returning(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    version: u16,
    now: UtcMs,
) -> Result<Vec<TaskId>> {
    let key = [from.tenant.as_str(), from.store.as_str()];
    let returning: Vec<TaskState> = list(conn, sql!(WORK.returning), key, |row| from_json(row, "state"))?;
    let mut changed = Vec::new();
    for task in returning.into_iter().filter(|task| task.phase != Phase::Offered) {
        // After a restore another store may have begun, and may not have told yet.
        if window::is_held(conn, &from.tenant, &task.order)? {
            continue;
        }
        let why_not = if version < event_since(&TaskEvent::Readopted) {
            Some("its agent is too old to be given work back".to_owned())
        } else if closed_hard(conn, &from.tenant, &from.store, now)? {
            Some(format!("{} is closed", from.store))
        } else if has_another_box(conn, from, now)? {
            Some("another box of the store may have put it back already".to_owned())
        } else {
            attempt_or(conn, || readopt(conn, state, from, &task, now))?.err()
        };
        may_readopt(conn, &from.tenant, &task.task, false)?;
        if let Some(why) = why_not {
            let told = format!("{} has work in hand that was moved away; it puts it back: {why}", task.store);
            tell(conn, from, &task, "recall_stands", &told, now)?;
        }
        changed.push(task.task);
    }
    Ok(changed)
}

/// All of it or nothing: the units come back out of `open`, and the store goes on where it was.
fn readopt(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    task: &TaskState,
    now: UtcMs,
) -> std::result::Result<(), Stop<String>> {
    let tenant = &from.tenant;
    if Guard::ReadoptWhileFree.stands() {
        if !still_held(conn, tenant, task)? {
            return Err(Stop::Refused("its units are no longer set aside".to_owned()));
        }
        if !still_open(conn, tenant, task)? {
            withdraw_replacements(conn, state, tenant, task, now)?;
        }
        if !still_open(conn, tenant, task)? {
            return Err(Stop::Refused("somebody else has begun with it, or it was cancelled".to_owned()));
        }
    }
    // The withdrawal above may have moved the order on, not this task.
    let before = ledger::folded(conn, tenant, &task.task)?;
    let fence = fence(conn)?;
    let actor = central().map_err(crate::ports::StoreError::from)?;
    say_as(conn, state, tenant, task, (fence, TaskEvent::Readopted, &actor), now)?;
    let told = words(&TaskEvent::Readopted, &task.store);
    tell(conn, from, task, "readopted", &told, now)?;
    moves::went(conn, (tenant, &task.order), (&task.task, &task.store), now)?;
    let release_to = Some(&from.replica);
    follow(conn, state, &Grown { tenant, task: &task.task, before, release_to, now })?;
    match load(conn, tenant, &task.task)? {
        Some(after) if after.fence == fence => Ok(()),
        Some(_) | None => Err(Stop::Refused("its own answer came first".to_owned())),
    }
}

/// The units that the store would have again.
fn wanted(task: &TaskState) -> impl Iterator<Item = (&holdfast_shared::domain::task::Line, i64)> {
    task.lines.iter().map(|line| (line, line.quantity.saturating_sub(line.short)))
}

fn still_open(conn: &Connection, tenant: &TenantId, task: &TaskState) -> Result<bool> {
    let open = lines(conn, tenant, &task.order)?;
    Ok(wanted(task)
        .all(|(wanted, units)| open.iter().any(|line| line.line == wanted.line && line.open >= units)))
}

fn still_held(conn: &Connection, tenant: &TenantId, task: &TaskState) -> Result<bool> {
    let key = [tenant.as_str(), task.task.as_str()];
    let held: Vec<(u32, i64)> =
        list(conn, sql!(STOCK.holds_of_task), key, |row| Ok((row.get("line")?, row.get("quantity")?)))?;
    Ok(wanted(task).all(|(wanted, units)| {
        units == 0 || held.iter().any(|(line, quantity)| *line == wanted.line.0 && *quantity >= units)
    }))
}

/// What is only offered and unreleased has not started. Its hold stays until its store answers.
fn withdraw_replacements(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    task: &TaskState,
    now: UtcMs,
) -> Result<()> {
    let reason = format!("{} is back, and has these goods in hand", task.store);
    for other in tasks_of(conn, tenant, &task.order)? {
        let replaces = other.fence > task.fence
            && other.phase == Phase::Offered
            && other.lines.iter().any(|line| task.line(line.line).is_some());
        if replaces {
            recall::recall(conn, state, tenant, &other.task, other.fence, &reason, now)?;
            may_readopt(conn, tenant, &other.task, false)?;
        }
    }
    Ok(())
}

/// It answers a recall by itself where it knows of no work, and does not know what this one began.
fn has_another_box(conn: &Connection, from: &ReplicaIdentity, now: UtcMs) -> Result<bool> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
        ":heard_since": now.0.saturating_sub(SILENT_MS),
    };
    Ok(one(conn, sql!(WORK.another_box), params, |_| Ok(()))?.is_some())
}

fn closed_hard(conn: &Connection, tenant: &TenantId, store: &StoreId, now: UtcMs) -> Result<bool> {
    Ok(store_row::record(conn, tenant, store)?.is_some_and(|record| record.closed_hard(now)))
}

fn tell(
    conn: &Connection,
    from: &ReplicaIdentity,
    task: &TaskState,
    kind: &str,
    words: &str,
    now: UtcMs,
) -> Result<()> {
    let actor = central()?;
    let happened =
        Happened { kind, at: now, actor: &actor, store: Some(&from.store), task: Some(&task.task), words };
    note(conn, &from.tenant, &task.order, &happened)
}
