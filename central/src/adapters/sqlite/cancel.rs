//! The wish to cancel an order: what has no node ends now, stores that have work are asked.

use super::order_rows::tasks_of;
use super::row::{one, run};
use super::sql::sql;
use super::state::State;
use super::tasks::{Grown, follow, say};
use super::timeline::{Happened, note, refresh};
use super::{Result, gathering_rows, ledger, promises, substitutions, window};
use crate::core::effects::words;
use crate::core::gathering::GatheringEnd;
use crate::core::order::OrderState;
use crate::ports::orders::CancelOutcome;
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::ids::{Actor, OrderId, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use std::collections::BTreeSet;

pub(super) fn cancel(
    conn: &Connection,
    state: &mut State,
    tenant: &TenantId,
    order: &OrderId,
    reason: &str,
    actor: &Actor,
    now: UtcMs,
) -> Result<CancelOutcome> {
    let key = [tenant.as_str(), order.as_str()];
    let found: Option<OrderState> =
        one(conn, sql!(ORDERS.state_of), key, |row| super::row::word(row, "state"))?;
    let Some(was) = found else { return Ok(CancelOutcome::Unknown) };
    let open: Option<i64> = one(conn, sql!(ORDERS.open_units), key, |row| row.get("units"))?;
    let cancelled_units = open.unwrap_or(0);
    let working: Vec<_> = tasks_of(conn, tenant, order)?
        .into_iter()
        .filter(|task| !task.phase.is_final() && task.recall.as_ref().is_none_or(|recall| recall.cancel))
        .collect();
    if cancelled_units == 0 && working.is_empty() {
        return Ok(CancelOutcome::TooLate(was));
    }
    let named = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":now": now.0 };
    run(conn, sql!(ORDERS.ask_to_cancel), named)?;
    substitutions::withdraw(conn, tenant, order, actor, now)?;
    let held = window::is_held(conn, tenant, order)?;
    let cancelled_units = if held { 0 } else { cancelled_units };
    if !held {
        let named = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str() };
        run(conn, sql!(ORDERS.cancel_open_units), named)?;
        promises::settle(conn, tenant, order, now)?;
        // What has left becomes stock of the store where it was to come together.
        if let Some((child, _)) = gathering_rows::end(conn, (tenant, order), GatheringEnd::Cancelled, now)? {
            cancel(conn, state, tenant, &child, reason, actor, now)?;
        }
    }
    // A store that has not told yet may have handed them over before the restore.
    let waits = if held { "; it is final when every store has told what it did" } else { "" };
    let told = format!("cancellation asked for: {reason}{waits}");
    let wish = Happened { kind: "cancel_requested", at: now, actor, store: None, task: None, words: &told };
    note(conn, tenant, order, &wish)?;
    let mut asked: BTreeSet<StoreId> = BTreeSet::new();
    for task in working {
        asked.insert(task.store.clone());
        if task.recall.is_some() {
            continue;
        }
        let event = TaskEvent::CancelRequested { reason: reason.to_owned() };
        let told = words(&event, &task.store);
        let before = ledger::folded(conn, tenant, &task.task)?;
        say(conn, state, tenant, &task, event, now)?;
        let happened = Happened {
            kind: "stop_asked",
            store: Some(&task.store),
            task: Some(&task.task),
            words: &told,
            ..wish
        };
        note(conn, tenant, order, &happened)?;
        follow(conn, state, &Grown { tenant, task: &task.task, before, release_to: None, now })?;
        let named = named_params! { ":tenant": tenant.as_str(), ":task": task.task.as_str(), ":now": now.0 };
        run(conn, sql!(WORK.cancel_asked), named)?;
    }
    refresh(conn, tenant, order, now)?;
    let asked_stores = u32::try_from(asked.len()).unwrap_or(u32::MAX);
    Ok(CancelOutcome::Requested { cancelled_units, asked_stores })
}
