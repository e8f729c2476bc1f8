//! The schema's own history, looked at before migrations go by it: damage hits these rows like any others,
//! and they would take it for another program's database, or panic.

use super::error::StorageError;
use super::sql;
use refinery::{Migration, Runner};
use rusqlite::{Connection, ErrorCode, Row};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A migration that a database says it has seen.
struct Applied {
    version: i64,
    name: String,
    checksum: u64,
}

/// # Errors
/// When it is damaged. Migrations that are newer than all of ours are not: they are a later program's.
pub(super) fn examine(connection: &Connection, migrations: &Runner) -> Result<(), StorageError> {
    let tables: Vec<String> = connection
        .prepare(sql::ALL_TABLES)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()
        .map_err(|error| damaged(&error))?;
    let has_history = tables.iter().any(|table| table == sql::HISTORY_TABLE);
    let applied = if has_history { read(connection)? } else { Vec::new() };
    match applied.last() {
        None if tables.iter().all(|table| table == sql::HISTORY_TABLE) => Ok(()),
        None => Err(StorageError::Damaged(String::from("the history of its schema is gone"))),
        Some(newest) => {
            let ours = migrations.get_migrations();
            let known = applied.iter().all(|applied| is_ours(applied, ours) || is_newer(applied, ours));
            let was_due = |migration: &&Migration| i64::from(migration.version()) <= newest.version;
            let whole = ours
                .iter()
                .filter(was_due)
                .all(|due| applied.iter().any(|applied| applied.version == i64::from(due.version())));
            if known && whole {
                return Ok(());
            }
            Err(StorageError::Damaged(String::from("the history of its schema is not what was written")))
        }
    }
}

fn read(connection: &Connection) -> Result<Vec<Applied>, StorageError> {
    let mut statement = connection.prepare(sql::HISTORY)?;
    let rows = statement.query_map([], |row| Ok(read_applied(row)))?;
    rows.map(|row| row.and_then(|applied| applied).map_err(|error| damaged(&error))).collect()
}

fn read_applied(row: &Row<'_>) -> rusqlite::Result<Applied> {
    let unreadable = |at: usize, why: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, why)
    };
    let (applied_on, checksum): (String, String) = (row.get(2)?, row.get(3)?);
    OffsetDateTime::parse(&applied_on, &Rfc3339).map_err(|why| unreadable(2, Box::new(why)))?;
    let checksum = checksum.parse().map_err(|why| unreadable(3, Box::new(why)))?;
    Ok(Applied { version: row.get(0)?, name: row.get(1)?, checksum })
}

/// What a full or busy disk says stays what it is.
fn damaged(error: &rusqlite::Error) -> StorageError {
    match error.sqlite_error_code() {
        None | Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StorageError::Damaged(format!("the history of its schema cannot be read: {error}"))
        }
        Some(code) => StorageError::Other(format!("{code:?}: {error}")),
    }
}

fn is_ours(applied: &Applied, ours: &[Migration]) -> bool {
    ours.iter().any(|migration| {
        i64::from(migration.version()) == applied.version
            && migration.name() == applied.name
            && migration.checksum() == applied.checksum
    })
}

fn is_newer(applied: &Applied, ours: &[Migration]) -> bool {
    ours.iter().all(|migration| {
        i64::from(migration.version()) < applied.version && migration.checksum() != applied.checksum
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::{Opened, Options, Place, open};

    fn runner() -> Runner {
        let both = [("V1__first", "CREATE TABLE one (id)"), ("V3__second", "CREATE TABLE two (id)")];
        Runner::new(&both.map(|(name, text)| Migration::unapplied(name, text).unwrap()))
    }

    /// Opens a database whose history was changed.
    fn opened_after(change: &str) -> Result<Opened, StorageError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        let place = Place::File(file.clone());
        assert!(matches!(open(&place, Options::default(), &runner()), Ok(Opened::Healthy(_))));
        Connection::open(file).unwrap().execute_batch(change).unwrap();
        open(&place, Options::default(), &runner())
    }

    #[test]
    fn a_damaged_history_is_damage_and_a_newer_one_is_a_newer_program() {
        for damage in [
            "UPDATE refinery_schema_history SET name = 'sfcond' WHERE version = 3",
            "UPDATE refinery_schema_history SET name = CAST(x'ff' AS TEXT) WHERE version = 3",
            "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1",
            "UPDATE refinery_schema_history SET checksum = 'x' WHERE version = 1",
            "UPDATE refinery_schema_history SET applied_on = '2026-02-30T10:00:00Z' WHERE version = 1",
            "UPDATE refinery_schema_history SET version = 2 WHERE version = 1",
            "UPDATE refinery_schema_history SET version = 35 WHERE version = 3",
            "DELETE FROM refinery_schema_history WHERE version = 1",
            "DELETE FROM refinery_schema_history",
            "DROP TABLE refinery_schema_history",
        ] {
            let opened = opened_after(damage);
            assert!(matches!(opened, Ok(Opened::Damaged { .. })), "{damage}: {opened:?}");
        }
        let later = "INSERT INTO refinery_schema_history VALUES (4, 'third', '2026-11-22T10:00:00Z', '7')";
        assert!(matches!(opened_after(later), Err(StorageError::Migration(_))));
        assert!(matches!(opened_after("SELECT 1"), Ok(Opened::Healthy(_))));
    }
}
