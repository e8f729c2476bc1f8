//! A witness beside the database: which commit was the newest that anybody was told of.
//!
//! SQLite drops the end of a log whose checksums do not fit, without a word: right for a commit
//! that was torn while it was written, and wrong for one that was acknowledged. The database
//! counts its commits, and after each the count is also written into a small file beside it. A
//! database that is older than its witness lost commits, or was put back from a copy.
//!
//! Two slots are written in turn, each with its own checksum, so that a torn write leaves the other
//! one. Nothing is synced: the page cache survives the process, and after a power cut a witness that
//! is older than the database proves nothing and accuses nobody.

use super::{StorageError, sql};
use crate::clock::{Clock, SystemClock};
use crate::random;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, OptionalExtension, params};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"HFWITN01";
const LINEAGE_BYTES: usize = 16;
const NOTE_BYTES: usize = 32;
const SUM_BYTES: usize = 16;
const SLOT_BYTES: usize = 8 + LINEAGE_BYTES + 8 + 8 + NOTE_BYTES + SUM_BYTES;
/// Slots lie in sectors of their own.
const SLOT_DISTANCE: u64 = 512;

/// What the process wants to find again beside the count, in its own words.
pub type Note = [u8; NOTE_BYTES];

/// Random at the creation of a database; copies share it, another database does not.
pub type Lineage = [u8; LINEAGE_BYTES];

/// The newest commit that the witness saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witnessed {
    pub lineage: Lineage,
    pub commits: u64,
    pub at: UtcMs,
    pub note: Note,
}

/// How a database that opened compares with its witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Made just now, where nothing was.
    New,
    /// Everything that was acknowledged, as far as the witness knows, is here.
    Whole,
    /// There is no witness, or none that can be read.
    Unwitnessed,
    Lost(Lost),
}

/// What was acknowledged and is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    pub commits: u64,
    /// The newest commit that is here.
    pub since: UtcMs,
    /// The newest commit that was acknowledged.
    pub until: UtcMs,
    /// Another database lies where the witnessed one was.
    pub replaced: bool,
}

/// Where a database comes from, and what its witness says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance {
    pub lineage: Lineage,
    pub commits: u64,
    pub standing: Standing,
    pub witnessed: Option<Witnessed>,
}

/// Where the witness of a database lies.
#[must_use]
pub fn witness_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-witness");
    PathBuf::from(name)
}

/// What the witness of a database says, also when the database itself cannot be opened.
#[must_use]
pub fn witnessed(database: &Path) -> Option<Witnessed> {
    let file = File::open(witness_path(database)).ok()?;
    let read = |n: u64| {
        let mut slot = [0; SLOT_BYTES];
        file.read_exact_at(&mut slot, n.saturating_mul(SLOT_DISTANCE)).ok()?;
        from_slot(&slot)
    };
    [read(0), read(1)].into_iter().flatten().max_by_key(|seen| seen.commits)
}

/// The row in the database, and how it compares. `new`: there was no database before.
pub(super) fn examine(
    connection: &Connection,
    database: &Path,
    new: bool,
) -> Result<Provenance, StorageError> {
    connection.execute_batch(sql::WITNESS_TABLE)?;
    let witnessed = witnessed(database);
    let known = read_row(connection)?;
    let (lineage, commits, at) = match known {
        Some(known) => known,
        None => begin_row(connection)?,
    };
    let standing = match witnessed {
        None if new => Standing::New,
        None => Standing::Unwitnessed,
        Some(seen) if seen.lineage != lineage => {
            // A database without a row of its own knows no time either.
            let since = if known.is_some() { at } else { UtcMs(0) };
            Standing::Lost(Lost { commits: seen.commits, since, until: seen.at, replaced: true })
        }
        Some(seen) if seen.commits > commits => {
            let missing = seen.commits.saturating_sub(commits);
            Standing::Lost(Lost { commits: missing, since: at, until: seen.at, replaced: false })
        }
        Some(_) => Standing::Whole,
    };
    Ok(Provenance { lineage, commits, standing, witnessed })
}

type Row = (Lineage, u64, UtcMs);

