//! The wish to cancel an order: what has no node ends now, stores that have work are asked.

use super::exceptions::{raise, settle};
use super::order_rows::tasks_of;
use super::outbox::{Class, NewEvent, append};
use super::row::{from_json, list, one, parsed, run};
use super::sql::sql;
use super::state::State;
use super::tasks::{Grown, follow, say};
use super::timeline::{Happened, central, note, refresh};
use super::{Result, ledger};
use crate::core::effects::{CancelAnswer, words};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::order::OrderState;
use crate::ports::orders::CancelOutcome;
use holdfast_shared::domain::task::{TaskEvent, TaskState};
use holdfast_shared::ids::{Actor, OrderId, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use serde_json::json;
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
    let named = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str() };
    run(conn, sql!(ORDERS.cancel_open_units), named)?;
    let told = format!("cancellation asked for: {reason}");
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

/// The store has answered. Refund and restock follow from the event; goods that left before they could
/// be stopped have to come back, which a person arranges.
pub(super) fn answered(
    conn: &Connection,
    tenant: &TenantId,
    task: &TaskState,
    answer: CancelAnswer,
    now: UtcMs,
) -> Result<()> {
    let units = |line: &holdfast_shared::domain::task::Line| match answer {
        CancelAnswer::PutBack => line.quantity.saturating_sub(line.short),
        CancelAnswer::HandedOver => line.picked,
    };
    // Without the store: whoever refunds need not know it.
    let lines: Vec<_> = task
        .lines
        .iter()
        .map(|line| json!({ "line": line.line, "sku": line.sku, "quantity": units(line) }))
        .collect();
    let body = json!({ "order": task.order, "task": task.task, "outcome": answer.as_str(), "lines": lines });
    let (kind, key) = ("CancelAnswered", task.order.as_str());
    append(conn, tenant, &NewEvent { kind, key, class: Class::Compensate, at: now, body: &body })?;
    let words = match answer {
        CancelAnswer::PutBack => format!("{} stopped: the goods are back on the shelf", task.store),
        CancelAnswer::HandedOver => {
            format!("{} had handed the goods over: the cancellation becomes a return", task.store)
        }
    };
    let actor = central()?;
    let happened = Happened {
        kind: "cancel_answered",
        at: now,
        actor: &actor,
        store: Some(&task.store),
        task: Some(&task.task),
        words: &words,
    };
    note(conn, tenant, &task.order, &happened)?;
    settle(conn, tenant, &unanswered_key(task), "the store has answered", now)?;
    match answer {
        CancelAnswer::PutBack => Ok(()),
        CancelAnswer::HandedOver => raise(conn, tenant, &return_due(task), now),
    }
}

fn return_due(task: &TaskState) -> NewException {
    about(
        task,
        format!("return/{}", task.task),
        Category::ReturnDue,
        format!("{} was cancelled, and {} had handed the goods over", task.order, task.store),
        "Arrange the return with the customer, and refund when the goods are back.",
    )
}

fn unanswered_key(task: &TaskState) -> String {
    format!("cancel_unanswered/{}", task.task)
}

fn about(
    task: &TaskState,
    key: String,
    category: Category,
    detail: String,
    suggestion: &str,
) -> NewException {
    NewException {
        key,
        category,
        severity: Severity::Medium,
        order: Some(task.order.clone()),
        task: Some(task.task.clone()),
        store: Some(task.store.clone()),
        detail,
        suggestion: suggestion.to_owned(),
    }
}

/// The refund waits for the store's answer; past the limit a person is told, once.
pub(super) fn tell_unanswered(conn: &Connection, asked_before: UtcMs, rows: u32, now: UtcMs) -> Result<u32> {
    let params = named_params! { ":asked_before": asked_before.0, ":rows": rows };
    let waiting = list(conn, sql!(WORK.unanswered_cancels), params, |row| {
        Ok((parsed::<TenantId>(row, "tenant")?, from_json::<TaskState>(row, "state")?))
    })?;
    for (tenant, task) in &waiting {
        let exception = about(
            task,
            unanswered_key(task),
            Category::CancelUnanswered,
            format!("{} has not answered the cancellation of {}", task.store, task.order),
            "Ask the store by telephone. Refund now only if you accept that the goods may have left.",
        );
        raise(conn, tenant, &exception, now)?;
        let named = named_params! { ":tenant": tenant.as_str(), ":task": task.task.as_str() };
        run(conn, sql!(WORK.cancel_told), named)?;
    }
    Ok(u32::try_from(waiting.len()).unwrap_or(u32::MAX))
}
