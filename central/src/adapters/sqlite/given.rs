//! How far central has come in giving out numbers. The witness beside the database keeps it with
//! each commit, so that a database that was put back finds out what it gave out and does not hold.

use super::row::{one, unsigned};
use super::sql::sql;
use super::{Result, error};
use holdfast_platform::sqlite::Note;
use rusqlite::Connection;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) incarnation: u32,
    /// The newest fence and fact of this incarnation, and the newest order.
    pub(super) fence: u64,
    pub(super) fact: u64,
    pub(super) orders: u64,
}

impl Given {
    pub(super) fn read(conn: &Connection) -> Result<Self> {
        let found = one(conn, sql!(RECOVERY.given), [], |row| {
            Ok(Self {
                incarnation: row.get("incarnation")?,
                fence: unsigned(row, "fence")?,
                fact: unsigned(row, "fact")?,
                orders: unsigned(row, "orders")?,
            })
        })?;
        found.ok_or_else(|| error::missing("counter"))
    }

    pub(super) fn to_note(self) -> Note {
        let mut note = Note::default();
        let bytes = [u64::from(self.incarnation), self.fence, self.fact, self.orders].map(u64::to_le_bytes);
        for (to, from) in note.iter_mut().zip(bytes.as_flattened()) {
            *to = *from;
        }
        note
    }

    /// None when no central of this kind wrote it.
    pub(super) fn of_note(note: &Note) -> Option<Self> {
        let mut words = note.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let incarnation = u32::try_from(words.next()?).ok().filter(|incarnation| *incarnation > 0)?;
        Some(Self { incarnation, fence: words.next()?, fact: words.next()?, orders: words.next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back_and_an_empty_one_says_nothing() {
        let given = Given { incarnation: 3, fence: 1 << 31, fact: 7, orders: u64::MAX };
        assert_eq!(Given::of_note(&given.to_note()), Some(given));
        assert_eq!(Given::of_note(&Note::default()), None);
    }
}
