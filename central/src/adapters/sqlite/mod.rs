//! Central's storage in one SQLite file.
//!
//! Every operation of the ports is one job of the one writer, or one read transaction. The schema
//! (`migrations/`) holds the invariants as constraints, so that a defect above is refused here and
//! not written down: no position with less than nothing reserved, no order line with more units
//! than were ordered, no recall of released work.
//!
//! How the rooms lie (the statements are in `sql/`, one file per area, and are found by name while
//! compiling):
//!
//! - Ports: `orders`, `fleet`, `access`, `work`, `outbox` and `exchange` answer them.
//! - Work: `tasks` follows what new facts of a task mean, as core decides it, and `task_news` tells people;
//!   `assign`, `recall`, `readopt`, `overrides` and `cancel` write central's own facts through `pen`, many
//!   assignments by `giving`; `rivals` stops whoever has less right to units; `moves` keeps what left which
//!   store and its pace, `drills` those that are meant.
//! - Documents: `documents` keeps changes, heads and roots, `ledger` the facts; `seals` ends documents,
//!   `baseline` keeps what they add up to, `older` speaks to agents of older versions.
//! - Events: `consumers` are those who are sent them, `deliveries` what they were sent and what waits for
//!   them, `dead_letters` what a person must look at of it.
//! - Stock: `stock` has positions, `holds` what tasks have set aside, `lessons` what facts teach about them,
//!   `stock_book` tells of both; `rights` and `escrow` are what stores have ceded, and `own_stock` is
//!   central's hand in stock documents.
//! - Customers: `contacts` keeps what is personal of orders, `changes` writes what customers change of them;
//!   `promises` is what is set aside for carts, `promise_changes` are dates that cannot be kept;
//!   `backorders` are lines that wait for goods; `substitutions` are other goods in place of those that
//!   cannot be had, `substitution_rows` reads them and `substitution_news` tells of them.
//! - Money: `sagas` keeps what is asked of payment providers and what came of it, `saga_news` tells of it,
//!   `saga_wake` has it looked at when something of the order changed.
//! - Parcels: `gatherings` are orders that come together at one store, `gathering_rows` keeps and ends them,
//!   `arrivals` sees to what came for them; `labels` are parcels that no carrier takes; `parcels` tells
//!   stores of both.
//! - Policies: `shadow` has versions that decide nothing, `legacy` what another system decides, `shadow_book`
//!   and `shadow_diffs` where they differ, `shadow_alarms` tells a person when that is critical; `kpis` counts how routing does, `coverage` which parts of policies
//!   mattered; `decisions` writes what was decided and `decision_rows` reads
//!   it, with `nodes_seen` for what many decisions share; `replays` reads the record of orders, `launch` what a launch asks.
//! - Health: `arranging` and `work_hours` keep what it looks at beside signals.
//! - People: `exceptions` are what they must look at, `exception_queue` is how they work it; `reconciling` and
//!   `reconcile_books` read both sides of the books, `findings` keeps where they differ.
//! - `housekeeping` deletes what is over.

mod access;
mod adopt;
mod adopt_lines;
mod answer;
mod arranging;
mod arrivals;
mod assign;
mod backorders;
mod baseline;
mod boots;
mod branch;
mod cancel;
mod changes;
mod consumer_backlog;
mod consumer_marks;
mod consumers;
mod contacts;
mod counters;
mod coverage;
mod dead_letters;
mod decision_rows;
mod decisions;
mod deliveries;
mod demand;
mod documents;
mod drills;
mod error;
mod escrow;
mod escrow_classes;
mod exception_acts;
mod exception_queue;
mod exception_repairs;
mod exception_trend;
mod exceptions;
mod exchange;
mod findings;
mod fleet;
mod flow;
mod gathering_rows;
mod gatherings;
mod given;
mod giving;
mod holds;
mod housekeeping;
mod incoming;
mod kpis;
mod labels;
mod launch;
mod leases;
mod ledger;
mod legacy;
mod lessons;
mod lines;
mod losses;
mod lost_gatherings;
mod moves;
mod nodes_seen;
mod older;
mod order_carts;
mod order_kpis;
mod order_rows;
mod orders;
mod outbox;
#[cfg(test)]
mod outbox_check;
mod outbox_ends;
mod overrides;
mod own_stock;
mod parcels;
mod pen;
mod place_again;
mod policies;
mod policy_rows;
mod promise_changes;
mod promise_outcomes;
mod promises;
mod quarantine;
mod readopt;
mod recall;
mod reconcile_books;
mod reconcile_returns;
mod reconciling;
mod recovery;
mod recovery_report;
mod refusal;
mod replays;
mod return_advance;
mod return_book;
mod return_news;
mod return_receipts;
mod return_rows;
mod returns;
mod rights;
mod rivals;
mod rollouts;
mod row;
mod saga_news;
mod saga_wake;
mod sagas;
mod savepoint;
mod seals;
mod search;
mod seen;
mod shadow;
mod shadow_alarms;
mod shadow_book;
mod shadow_diffs;
mod shadow_page;
mod shipment_news;
mod shipment_rows;
mod shipments;
mod sql;
mod state;
mod stock;
mod stock_book;
mod store_row;
mod substitution_news;
mod substitution_rows;
mod substitutions;
mod task_news;
mod tasks;
mod timeline;
mod traces;
mod tracking_inbox;
mod vetoes;
mod window;
mod work;
mod work_hours;

