//! What a task's answers mean to people and to the outside: cancels that were answered or were not, and
//! rules that a person overrode.

use super::exceptions::{raise, settle};
use super::gathering_rows::fed_store;
use super::outbox::{NewEvent, append};
use super::return_rows::return_due_key;
use super::row::{from_json, list, parsed, run};
use super::sql::sql;
use super::timeline::{Happened, central, note};
use super::{Result, ledger};
use crate::core::effects::CancelAnswer;
use crate::core::events::key::Key;
use crate::core::events::kinds::cancels::CANCEL_ANSWERED;
use crate::core::exception::{Category, NewException, Severity};
use holdfast_shared::domain::task::{LetGo, Line, TaskEvent, TaskState};
use holdfast_shared::ids::{Actor, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use serde_json::json;

/// The store has answered. Refund and restock follow from the event; goods that left before they could
/// be stopped have to come back, which a person arranges.
pub(super) fn answered(
    conn: &Connection,
    tenant: &TenantId,
    task: &TaskState,
    answer: CancelAnswer,
    now: UtcMs,
) -> Result<()> {
    let units = |line: &Line| match answer {
        CancelAnswer::PutBack => line.quantity.saturating_sub(line.short),
        CancelAnswer::HandedOver => line.picked,
    };
    let fed = fed_store(conn, tenant, &task.order)?;
    // Without the store: whoever refunds need not know it.
    let lines: Vec<_> = task
        .lines
        .iter()
        .map(|line| json!({ "line": line.line, "sku": line.sku, "quantity": units(line) }))
        .collect();
    let body = json!({ "order": task.order, "task": task.task, "outcome": answer.as_str(), "lines": lines });
    let (kind, key) = (&CANCEL_ANSWERED, &Key::Order(task.order.clone()));
    let words = match answer {
        CancelAnswer::PutBack => format!("{} stopped: the goods are back on the shelf", task.store),
        CancelAnswer::HandedOver => match &fed {
            Some(fed) => format!("{} had handed the goods over: they become stock of {fed}", task.store),
            None => format!("{} had handed the goods over: the cancellation becomes a return", task.store),
        },
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
    append(conn, tenant, &NewEvent { kind, key, at: now, body: &body })?;
    settle(conn, tenant, &unanswered_key(task), "the store has answered", now)?;
    match answer {
        CancelAnswer::PutBack => Ok(()),
        // Goods of the chain, on their way to a store of the chain.
        CancelAnswer::HandedOver if fed.is_some() => Ok(()),
        CancelAnswer::HandedOver => raise(conn, tenant, &return_due(task), now),
    }
}

fn return_due(task: &TaskState) -> NewException {
    about(
        task,
        return_due_key(&task.task),
        Category::ReturnDue,
        format!("{} was cancelled, and {} had handed the goods over", task.order, task.store),
        "Arrange the return with the customer, and refund when the goods are back.",
    )
}

fn unanswered_key(task: &TaskState) -> String {
    format!("cancel_unanswered/{}", task.task)
}

/// A thing for a person that is about this task.
pub(super) fn about(
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

/// A manager answers for goods that leave without a release.
pub(super) fn let_go(
    conn: &Connection,
    tenant: &TenantId,
    task: &TaskState,
    let_go: &LetGo,
    now: UtcMs,
) -> Result<()> {
    let author =
        ledger::last_author(conn, tenant, &task.task, |event| matches!(event, TaskEvent::LetGo { .. }))?;
    let author = author.map_or_else(|| String::from("a manager"), |author| author.to_string());
    let detail = format!(
        "{author} at {} lets the goods of {} go by {} without a release: {}",
        task.store, task.task, let_go.replica, let_go.reason
    );
    let suggestion =
        "Nothing to do if they left once. Otherwise stop the second parcel, or arrange its return.";
    raise(conn, tenant, &overridden(task, detail, suggestion), now)
}

/// A person took work back from a store.
pub(super) fn taken_back(
    conn: &Connection,
    tenant: &TenantId,
    task: &TaskState,
    (reason, actor): (&str, &Actor),
    right: &str,
    now: UtcMs,
) -> Result<()> {
    let detail = format!("{actor} took {} back from {}{right}: {reason}", task.task, task.store);
    let suggestion = "Make sure that the store keeps the goods: ask by telephone while it is out of reach.";
    raise(conn, tenant, &overridden(task, detail, suggestion), now)
}

/// The record without which goods that leave twice are a defect.
fn overridden(task: &TaskState, detail: String, suggestion: &str) -> NewException {
    let key = format!("override/{}", task.task);
    NewException { severity: Severity::High, ..about(task, key, Category::Override, detail, suggestion) }
}