fn read_row(connection: &Connection) -> Result<Option<Row>, StorageError> {
    let row = connection
        .query_row(sql::WITNESS_READ, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?)))
        .optional()?;
    let read = |(lineage, commits, at)| {
        Ok((lineage, u64::try_from(commits).map_err(StorageError::unreadable)?, UtcMs(at)))
    };
    row.map(read).transpose()
}

fn begin_row(connection: &Connection) -> Result<Row, StorageError> {
    let lineage: Lineage = random::bytes().map_err(|error| StorageError::Other(error.to_string()))?;
    let at = SystemClock.now().utc;
    connection.execute(sql::WITNESS_BEGIN, params![lineage, 0, at.0])?;
    Ok((lineage, 0, at))
}

/// Counts the commits of one writer, in the database and beside it.
#[derive(Debug)]
pub(super) struct Counter {
    lineage: Lineage,
    commits: u64,
    file: File,
    /// Said once: a witness that cannot be written is no reason to refuse a sale.
    complained: bool,
}

impl Counter {
    /// Goes on from what is in the database. From here on the witness says what the database says:
    /// whoever opened it has written down what was missing.
    pub(super) fn begin(
        connection: &Connection,
        database: &Path,
        provenance: &Provenance,
        note: Note,
    ) -> Result<Self, StorageError> {
        let Provenance { lineage, commits, .. } = *provenance;
        let at = read_row(connection)?.map_or(UtcMs(0), |(_, _, at)| at);
        let told = |error: io::Error| StorageError::Other(format!("the witness cannot be written: {error}"));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(witness_path(database))
            .map_err(told)?;
        let slot = to_slot(&Witnessed { lineage, commits, at, note });
        file.write_all_at(&slot, 0).map_err(told)?;
        file.write_all_at(&slot, SLOT_DISTANCE).map_err(told)?;
        Ok(Self { lineage, commits, file, complained: false })
    }

    /// To be written in the transaction that it counts.
    pub(super) fn count(&self, connection: &Connection) -> Result<Counted, StorageError> {
        let counted = Counted { commits: self.commits.saturating_add(1), at: SystemClock.now().utc };
        let commits = i64::try_from(counted.commits).map_err(StorageError::unreadable)?;
        connection.prepare_cached(sql::WITNESS_COUNT)?.execute(params![commits, counted.at.0])?;
        Ok(counted)
    }

    /// The commit stands: to be called before anybody is answered.
    pub(super) fn tell(&mut self, counted: Counted, note: Note) {
        let Counted { commits, at } = counted;
        self.commits = commits;
        let slot = to_slot(&Witnessed { lineage: self.lineage, commits, at, note });
        let written = self.file.write_all_at(&slot, (commits & 1).saturating_mul(SLOT_DISTANCE));
        if let Err(error) = written
            && !self.complained
        {
            self.complained = true;
            tracing::warn!(%error, "the witness beside the database cannot be written");
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    commits: u64,
    at: UtcMs,
}

fn to_slot(seen: &Witnessed) -> Vec<u8> {
    let mut slot = Vec::with_capacity(SLOT_BYTES);
    slot.extend_from_slice(MAGIC);
    slot.extend_from_slice(&seen.lineage);
    slot.extend_from_slice(&seen.commits.to_le_bytes());
    slot.extend_from_slice(&seen.at.0.to_le_bytes());
    slot.extend_from_slice(&seen.note);
    let sum = blake3::hash(&slot);
    slot.extend(sum.as_bytes().iter().take(SUM_BYTES));
    slot
}

fn from_slot(slot: &[u8; SLOT_BYTES]) -> Option<Witnessed> {
    let (said, sum) = slot.split_at_checked(SLOT_BYTES - SUM_BYTES)?;
    if blake3::hash(said).as_bytes().get(..SUM_BYTES) != Some(sum) {
        return None;
    }
    let rest = said.strip_prefix(MAGIC)?;
    let (lineage, rest) = rest.split_first_chunk::<LINEAGE_BYTES>()?;
    let (commits, rest) = rest.split_first_chunk::<8>()?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let note = rest.first_chunk::<NOTE_BYTES>()?;
    Some(Witnessed {
        lineage: *lineage,
        commits: u64::from_le_bytes(*commits),
        at: UtcMs(i64::from_le_bytes(*at)),
        note: *note,
    })
}
