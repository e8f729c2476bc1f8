//! Sums over rows. SQLite notices a broken page, and not a flipped bit inside a value.
//!
//! Two functions of SQL: `row_sum(a, b, ...)` is a sum over values, kept beside them by triggers;
//! `sound(sum, a, b, ...)` holds, or fails with the error of a damaged file, so that a statement that
//! asks it can never give out a row that is not what was written.

use super::StorageError;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

/// What `sound` says; the row is not named, it is found by whoever looks for it.
pub(super) const UNSOUND: &str = "a row is not what was written";

pub(super) fn register(connection: &Connection) -> Result<(), StorageError> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("row_sum", -1, flags, |values| Ok(sum(values, 0)))?;
    connection.create_scalar_function("sound", -1, flags, |values| {
        if values.is_empty() || values.get::<i64>(0)? != sum(values, 1) {
            return Err(rusqlite::Error::UserFunctionError(UNSOUND.into()));
        }
        Ok(true)
    })?;
    Ok(())
}

/// Each value with its kind and length, so that no two rows are the same bytes.
fn sum(values: &Context<'_>, from: usize) -> i64 {
    let mut hasher = blake3::Hasher::new();
    let mut add = |kind: u8, bytes: &[u8]| {
        hasher.update(&[kind]).update(&bytes.len().to_le_bytes()).update(bytes);
    };
    for n in from..values.len() {
        match values.get_raw(n) {
            ValueRef::Null => add(0, &[]),
            ValueRef::Integer(number) => add(1, &number.to_le_bytes()),
            ValueRef::Real(number) => add(2, &number.to_le_bytes()),
            ValueRef::Text(text) => add(3, text),
            ValueRef::Blob(bytes) => add(4, bytes),
        }
    }
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    i64::from_le_bytes(first)
}
