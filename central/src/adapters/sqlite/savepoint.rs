//! A part of a transaction that is undone alone, when it ends in a refusal or an error.

use super::Result;
use crate::ports::StoreError;
use holdfast_platform::sqlite::StorageError;
use rusqlite::Connection;

/// Why a part stops: an outcome for the caller, or a failure of storage.
#[derive(Debug)]
pub(super) enum Stop<R> {
    Refused(R),
    Failed(StoreError),
}

impl<R> From<StoreError> for Stop<R> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl<R> From<StorageError> for Stop<R> {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

/// Runs the part. Nothing that a refused part wrote stays.
pub(super) fn attempt<T>(
    conn: &Connection,
    part: impl FnOnce() -> std::result::Result<T, Stop<T>>,
) -> Result<T> {
    match attempt_or(conn, part)? {
        Ok(done) | Err(done) => Ok(done),
    }
}

pub(super) fn attempt_or<T, R>(
    conn: &Connection,
    part: impl FnOnce() -> std::result::Result<T, Stop<R>>,
) -> Result<std::result::Result<T, R>> {
    let run = |sql: &str| -> Result<()> {
        conn.prepare_cached(sql)?.execute([])?;
        Ok(())
    };
    run("SAVEPOINT part")?;
    let outcome = part();
    if let Err(Stop::Refused(_)) = outcome {
        run("ROLLBACK TO part")?;
    }
    match outcome {
        Ok(done) => run("RELEASE part").map(|()| Ok(done)),
        Err(Stop::Refused(refusal)) => run("RELEASE part").map(|()| Err(refusal)),
        // The whole job is undone; SQLite itself may have done so already, on a full disk.
        Err(Stop::Failed(error)) => Err(error),
    }
}
