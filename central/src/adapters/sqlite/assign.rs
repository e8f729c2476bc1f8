//! Giving lines of an order to a store: units, holds, task and offer, all of them or none.

use super::holds::{self, Reserved};
use super::order_rows::order_of;
use super::pen::{Statement, fence, state_fact};
use super::row::run;
use super::savepoint::{Stop, attempt};
use super::sql::sql;
use super::state::State;
use super::tasks::{Grown, follow};
use super::timeline::{Happened, central, note};
use super::{Result, access, decisions, moves, promise_outcomes, promises, stock, window};
use crate::core::routing::decision::DemandLine;
use crate::ports::work::{AssignOutcome, Assignment};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, Offer, OfferLine, ReleasePoint, TaskEvent};
use holdfast_shared::ids::{BadId, ReplicaId, TaskId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

pub(super) fn assign(
    conn: &Connection,
    state: &mut State,
    assignment: &Assignment,
    now: UtcMs,
) -> Result<AssignOutcome> {
    attempt(conn, || try_assign(conn, state, assignment, now))
}

fn try_assign(
    conn: &Connection,
    state: &mut State,
    assignment: &Assignment,
    now: UtcMs,
) -> std::result::Result<AssignOutcome, Stop<AssignOutcome>> {
    let Assignment { tenant, order, store, .. } = assignment;
    // Whoever read the demand may not have known of the restore.
    if window::is_held(conn, tenant, order)? || window::store_recovers(conn, tenant, store)? {
        return Err(Stop::Refused(AssignOutcome::OrderMoved));
    }
    take_units(conn, assignment, now)?;
    promises::free_for(conn, assignment)?;
    let mut reserved = Vec::new();
    for line in &assignment.lines {
        let set_aside = stock::reserve(conn, tenant, store, line)?;
        let gone = || Stop::Refused(AssignOutcome::StockGone { sku: line.sku.clone() });
        reserved.push((line, set_aside.ok_or_else(gone)?));
    }
    let fence = fence(conn)?;
    let task = task_id(assignment, fence).map_err(crate::ports::StoreError::from)?;
    let (_, _, trace) = order_of(conn, tenant, order)?;
    let statement = Statement {
        tenant,
        store,
        task: &task,
        fence,
        event: TaskEvent::Offered(offer(assignment, &reserved)),
        actor: central().map_err(crate::ports::StoreError::from)?,
        after: None,
        trace: Some(trace),
    };
    state_fact(conn, state, statement, now)?;
    decisions::record(conn, tenant, order, &assignment.decision)?;
    let happened = Happened {
        kind: "allocated",
        at: now,
        actor: &central().map_err(crate::ports::StoreError::from)?,
        store: Some(store),
        task: Some(&task),
        words: assignment.decision.words_for(store),
    };
    note(conn, tenant, order, &happened)?;
    // With one replica it is known who will ask for the release; among several, the first that does.
    let replicas = access::replicas(conn, tenant, store)?;
    let release_to = match replicas.as_slice() {
        [only] => Some(only),
        _ => None::<&ReplicaId>,
    };
    follow(conn, state, &Grown { tenant, task: &task, before: None, release_to, now })?;
    moves::went(conn, (tenant, order), (&task, store), now)?;
    for (line, reserved) in reserved {
        holds::hold(conn, tenant, store, &task, line, reserved)?;
    }
    // Nothing is compared where nothing was promised.
    if let Some(journey) = assignment.journey.as_ref().filter(|_| assignment.promise_by.is_some()) {
        promise_outcomes::plan(conn, tenant, &task, journey)?;
    }
    promises::settle(conn, tenant, order, now)?;
    Ok(AssignOutcome::Assigned { task, fence })
}

/// `{order}-{n}`, and `{order}-{incarnation}-{n}` since a restore: the lost window may have seen the
/// same count.
fn task_id(assignment: &Assignment, fence: Fence) -> std::result::Result<TaskId, BadId> {
    let (order, n) = (&assignment.order, assignment.assignments.saturating_add(1));
    match fence.incarnation {
        0 | 1 => TaskId::new(format!("{order}-{n}")),
        incarnation => TaskId::new(format!("{order}-{incarnation}-{n}")),
    }
}

/// Takes the units out of `open`, unless the order has moved on since the demand was read.
fn take_units(
    conn: &Connection,
    assignment: &Assignment,
    now: UtcMs,
) -> std::result::Result<(), Stop<AssignOutcome>> {
    let Assignment { tenant, order, .. } = assignment;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":assignments": assignment.assignments,
        ":now": now.0,
    };
    if run(conn, sql!(ORDERS.count_assignment), params)? == 0 || assignment.lines.is_empty() {
        return Err(Stop::Refused(AssignOutcome::OrderMoved));
    }
    for line in &assignment.lines {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":order": order.as_str(),
            ":line": line.line.0,
            ":sku": line.sku.as_str(),
            ":quantity": line.quantity,
        };
        if line.quantity < 1 || run(conn, sql!(ORDERS.take_open), params)? == 0 {
            return Err(Stop::Refused(AssignOutcome::OrderMoved));
        }
    }
    Ok(())
}

fn offer(assignment: &Assignment, reserved: &[(&DemandLine, Reserved)]) -> Offer {
    // A pickup is bound to its store and never moved by silence, so nothing is gained by waiting.
    let release_point = match assignment.kind {
        FulfilmentKind::Pickup => ReleasePoint::Offered,
        FulfilmentKind::Ship | FulfilmentKind::Delivery => assignment.release_point,
    };
    let lines = reserved
        .iter()
        .map(|(line, Reserved { ceded, .. })| OfferLine {
            line: line.line,
            sku: line.sku.clone(),
            quantity: line.quantity,
            ceded: *ceded,
        })
        .collect();
    Offer {
        order: assignment.order.clone(),
        store: assignment.store.clone(),
        kind: assignment.kind,
        release_point,
        lines,
        accept_by: assignment.accept_by,
        promise_by: assignment.promise_by,
        note: assignment.note.clone(),
    }
}
