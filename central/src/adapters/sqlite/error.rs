//! What goes wrong in here, as the port tells it.

use crate::ports::StoreError;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::error::Code;

impl From<StorageError> for StoreError {
    fn from(error: StorageError) -> Self {
        let what = match error.code() {
            Code::DiskFull => "the disk is full; nothing was written",
            Code::ReadOnly => "the database failed its check and is only read",
            Code::Busy => "too many writes wait already",
            Code::ShuttingDown => "the process stops",
            _ => "the database refused",
        };
        Self { code: error.code(), what: what.to_owned(), source: Some(Box::new(error)) }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StorageError::from(error).into()
    }
}

/// A value of ours that cannot be written or read back.
pub(super) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError {
        code: Code::Internal,
        what: "a stored value cannot be read back".to_owned(),
        source: Some(Box::new(error)),
    }
}

macro_rules! unreadable_from {
    ($($source:ty),*) => {
        $(impl From<$source> for StoreError {
            fn from(error: $source) -> Self {
                unreadable(error)
            }
        })*
    };
}

unreadable_from!(serde_json::Error, holdfast_shared::ids::BadId);

/// A row that must be there.
pub(super) fn missing(what: &'static str) -> StoreError {
    StoreError { code: Code::Internal, what: format!("a row of {what} is missing"), source: None }
}
