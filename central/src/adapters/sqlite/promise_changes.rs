//! A promised date that cannot be kept: on the order's timeline, among the exceptions and to the
//! customer, in the transaction in which it is known, and once for each new date.

use super::Result;
use super::exceptions::{raise, settle};
use super::outbox::{NewEvent, append};
use super::row::{count, from_json, one, run};
use super::sql::sql;
use super::timeline::{Happened, central, note};
use crate::core::events::key::Key;
use crate::core::events::kinds::dates;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::order::OrderRequest;
use crate::core::promise::{News, PromiseChange, news};
use holdfast_shared::ids::{OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use serde_json::json;

/// Which work it is about, as far as it is about one.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) task: Option<&'a TaskId>,
    pub(super) store: Option<&'a StoreId>,
    /// For people, never for customers.
    pub(super) why: &'a str,
}

pub(super) fn told(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<PromiseChange>> {
    one(conn, sql!(PROMISE_CHANGES.told), [tenant.as_str(), order.as_str()], |row| {
        Ok(PromiseChange {
            promised_by: UtcMs(row.get("promised_by")?),
            new_by: row.get::<_, Option<i64>>("new_by")?.map(UtcMs),
            why: row.get("why")?,
            told_at: UtcMs(row.get("told_at")?),
            times: count(row, "times")?,
        })
    })
}

/// By what is planned for its parcels now.
pub(super) fn follow_plans(
    conn: &Connection,
    of: (&TenantId, &OrderId),
    about: About<'_>,
    now: UtcMs,
) -> Result<bool> {
    let key = [of.0.as_str(), of.1.as_str()];
    let last: Option<i64> =
        one(conn, sql!(PROMISE_CHANGES.last_planned), key, |row| row.get("arrives_by"))?.flatten();
    match last {
        Some(last) => tell(conn, of, Some(UtcMs(last)), about, now),
        None => Ok(false),
    }
}

/// Whether anything had to be told. `expected` is when all of it would be there, as far as anybody knows.
pub(super) fn tell(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    expected: Option<UtcMs>,
    about: About<'_>,
    now: UtcMs,
) -> Result<bool> {
    let key = [tenant.as_str(), order.as_str()];
    let known = one(conn, sql!(ORDERS.state_of), key, |row| {
        Ok((from_json::<OrderRequest>(row, "request")?, row.get::<_, String>("trace")?))
    })?;
    let Some((request, trace)) = known else { return Ok(false) };
    let Some(promised_by) = request.promise_by else { return Ok(false) };
    let before = told(conn, tenant, order)?.map(|told| told.new_by);
    let Some(news) = news(promised_by, before, expected) else { return Ok(false) };
    let new_by = match news {
        News::Lost { new_by } => new_by,
        News::Kept { by } => Some(by),
    };
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":promised_by": promised_by.0,
        ":new_by": new_by.map(|by| by.0),
        ":why": about.why,
        ":now": now.0,
    };
    run(conn, sql!(PROMISE_CHANGES.tell), params)?;
    let (actor, words) = (central()?, news.words(promised_by, about.why));
    let happened = Happened {
        kind: "promise_changed",
        at: now,
        actor: &actor,
        store: about.store,
        task: about.task,
        words: &words,
    };
    note(conn, tenant, order, &happened)?;
    // Customers never learn of nodes: neither the store nor the reason is in it.
    let body = json!({
        "order": order, "reference": request.reference, "channel": request.channel, "trace_id": trace,
        "words": news.customer_words(), "promised_by": promised_by, "promise_by": new_by,
        "left_ms": promised_by.since(now).max(0),
    });
    let (kind, key) = (&dates::CUSTOMER_PROMISE_CHANGED, &Key::Order(order.clone()));
    append(conn, tenant, &NewEvent { kind, key, at: now, body: &body })?;
    match news {
        News::Lost { .. } => raise(conn, tenant, &missed(order, about, words), now)?,
        News::Kept { .. } => {
            settle(conn, tenant, &key_of(order), "a node keeps the promised date after all", now)?;
        }
    }
    Ok(true)
}

fn key_of(order: &OrderId) -> String {
    format!("promise:{order}")
}

fn missed(order: &OrderId, about: About<'_>, detail: String) -> NewException {
    NewException {
        key: key_of(order),
        category: Category::PromiseMissed,
        severity: Severity::High,
        order: Some(order.clone()),
        task: about.task.cloned(),
        store: about.store.cloned(),
        detail,
        suggestion: String::from(
            "Agree a new date with the customer, or a cancellation. It is routed on meanwhile.",
        ),
    }
}
