//! The one queue of what a person must look at.

use super::Result;
use super::row::{below, count, fetch, list, paged, parsed, parsed_or_none, run, word};
use super::sql::sql;
use crate::core::exception::{Exception, NewException, Severity};
use crate::core::repair::of_category;
use crate::ports::{Page, PageRequest};
use holdfast_shared::ids::{ExceptionId, OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Exception)> {
    let category = word(row, "category")?;
    let exception = Exception {
        exception: parsed(row, "exception")?,
        category,
        repair: of_category(category).words(),
        severity: word(row, "severity")?,
        order: parsed_or_none(row, "order_id")?,
        task: parsed_or_none(row, "task")?,
        store: parsed_or_none(row, "store")?,
        detail: row.get("detail")?,
        suggestion: row.get("suggestion")?,
        times: count(row, "times")?,
        raised_at: UtcMs(row.get("raised_at")?),
        resolved_at: row.get::<_, Option<i64>>("resolved_at")?.map(UtcMs),
        resolution: row.get("resolution")?,
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
        ":severity": severity_word(exception.severity),
        ":order": exception.order.as_ref().map(OrderId::as_str),
        ":task": exception.task.as_ref().map(TaskId::as_str),
        ":store": exception.store.as_ref().map(StoreId::as_str),
        ":detail": exception.detail,
        ":suggestion": exception.suggestion,
        ":now": now.0,
    };
    run(conn, sql!(EXCEPTIONS.raise), params)?;
    Ok(())
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
    Ok(run(conn, sql!(EXCEPTIONS.settle), params)? > 0)
}

pub(super) fn resolve(
    conn: &Connection,
    tenant: &TenantId,
    exception: &ExceptionId,
    resolution: &str,
    now: UtcMs,
) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":exception": exception.as_str(),
        ":resolution": resolution,
        ":now": now.0,
    };
    Ok(run(conn, sql!(EXCEPTIONS.resolve), params)? > 0)
}

pub(super) fn page(
    conn: &Connection,
    tenant: &TenantId,
    open_only: bool,
    page: &PageRequest,
) -> Result<Page<Exception>> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":open_only": open_only,
        ":below": below(page)?,
        ":rows": fetch(page),
    };
    Ok(paged(list(conn, sql!(EXCEPTIONS.page), params, read)?, page))
}
