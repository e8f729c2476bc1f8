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