use crate::ports::StoreError;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::sqlite::{
    CHECKPOINT_PAGES, IntegrityCheck, Mode, Opened, Options, Place, Readers, StorageError, Writer, open,
};
use holdfast_shared::ids::ReplicaId;
use rusqlite::{Connection, OpenFlags};
use state::State;
use std::path::Path;

type Result<T> = std::result::Result<T, StoreError>;

/// As a running central opens its database. Orders of one write lie all over the rows of a chain: their pages
/// are kept, so that none is written in the middle of a transaction and again at its end, and a page that
/// many writes change goes from the log into the file once.
pub const IN_SERVICE: Options = Options {
    mode: Mode::Threads,
    check: IntegrityCheck::Quick,
    cache_kib: 64 * 1024,
    reader_cache_kib: 2 * 1024,
    readers: 4,
    busy_timeout_ms: 5_000,
    undo_in_memory: true,
    checkpoint_pages: 4 * CHECKPOINT_PAGES,
};

mod migrations {
    refinery::embed_migrations!("src/adapters/sqlite/migrations");
}

/// Writes a whole copy of a database, which may be in use, into a file that is not there yet.
pub fn back_up(database: &Path, to: &Path) -> Result<()> {
    let from = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    from.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    Ok(())
}

/// All of central's storage. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    /// None when the file failed its check: then it is only read.
    writer: Option<Writer<State>>,
    readers: Option<Readers>,
    damage: Option<String>,
    restored: Option<u32>,
}

impl SqliteStore {
    /// Opens the database and brings its schema up to date. A damaged file opens too, for reading.
    ///
    /// `seed` must be random: it sets this process's changes apart from those of every other start.
    pub fn open(place: &Place, options: Options, seed: [u8; 8]) -> Result<Self> {
        let database = match open(place, options, &migrations::migrations::runner())? {
            Opened::Healthy(database) => database,
            Opened::Damaged { report, readers } => {
                return Ok(Self { writer: None, readers, damage: Some(report), restored: None });
            }
        };
        let central = ReplicaId::new(timeline::CENTRAL)?;
        let provenance = database.provenance().copied();
        let mut restored = None;
        let (writer, readers) = database.start(|conn| {
            let load = || -> Result<State> {
                // What is erased is written over, not only forgotten.
                conn.pragma_update(None, "secure_delete", "ON")?;
                let mut state = State::load(conn, central, seed)?;
                let transaction = conn.unchecked_transaction()?;
                let now = SystemClock.now().utc;
                restored = recovery::heed_witness(conn, &mut state, provenance.as_ref(), now)?;
                transaction.commit()?;
                Ok(state)
            };
            load().map_err(|error| StorageError::Unreadable(error.to_string()))
        })?;
        Ok(Self { writer: Some(writer), readers: Some(readers), damage: None, restored })
    }

    /// The incarnation that this start began, because the database is older than its witness.
    #[must_use]
    pub const fn restored(&self) -> Option<u32> {
        self.restored
    }

    /// What the check of the file found, when it is only read.
    #[must_use]
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// Finishes what waits, then closes the file.
    pub async fn stop(&self) {
        if let Some(writer) = &self.writer {
            writer.stop().await;
        }
    }

    async fn write<T, F>(&self, job: F) -> Result<T>
    where
        F: FnOnce(&Connection, &mut State) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let writer = self.writer.as_ref().ok_or(StorageError::ReadOnly)?;
        writer.write(job).await
    }

    /// The same for what writes very much: see [`Writer::write_alone`].
    async fn write_alone<T, E, F>(&self, job: F) -> std::result::Result<T, E>
    where
        F: FnOnce(&Connection, &mut State) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let writer = self.writer.as_ref().ok_or(StorageError::ReadOnly)?;
        writer.write_alone(job).await
    }

    async fn read<T, F>(&self, query: F) -> Result<T>
    where
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let readers = self.readers.as_ref().ok_or(StorageError::ReadOnly)?;
        readers.read(query).await
    }
}

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod tests;
