//! Opening: pragmas, a check of the file, migrations. A damaged file is an answer, not an error.

use super::witness::{self, Counter, Note, Provenance};
use super::{Companion, Readers, StorageError, Witnessed, Writer, history, ready_made, sql, sums};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

// Earlier ones can lose a committed transaction when a checkpoint meets a WAL reset.
const SQLITE_VERSION_MIN: i32 = 3_051_003;
const CHECK_LINES_MAX: usize = 20;
const STATEMENTS_CACHED: usize = 128;

/// Where the database lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    File(PathBuf),
    /// Gone with the process; only with [`Mode::Inline`].
    Memory,
}

/// Who runs the jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// One thread writes, blocking threads read.
    #[default]
    Threads,
    /// The caller's thread, at once: every future is ready when first polled. For the simulator.
    Inline,
}

/// How thoroughly the file is looked at before it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntegrityCheck {
    /// Every page and its order, without comparing indexes to tables.
    #[default]
    Quick,
    /// Indexes too. For `doctor`.
    Full,
    /// Nothing but what opening reads: the owner has sums over its rows, and looks at the whole file
    /// while it works. The start does not grow with the file.
    Later,
}

#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub mode: Mode,
    pub check: IntegrityCheck,
    /// Pages that the writer keeps; and each reader, whose pages the system keeps as well.
    pub cache_kib: u32,
    pub reader_cache_kib: u32,
    pub readers: usize,
    pub busy_timeout_ms: u32,
    /// What a job that fails is undone from lies in memory, and not in a file beside the database: as many
    /// bytes as the pages that the largest job changes.
    pub undo_in_memory: bool,
    /// The log is brought into the file when it is so many pages long. What is written often meanwhile is
    /// brought there once.
    pub checkpoint_pages: u32,
}

/// What SQLite takes when it is not told.
pub const CHECKPOINT_PAGES: u32 = 1_000;

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            check: IntegrityCheck::default(),
            cache_kib: 2048,
            reader_cache_kib: 2048,
            readers: 4,
            busy_timeout_ms: 5000,
            undo_in_memory: false,
            checkpoint_pages: CHECKPOINT_PAGES,
        }
    }
}

/// What was found.
#[allow(clippy::large_enum_variant, reason = "made once, at the start")]
#[derive(Debug)]
pub enum Opened {
    Healthy(Database),
    /// It failed its check. `readers` still answer what can be read, so that the process serves
    /// with a plain message; a restart would find the same file.
    Damaged {
        report: String,
        readers: Option<Readers>,
    },
}

impl Opened {
    /// For those who cannot do anything with a damaged file.
    pub fn healthy(self) -> Result<Database, StorageError> {
        match self {
            Self::Healthy(database) => Ok(database),
            Self::Damaged { report, readers: _ } => Err(StorageError::Damaged(report)),
        }
    }
}

/// A checked and migrated database whose writer has not started yet.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
    place: Place,
    options: Options,
    /// None in memory: what ends with the process has no witness.
    provenance: Option<Provenance>,
}

impl Database {
    /// How it compares with its witness. None for a database in memory.
    #[must_use]
    pub const fn provenance(&self) -> Option<&Provenance> {
        self.provenance.as_ref()
    }

    /// Starts the writer with the state that `load` makes of the rows. When something that was
    /// acknowledged is missing, `load` writes that down: the witness is renewed after it.
    pub fn start<S: Companion>(
        mut self,
        load: impl FnOnce(&mut Connection) -> Result<S, StorageError>,
    ) -> Result<(Writer<S>, Readers), StorageError> {
        let state = load(&mut self.connection)?;
        let note = state.note(&self.connection)?;
        let counter = self.counter(note)?;
        match self.options.mode {
            Mode::Inline => {
                let connection = Arc::new(Mutex::new(self.connection));
                Ok((Writer::inline(Arc::clone(&connection), state, counter), Readers::inline(connection)))
            }
            Mode::Threads => {
                let readers = open_readers(&self.place, &self.options)?;
                Ok((Writer::thread(self.connection, state, counter)?, readers))
            }
        }
    }

    /// Makes this new database the successor of the one that a witness saw: its commits count on,
    /// so that the old one, should it come back, is known to be older.
    pub fn succeed(&mut self, seen: &Witnessed) -> Result<(), StorageError> {
        let commits = seen.commits.saturating_add(1);
        let number = i64::try_from(commits).map_err(StorageError::unreadable)?;
        self.connection.execute(sql::WITNESS_SUCCEED, rusqlite::params![seen.lineage, number, seen.at.0])?;
        if let Some(provenance) = &mut self.provenance {
            provenance.lineage = seen.lineage;
            provenance.commits = commits;
        }
        Ok(())
    }

