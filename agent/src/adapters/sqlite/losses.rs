//! What storage lost of what was acknowledged: written down when it is found, told until central has
//! noted it, shown for as long as the database lives.

use super::sql;
use super::value::{signed, unsigned};
use crate::ports::ledger::LossNote;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::limits::LOSSES_TOLD_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::Loss;
use rusqlite::{Connection, Row, params};

pub(super) fn put(connection: &Connection, loss: &Loss) -> Result<(), StorageError> {
    tracing::error!(facts = loss.facts, detail = loss.detail, "storage lost what was acknowledged");
    let facts = loss.facts.map(signed).transpose()?;
    connection.execute(sql::LOSS_PUT, params![loss.id, loss.found_at.0, facts, loss.detail])?;
    Ok(())
}

/// What central is to be told.
pub(super) fn to_tell(connection: &Connection) -> Result<Vec<Loss>, StorageError> {
    let loss = |note: LossNote| Loss {
        id: note.id,
        found_at: note.found_at,
        facts: note.facts,
        detail: note.detail,
    };
    Ok(list(connection, sql::LOSSES_TO_TELL)?.into_iter().map(loss).collect())
}

/// Newest first, for people.
pub(super) fn all(connection: &Connection) -> Result<Vec<LossNote>, StorageError> {
    list(connection, sql::LOSSES)
}

/// Central wrote them down. An id that it invents changes nothing.
pub(super) fn noted(connection: &Connection, ids: &[String]) -> Result<(), StorageError> {
    for id in ids {
        connection.prepare_cached(sql::LOSS_NOTED)?.execute([id])?;
    }
    Ok(())
}

fn list(connection: &Connection, statement: &str) -> Result<Vec<LossNote>, StorageError> {
    let limit = i64::try_from(LOSSES_TOLD_MAX).map_err(StorageError::unreadable)?;
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query([limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<LossNote, StorageError> {
    Ok(LossNote {
        id: row.get(0)?,
        found_at: UtcMs(row.get(1)?),
        facts: row.get::<_, Option<i64>>(2)?.map(unsigned).transpose()?,
        detail: row.get(3)?,
        noted: row.get(4)?,
    })
}
