//! What is done about exceptions, one after the other.

use super::Result;
use super::row::{count, one};
use super::sql::sql;
use crate::ports::StoreError;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, ExceptionId, TenantId};
use holdfast_shared::limits::EXCEPTION_EVENTS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

/// What was done, and what it is called. Its number.
pub(super) fn note(
    conn: &Connection,
    (tenant, exception): (&TenantId, &ExceptionId),
    actor: &Actor,
    (words, kind): (&str, &str),
    now: UtcMs,
) -> Result<u32> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":exception": exception.as_str(),
        ":actor": actor.as_str(),
        ":kind": kind,
        ":words": words,
        ":now": now.0,
    };
    let number = one(conn, sql!(EXCEPTIONS.note_event), params, |row| count(row, "number"))?;
    Ok(number.unwrap_or_default())
}

/// What a person does over and over has an end.
pub(super) fn note_act(
    conn: &Connection,
    at: (&TenantId, &ExceptionId),
    actor: &Actor,
    said: (&str, &str),
    now: UtcMs,
) -> Result<()> {
    if note(conn, at, actor, said, now)? <= EXCEPTION_EVENTS_MAX {
        return Ok(());
    }
    let what = format!("{EXCEPTION_EVENTS_MAX} things were done about {} already: resolve it", at.1);
    Err(StoreError { code: Code::TooManyRequests, what, source: None })
}
