//! Closures that staff planned here, kept until they are over.

use crate::core::outcome::PlanChange;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::signal::PlannedNote;
use rusqlite::Connection;

const ALL: &str = include_str!("planned.sql");
const ADD: &str = include_str!("plan_add.sql");
const REMOVE: &str = include_str!("plan_remove.sql");
const FORGET: &str = include_str!("plans_forget.sql");

/// In the order of their times, those that are over too.
pub(super) fn all(connection: &Connection) -> Result<Vec<PlannedNote>, StorageError> {
    let mut statement = connection.prepare_cached(ALL)?;
    let mut rows = statement.query([])?;
    let mut planned: Vec<PlannedNote> = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(1)?;
        let note: PlannedNote = serde_json::from_str(&text).map_err(StorageError::unreadable)?;
        planned.push(PlannedNote { number: row.get(0)?, ..note });
    }
    planned.sort_by_key(|note| note.from);
    Ok(planned)
}

/// What is over goes with the next change.
pub(super) fn change(connection: &Connection, change: &PlanChange, now: UtcMs) -> Result<(), StorageError> {
    let remove = |number: u32| connection.prepare_cached(REMOVE)?.execute([number]);
    for over in all(connection)?.iter().filter(|note| note.until <= now) {
        remove(over.number)?;
    }
    match change {
        PlanChange::Add(note) => {
            let text = serde_json::to_string(note).map_err(StorageError::unreadable)?;
            connection.prepare_cached(ADD)?.execute([text])?;
        }
        PlanChange::Remove(number) => _ = remove(*number)?,
    }
    connection.prepare_cached(FORGET)?.execute([])?;
    Ok(())
}
