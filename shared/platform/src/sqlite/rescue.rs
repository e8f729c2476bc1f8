//! Reading what can be read of a damaged database.

use super::{StorageError, sql, sums};
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use std::cmp::Ordering;
use std::path::Path;

/// A damaged database, only read.
#[derive(Debug)]
pub struct Rescue {
    connection: Connection,
}

impl Rescue {
    /// None when not even its list of tables can be read.
    pub fn open(path: &Path) -> Result<Option<Self>, StorageError> {
        if !path.exists() {
            return Ok(None);
        }
        // The log is read into memory; the file stays as it is, for whoever examines it later.
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        sums::register(&connection)?;
        let rescue = Self { connection };
        match rescue.tables() {
            Ok(_) => Ok(Some(rescue)),
            Err(error) => {
                tracing::error!(%error, "nothing of the damaged database can be read");
                Ok(None)
            }
        }
    }

    /// Tables that hold rows of their own.
    pub fn tables(&self) -> Result<Vec<String>, StorageError> {
        tables(&self.connection)
    }

    pub fn columns(&self, table: &str) -> Result<Vec<String>, StorageError> {
        columns(&self.connection, table)
    }

    /// One row of a table of one row, when it can be read.
    pub fn one<T>(&self, statement: &str, read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>) -> Option<T> {
        self.connection.query_row(statement, [], read).optional().ok().flatten()
    }

    /// Gives every row that can be read, by the given columns, to `take`. What lies on a damaged page
    /// is stepped over. `sound` is the list of columns that the row's sum is over, if it has one:
    /// a row that is not what was written is left out. Says how many rows were given.
    pub fn rows<E: From<StorageError>>(
        &self,
        table: &str,
        wanted: &[String],
        sound: Option<&str>,
        mut take: impl FnMut(&[Value]) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut given = 0_u64;
        let mut give = |row: &Row<'_>| -> Result<(), E> {
            let values: rusqlite::Result<Vec<Value>> = (2..wanted.len() + 2).map(|n| row.get(n)).collect();
            if let (Ok(values), Ok(true)) = (values, row.get::<_, bool>(1)) {
                given = given.saturating_add(1);
                take(&values)?;
            }
            Ok(())
        };
        match self.connection.prepare(&sql::rescue_probe(table)) {
            Ok(_) => self.by_row_number(table, wanted, sound, &mut give)?,
            Err(_) => self.read_from_both_ends(table, wanted, sound, &mut give)?,
        }
        Ok(given)
    }

    fn by_row_number<E: From<StorageError>>(
        &self,
        table: &str,
        wanted: &[String],
        sound: Option<&str>,
        give: &mut dyn FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let forth = sql::rescue_rows(table, wanted, sound, false);
        let back = sql::rescue_rows(table, wanted, sound, true);
        let mut last = i64::MIN;
        loop {
            let (reached, whole) = self.run(&forth, (last, i64::MAX), false, give)?;
            last = reached.map_or(last, |reached| reached.max(last));
            if whole {
                return Ok(());
            }
            let Some(beyond) = self.beyond(table, last) else { return Ok(()) };
            // What lies between the damage and the row that was found behind it.
            self.run(&back, (last, beyond), true, give)?;
            last = beyond;
        }
    }

    /// The row numbers that were read, as far as it went, and whether that was to the end.
    fn run<E: From<StorageError>>(
        &self,
        statement: &str,
        (above, up_to): (i64, i64),
        backwards: bool,
        give: &mut dyn FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(Option<i64>, bool), E> {
        let Ok(mut statement) = self.connection.prepare(statement) else { return Ok((None, true)) };
        let Ok(mut rows) = statement.query([above, up_to]) else { return Ok((None, true)) };
        let mut reached = None;
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    let Ok(at) = row.get::<_, i64>(0) else { return Ok((reached, false)) };
                    // A broken tree may give its rows in any order, and without an end.
                    let onward =
                        reached.is_none_or(|reached| if backwards { at < reached } else { at > reached });
                    if !onward || at <= above || at > up_to {
                        return Ok((reached, false));
                    }
                    reached = Some(at);
                    give(row)?;
                }
                Ok(None) => return Ok((reached, true)),
                Err(_) => return Ok((reached, false)),
            }
        }
    }

    /// A row behind the damage that begins after `last`: looked for in growing steps.
    fn beyond(&self, table: &str, last: i64) -> Option<i64> {
        let start = if last == i64::MIN { 0 } else { last };
        let mut step = 1_i64;
        loop {
            let from = start.checked_add(step)?;
            let found =
                self.connection.query_row(&sql::rescue_next(table), [from], |row| row.get(0)).optional();
            match found {
                Ok(Some(found)) if found > last => return Some(found),
                Ok(None) => return None,
                Ok(Some(_)) | Err(_) => step = step.checked_mul(2)?,
            }
        }
    }

    fn read_from_both_ends<E: From<StorageError>>(
        &self,
        table: &str,
        wanted: &[String],
        sound: Option<&str>,
        give: &mut dyn FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let keys = keys(&self.connection, table).unwrap_or_default();
        let columns: Vec<String> = wanted.iter().chain(&keys).cloned().collect();
        for backwards in [false, true] {
            let statement = sql::rescue_keyed(table, &columns, sound, &keys, backwards);
            let Ok(mut statement) = self.connection.prepare(&statement) else { return Ok(()) };
            let Ok(mut rows) = statement.query([]) else { return Ok(()) };
            let mut reached: Option<Vec<Value>> = None;
            loop {
                match rows.next() {
                    Ok(Some(row)) => {
                        let key = (wanted.len() + 2..columns.len() + 2).map(|n| row.get(n));
                        let Ok(key) = key.collect::<rusqlite::Result<Vec<Value>>>() else { break };
                        // As above: pages that are children of many parents give their rows with each.
                        let onward = if backwards { Ordering::Less } else { Ordering::Greater };
                        if reached.is_some_and(|reached| compare(&key, &reached) != onward) {
                            break;
                        }
                        reached = Some(key);
                        give(row)?;
                    }
                    Ok(None) => return Ok(()),
                    Err(_) => break,
                }
            }
        }
        Ok(())
    }
}

/// As SQLite orders keys: nothing, numbers, text, bytes.
fn compare(one: &[Value], other: &[Value]) -> Ordering {
    const fn rank(value: &Value) -> u8 {
        match value {
            Value::Null => 0,
            Value::Integer(_) | Value::Real(_) => 1,
            Value::Text(_) => 2,
            Value::Blob(_) => 3,
        }
    }
    let pairs = one.iter().zip(other).map(|pair| match pair {
        (Value::Integer(one), Value::Integer(other)) => one.cmp(other),
        (Value::Real(one), Value::Real(other)) => one.total_cmp(other),
        (Value::Text(one), Value::Text(other)) => one.as_bytes().cmp(other.as_bytes()),
        (Value::Blob(one), Value::Blob(other)) => one.cmp(other),
        (one, other) => rank(one).cmp(&rank(other)),
    });
    pairs.fold(Ordering::Equal, Ordering::then)
}

/// Tables that hold rows of their own, of any database.
pub fn tables(connection: &Connection) -> Result<Vec<String>, StorageError> {
    let mut statement = connection.prepare(sql::TABLES)?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

pub fn columns(connection: &Connection, table: &str) -> Result<Vec<String>, StorageError> {
    let mut statement = connection.prepare(sql::COLUMNS)?;
    Ok(statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn keys(connection: &Connection, table: &str) -> Result<Vec<String>, StorageError> {
    let mut statement = connection.prepare(sql::KEYS)?;
    Ok(statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;
