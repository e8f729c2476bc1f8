//! What can go wrong with the file, in words that say what to do next.

use super::sums::UNSOUND;
use holdfast_shared::error::{Code, Problem};
use rusqlite::ErrorCode;

/// Why the store on disk did not do it. Clonable, because one failed commit answers many.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    #[error("the disk is full or cannot be written ({0}); nothing was written")]
    DiskFull(String),
    #[error("the database file is damaged: {0}")]
    Damaged(String),
    #[error("too many writes wait already")]
    Busy,
    #[error("the database is locked by another process: {0}")]
    Locked(String),
    #[error("the database is only read")]
    ReadOnly,
    #[error("a rule of the schema refused this: {0}")]
    Constraint(String),
    #[error("there is no such row")]
    NoRow,
    #[error("the writer has stopped")]
    Stopped,
    #[error("a stored value cannot be read back: {0}")]
    Unreadable(String),
    #[error("the schema could not be brought up to date: {0}")]
    Migration(String),
    #[error("{0}")]
    Other(String),
}

impl StorageError {
    /// A row whose columns do not make the domain value they were written from.
    #[must_use]
    pub fn unreadable(why: impl std::fmt::Display) -> Self {
        Self::Unreadable(why.to_string())
    }

    /// What the outside learns.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::DiskFull(_) => Code::DiskFull,
            Self::Damaged(_) | Self::ReadOnly => Code::ReadOnly,
            Self::Busy | Self::Locked(_) => Code::Busy,
            Self::Stopped => Code::ShuttingDown,
            Self::NoRow => Code::NotFound,
            Self::Constraint(_) | Self::Unreadable(_) | Self::Migration(_) | Self::Other(_) => Code::Internal,
        }
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        if matches!(error, rusqlite::Error::QueryReturnedNoRows) {
            return Self::NoRow;
        }
        // SQLite gives the error of a function of ours a code of its own.
        if text.contains(UNSOUND) {
            return Self::Damaged(text);
        }
        // A foreign enum that may grow: what is not known here is told as it is.
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => Self::DiskFull(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(text),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(text),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::ConstraintViolation) => Self::Constraint(text),
            Some(_) | None => Self::Other(text),
        }
    }
}

impl From<StorageError> for Problem {
    /// Only the code and our own words go out; what SQLite said stays in the log.
    fn from(error: StorageError) -> Self {
        let code = error.code();
        let told = match &error {
            StorageError::DiskFull(_) => "the disk is full".to_owned(),
            StorageError::Damaged(_) | StorageError::ReadOnly => "the database is only read".to_owned(),
            StorageError::Busy | StorageError::Locked(_) => "too many writes wait already".to_owned(),
            StorageError::Stopped => "the process stops".to_owned(),
            StorageError::NoRow => "there is no such row".to_owned(),
            StorageError::Constraint(_)
            | StorageError::Unreadable(_)
            | StorageError::Migration(_)
            | StorageError::Other(_) => "the database refused".to_owned(),
        };
        tracing::error!(code = code.as_str(), %error, "storage failed");
        Self::new(code, told)
    }
}