    fn counter(&self, note: Note) -> Result<Option<Counter>, StorageError> {
        match (&self.place, &self.provenance) {
            (Place::File(path), Some(provenance)) => {
                Counter::begin(&self.connection, path, provenance, note).map(Some)
            }
            (Place::File(_), None) | (Place::Memory, _) => Ok(None),
        }
    }
}

/// Opens the database, checks it, and brings its schema up to date.
pub fn open(place: &Place, options: Options, migrations: &refinery::Runner) -> Result<Opened, StorageError> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        return Err(StorageError::Other(format!("SQLite {} is too old", rusqlite::version())));
    }
    if *place == Place::Memory && options.mode == Mode::Threads {
        return Err(StorageError::Other("a database in memory has one connection only".to_owned()));
    }
    let new = matches!(place, Place::File(path) if is_empty(path));
    if new {
        ready_made::lay(place, migrations)?;
    }
    let opened = prepare(place, &options).and_then(|(connection, report)| match report {
        None => migrate(connection, place, options, migrations, new),
        Some(report) => Err(StorageError::Damaged(report)),
    });
    match opened {
        Ok(database) => Ok(Opened::Healthy(database)),
        Err(StorageError::Damaged(report)) => {
            tracing::error!(?place, report, "the database failed its check and is only read");
            Ok(Opened::Damaged { report, readers: open_readers(place, &options).ok() })
        }
        Err(other) => Err(other),
    }
}

fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |file| file.len() == 0)
}

fn prepare(place: &Place, options: &Options) -> Result<(Connection, Option<String>), StorageError> {
    let connection = match place {
        Place::File(path) => Connection::open(path)?,
        Place::Memory => Connection::open_in_memory()?,
    };
    set_up(&connection, options, options.cache_kib)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: what was answered survives a power cut, not only a crash.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", options.checkpoint_pages)?;
    if options.undo_in_memory {
        connection.pragma_update(None, "temp_store", "MEMORY")?;
    }
    let report = check(&connection, options.check)?;
    Ok((connection, report))
}

fn migrate(
    mut connection: Connection,
    place: &Place,
    options: Options,
    migrations: &refinery::Runner,
    new: bool,
) -> Result<Database, StorageError> {
    history::examine(&connection, migrations)?;
    migrations.run(&mut connection).map_err(|error| unmigrated(&error))?;
    if new {
        ready_made::keep(&connection, place, migrations)?;
    }
    let provenance = match place {
        Place::File(path) => Some(witness::examine(&connection, path, new)?),
        Place::Memory => None,
    };
    Ok(Database { connection, place: place.clone(), options, provenance })
}

/// A migration that met damage says damage: nothing is wrong with the migration.
fn unmigrated(error: &refinery::Error) -> StorageError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        let code = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
        if let Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) = code {
            return StorageError::Damaged(error.to_string());
        }
        cause = error.source();
    }
    StorageError::Migration(chain(error))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn set_up(connection: &Connection, options: &Options, cache_kib: u32) -> Result<(), StorageError> {
    connection.busy_timeout(std::time::Duration::from_millis(options.busy_timeout_ms.into()))?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    // Otherwise statements are compiled anew whenever a value is bound that could change their plan,
    // in the middle of the work. What is asked of the rows does not depend on such luck.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    sums::register(connection)
}

/// What is wrong with the file, or nothing.
fn check(connection: &Connection, check: IntegrityCheck) -> Result<Option<String>, StorageError> {
    let pragma = match check {
        IntegrityCheck::Quick => "PRAGMA quick_check(20)",
        IntegrityCheck::Full => "PRAGMA integrity_check(20)",
        IntegrityCheck::Later => return Ok(None),
    };
    let mut statement = connection.prepare(pragma)?;
    let lines: Vec<String> =
        statement.query_map([], |row| row.get(0))?.take(CHECK_LINES_MAX).collect::<Result<_, _>>()?;
    Ok(if lines == ["ok"] { None } else { Some(lines.join("; ")) })
}

fn open_readers(place: &Place, options: &Options) -> Result<Readers, StorageError> {
    let Place::File(path) = place else { return Err(StorageError::ReadOnly) };
    let open_one = |_| {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        set_up(&connection, options, options.reader_cache_kib)?;
        Ok(connection)
    };
    let connections: Vec<Connection> =
        (0..options.readers.max(1)).map(open_one).collect::<Result<_, StorageError>>()?;
    Ok(Readers::threads(connections))
}
