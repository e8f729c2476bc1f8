//! Stored texts and numbers as the values that they were written from.

use holdfast_platform::sqlite::StorageError;
use serde::de::DeserializeOwned;

/// A stored text as the checked value that it was written from.
pub(super) fn id<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, StorageError> {
    text.parse().map_err(StorageError::unreadable)
}

pub(super) fn json<T: DeserializeOwned>(text: &str) -> Result<T, StorageError> {
    serde_json::from_str(text).map_err(StorageError::unreadable)
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(StorageError::unreadable)
}

pub(super) fn unsigned(number: i64) -> Result<u64, StorageError> {
    u64::try_from(number).map_err(StorageError::unreadable)
}

pub(super) fn signed(number: u64) -> Result<i64, StorageError> {
    i64::try_from(number).map_err(StorageError::unreadable)
}
