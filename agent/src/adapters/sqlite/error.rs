//! What the database could not do, in the words of the port.

use crate::core::outcome::Undecided;
use crate::ports::ledger::LedgerError;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::error::Code;
use holdfast_shared::wire::fact::BadFact;

impl From<StorageError> for LedgerError {
    fn from(error: StorageError) -> Self {
        let what = match &error {
            StorageError::DiskFull(_) => "the disk is full; nothing was written",
            StorageError::Damaged(_) | StorageError::ReadOnly => {
                "the database is damaged, so it is only read; nothing was written"
            }
            StorageError::Busy | StorageError::Locked(_) => "too many writes wait already",
            StorageError::Stopped => "the agent is stopping",
            StorageError::Constraint(_)
            | StorageError::NoRow
            | StorageError::Unreadable(_)
            | StorageError::Migration(_)
            | StorageError::Other(_) => "the database could not do this",
        };
        let code = match error.code() {
            // A row that ought to be there is our defect, not a wrong path of the caller.
            Code::NotFound => Code::Internal,
            code => code,
        };
        Self::Unavailable { code, what: what.to_owned(), source: Some(Box::new(error)) }
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        StorageError::from(error).into()
    }
}

impl<E: Into<Self>> From<Undecided<E>> for LedgerError {
    fn from(undecided: Undecided<E>) -> Self {
        match undecided {
            Undecided::Refused(refusal) => refusal.into(),
            Undecided::View(error) => error.into(),
        }
    }
}

/// A fact that this agent decided on, and that cannot be written down.
impl From<BadFact> for LedgerError {
    fn from(bad: BadFact) -> Self {
        crate::core::command::Refusal::Invalid(bad.to_string()).into()
    }
}
