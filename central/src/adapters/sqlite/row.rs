//! Between rows and domain values, in one place.

use super::Result;
use crate::ports::{Page, PageRequest, StoreError};
use holdfast_shared::error::Code;
use holdfast_shared::limits::PAGE_ROWS_MAX;
use rusqlite::types::Type;
use rusqlite::{Connection, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::str::FromStr;

pub(super) fn unreadable(error: impl Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}

/// A column whose text is an id, stamp or the like.
pub(super) fn parsed<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    row.get_ref(column)?.as_str()?.parse().map_err(unreadable)
}

pub(super) fn parsed_or_none<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    row.get_ref(column)?.as_str_or_null()?.map(|text| text.parse().map_err(unreadable)).transpose()
}

pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(unreadable)
}

/// A value that is stored as the one word by which it is serialised.
pub(super) fn word<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_value(serde_json::Value::String(text)).map_err(unreadable)
}

pub(super) fn word_or_none<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    row.get_ref(column)?.as_str_or_null()?.map(|_| word(row, column)).transpose()
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// A count as the unsigned number that the domain uses.
pub(super) fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u32> {
    row.get(column)
}

/// Not negative, by a constraint or as a count.
pub(super) fn unsigned(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(unreadable)
}

pub(super) fn list<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params, read)?.collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}

pub(super) fn one<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    use rusqlite::OptionalExtension;
    Ok(conn.prepare_cached(sql)?.query_row(params, read).optional()?)
}

/// How many rows it changed.
pub(super) fn run(conn: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    Ok(conn.prepare_cached(sql)?.execute(params)?)
}

/// Where a listing goes on: newest first, so everything below the cursor's number.
pub(super) fn below(page: &PageRequest) -> Result<i64> {
    let Some(cursor) = &page.cursor else { return Ok(i64::MAX) };
    i64::from_str_radix(cursor, 16).map_err(|_| StoreError {
        code: Code::InvalidRequest,
        what: "the cursor is not one that was given out".to_owned(),
        source: None,
    })
}

/// One row more than the page has, to see whether there is a next one.
pub(super) fn fetch(page: &PageRequest) -> u32 {
    page.limit.clamp(1, PAGE_ROWS_MAX).saturating_add(1)
}

pub(super) fn paged<T>(mut rows: Vec<(i64, T)>, page: &PageRequest) -> Page<T> {
    let wanted = usize::try_from(page.limit.clamp(1, PAGE_ROWS_MAX)).unwrap_or(usize::MAX);
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows.last().filter(|_| more).map(|(number, _)| format!("{number:x}"));
    Page { rows: rows.into_iter().map(|(_, row)| row).collect(), next }
}
