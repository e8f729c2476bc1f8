//! Numbers that are given out once, and central's newest stamp, as rows.

use super::row::{one, parsed, unsigned};
use super::sql::sql;
use super::{Result, error};
use holdfast_shared::time::Hlc;
use rusqlite::Connection;

pub(super) fn next(conn: &Connection, counter: &str) -> Result<u64> {
    one(conn, sql!(DOCUMENTS.count), [counter], |row| unsigned(row, "value"))?
        .ok_or_else(|| error::missing("counter"))
}

pub(super) fn counter(conn: &Connection, counter: &str) -> Result<u64> {
    one(conn, sql!(DOCUMENTS.counter), [counter], |row| unsigned(row, "value"))?
        .ok_or_else(|| error::missing("counter"))
}

pub(super) fn clock(conn: &Connection) -> Result<Hlc> {
    one(conn, sql!(DOCUMENTS.clock), [], |row| parsed(row, "hlc"))?.ok_or_else(|| error::missing("clock"))
}

/// Which of central's lives this is: raised after each restore. Read where it is used, so that a
/// transaction that is undone takes it back too.
pub(super) fn incarnation(conn: &Connection) -> Result<u32> {
    u32::try_from(counter(conn, "incarnation")?).map_err(error::unreadable)
}
