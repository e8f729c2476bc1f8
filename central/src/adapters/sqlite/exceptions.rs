//! The one queue of what a person must look at: how things get into it, and out of it by themselves.

use super::Result;
use super::outbox::{NewEvent, append};
use super::row::{
    below, count, fetch, from_json, list, one, paged, parsed, parsed_or_none, run, to_json, word,
};
use super::sql::sql;
use crate::core::events::key::Key;
use crate::core::events::kinds::exceptions::{EXCEPTION_CHANGED, EXCEPTION_RAISED};
use crate::core::exception::causes::RootCause;
use crate::core::exception::{
    Category, Exception, ExceptionState, Failure, NewException, Resolution, Severity,
};
use crate::core::repair::of_category;
use crate::ports::exceptions::QueueFilter;
use crate::ports::{Page, PageRequest};
use holdfast_shared::ids::{Actor, ExceptionId, OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use serde_json::json;

fn when(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<UtcMs>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(UtcMs))
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Exception)> {
    let category = word(row, "category")?;
    let present = |column: &str| row.get_ref(column).map(|value| value != rusqlite::types::ValueRef::Null);
    let failure = if present("failure")? { Some(from_json(row, "failure")?) } else { None };
    let root_cause: Option<RootCause> =
        if present("root_cause")? { Some(word(row, "root_cause")?) } else { None };
    let exception = Exception {
        exception: parsed(row, "exception")?,
        category,
        repair: of_category(category).words(),
        severity: word(row, "severity")?,
        state: word(row, "state")?,
        order: parsed_or_none(row, "order_id")?,
        task: parsed_or_none(row, "task")?,
        store: parsed_or_none(row, "store")?,
        detail: row.get("detail")?,
        suggestion: row.get("suggestion")?,
        failure,
        times: count(row, "times")?,
        raised_at: UtcMs(row.get("raised_at")?),
        seen_at: UtcMs(row.get("seen_at")?),
        looked_at: when(row, "looked_at")?,
        taken_by: parsed_or_none(row, "taken_by")?,
        taken_at: when(row, "taken_at")?,
        waiting_since: when(row, "waiting_since")?,
        waiting_for: row.get("waiting_for")?,
        paused_ms: row.get("paused_ms")?,
        resolved_at: when(row, "resolved_at")?,
        resolution: row.get("resolution")?,
        resolved_by: parsed_or_none(row, "resolved_by")?,
        root_cause,
        minutes: row.get("minutes")?,
    };
    Ok((row.get("sequence")?, exception))
}

pub(super) fn raise(
    conn: &Connection,
    tenant: &TenantId,
    exception: &NewException,
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":key": exception.key,
        ":category": exception.category.as_str(),
        ":severity": exception.severity.as_str(),
        ":order": exception.order.as_ref().map(OrderId::as_str),
        ":task": exception.task.as_ref().map(TaskId::as_str),
        ":store": exception.store.as_ref().map(StoreId::as_str),
        ":detail": exception.detail,
        ":suggestion": exception.suggestion,
        ":now": now.0,
    };
    let raised = one(conn, sql!(EXCEPTIONS.raise), params, |row| {
        Ok((parsed::<ExceptionId>(row, "exception")?, row.get::<_, i64>("times")?))
    })?;
    // The same cause again is no news.
    let Some((id, 1)) = raised else { return Ok(()) };
    let body = json!({
        "exception": id, "category": exception.category, "severity": exception.severity,
        "order": exception.order, "task": exception.task, "store": exception.store, "detail": exception.detail,
    });
    append(
        conn,
        tenant,
        &NewEvent { kind: &EXCEPTION_RAISED, key: &Key::Exception(id), at: now, body: &body },
    )
}

/// What exactly failed, beside the open one of this key.
pub(super) fn set_failure(conn: &Connection, tenant: &TenantId, key: &str, failure: &Failure) -> Result<()> {
    let failure = to_json(failure)?;
    let params = named_params! { ":tenant": tenant.as_str(), ":key": key, ":failure": failure };
    run(conn, sql!(EXCEPTIONS.set_failure), params)?;
    Ok(())
}

/// People who look at it hear that it has changed.
pub(super) fn changed(
    conn: &Connection,
    tenant: &TenantId,
    exception: &ExceptionId,
    what: &str,
    now: UtcMs,
) -> Result<()> {
    let body = json!({ "exception": exception, "what": what });
    let key = &Key::Exception(exception.clone());
    append(conn, tenant, &NewEvent { kind: &EXCEPTION_CHANGED, key, at: now, body: &body })
}

pub(super) fn settle(
    conn: &Connection,
    tenant: &TenantId,
    key: &str,
    resolution: &str,
    now: UtcMs,
) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":key": key, ":resolution": resolution, ":now": now.0,
    };
    let ended = one(conn, sql!(EXCEPTIONS.settle), params, |row| parsed::<ExceptionId>(row, "exception"))?;
    let Some(exception) = ended else { return Ok(false) };
    changed(conn, tenant, &exception, "ended by itself", now)?;
    Ok(true)
}

pub(super) fn resolve(
    conn: &Connection,
    tenant: &TenantId,
    exception: &ExceptionId,
    resolution: &Resolution,
    now: UtcMs,
) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":exception": exception.as_str(),
        ":resolution": resolution.words,
        ":by": resolution.by.as_str(),
        ":root_cause": resolution.root_cause.map(RootCause::as_str),
        ":minutes": resolution.minutes,
        ":now": now.0,
    };
    if run(conn, sql!(EXCEPTIONS.resolve), params)? == 0 {
        return Ok(false);
    }
    changed(conn, tenant, exception, "resolved", now)?;
    Ok(true)
}

pub(super) fn told(
    conn: &Connection,
    tenant: &TenantId,
    exception: &ExceptionId,
) -> Result<Option<Exception>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":exception": exception.as_str() };
    Ok(one(conn, sql!(EXCEPTIONS.told), params, read)?.map(|(_, exception)| exception))
}

pub(super) fn is_open(conn: &Connection, tenant: &TenantId, key: &str) -> Result<bool> {
    let params = named_params! { ":tenant": tenant.as_str(), ":key": key };
    Ok(one(conn, sql!(EXCEPTIONS.is_open), params, |_| Ok(()))?.is_some())
}

pub(super) fn page(
    conn: &Connection,
    tenant: &TenantId,
    filter: &QueueFilter,
    page: &PageRequest,
) -> Result<Page<Exception>> {
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let categories: Vec<&str> = filter.categories.iter().map(|category| category.as_str()).collect();
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":below": below(page)?,
        ":rows": fetch(page),
        ":states": to_json(&states)?,
        ":categories": to_json(&categories)?,
        ":severity": filter.severity.map(Severity::as_str),
        ":root_cause": filter.root_cause.map(RootCause::as_str),
        ":taken_by": filter.taken_by.as_ref().map(Actor::as_str),
        ":order": filter.order.as_ref().map(OrderId::as_str),
        ":task": filter.task.as_ref().map(TaskId::as_str),
        ":store": filter.store.as_ref().map(StoreId::as_str),
        ":words": filter.words,
    };
    Ok(paged(list(conn, sql!(EXCEPTIONS.queue), params, read)?, page))
}

/// What is not over yet.
pub(super) fn open() -> QueueFilter {
    let states = vec![ExceptionState::Open, ExceptionState::Taken, ExceptionState::Waiting];
    QueueFilter { states, categories: Vec::<Category>::new(), ..QueueFilter::default() }
}
