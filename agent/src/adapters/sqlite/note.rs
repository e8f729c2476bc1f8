//! What the witness beside the database keeps of the ledger: enough to say how many facts are gone
//! when the database itself cannot be asked.

use super::sql;
use super::value::unsigned;
use holdfast_platform::sqlite::{self, StorageError};
use rusqlite::Connection;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Note {
    /// Facts ever recorded: the greatest seq.
    pub facts: u64,
    /// Up to which of them central certainly has all.
    pub central_has: u64,
    /// Removed by retention.
    pub dropped: u64,
}

impl Note {
    pub(super) fn read(connection: &Connection) -> Result<Self, StorageError> {
        let (facts, central_has, dropped): (i64, i64, i64) = connection
            .prepare_cached(sql::NOTE)?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(Self { facts: unsigned(facts)?, central_has: unsigned(central_has)?, dropped: unsigned(dropped)? })
    }

    pub(super) fn to_bytes(self) -> sqlite::Note {
        let mut bytes = sqlite::Note::default();
        let numbers = [self.facts, self.central_has, self.dropped];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &sqlite::Note) -> Self {
        let mut numbers = bytes.chunks_exact(8).map(|chunk| chunk.try_into().map_or(0, u64::from_le_bytes));
        let mut next = || numbers.next().unwrap_or_default();
        Self { facts: next(), central_has: next(), dropped: next() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let note = Note { facts: 7, central_has: 5, dropped: 2 };
        assert_eq!(Note::from_bytes(&note.to_bytes()), note);
    }
}
