//! Central's storage in one SQLite file.
//!
//! Every operation of the ports is one job of the one writer, or one read transaction. The schema
//! (`migrations/`) holds the invariants as constraints, so that a defect above is refused here and
//! not written down: no position with less than nothing reserved, no order line with more units
//! than were ordered, no recall of released work.
//!
//! How the rooms lie: `orders`, `fleet`, `access`, `work`, `outbox` and `exchange` answer the
//! ports. `tasks` follows what new facts of a task mean, as core decides it; `assign`, `recall`,
//! `readopt`, `overrides` and `cancel` write central's own facts through `pen`. `documents` keeps changes, heads and
//! roots, `ledger` the facts, `stock` positions and holds. The statements are in `sql/`, one file
//! per area, and are found by name while compiling.

mod access;
mod answer;
mod assign;
mod boots;
mod branch;
mod cancel;
mod counters;
mod decisions;
mod documents;
mod error;
mod exceptions;
mod exchange;
mod fleet;
mod incoming;
mod leases;
mod ledger;
mod lines;
mod order_rows;
mod orders;
mod outbox;
mod overrides;
mod pen;
mod readopt;
mod recall;
mod row;
mod savepoint;
mod sql;
mod state;
mod stock;
mod tasks;
mod timeline;
mod work;

use crate::ports::StoreError;
use holdfast_platform::sqlite::{Opened, Options, Place, Readers, StorageError, Writer, open};
use holdfast_shared::ids::ReplicaId;
use rusqlite::Connection;
use state::State;

type Result<T> = std::result::Result<T, StoreError>;

mod migrations {
    refinery::embed_migrations!("src/adapters/sqlite/migrations");
}

/// All of central's storage. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    /// None when the file failed its check: then it is only read.
    writer: Option<Writer<State>>,
    readers: Option<Readers>,
    damage: Option<String>,
}

impl SqliteStore {
    /// Opens the database and brings its schema up to date. A damaged file opens too, for reading.
    ///
    /// `seed` must be random: it sets this process's changes apart from those of every other start.
    pub fn open(place: &Place, options: Options, seed: [u8; 8]) -> Result<Self> {
        let database = match open(place, options, &migrations::migrations::runner())? {
            Opened::Healthy(database) => database,
            Opened::Damaged { report, readers } => {
                return Ok(Self { writer: None, readers, damage: Some(report) });
            }
        };
        let central = ReplicaId::new(timeline::CENTRAL)?;
        let (writer, readers) = database.start(|conn| {
            State::load(conn, central, seed).map_err(|error| StorageError::Unreadable(error.to_string()))
        })?;
        Ok(Self { writer: Some(writer), readers: Some(readers), damage: None })
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

    /// To be called once after a restore from a backup: fences and fact ids given out from now on
    /// are greater than any that were lost, and every replica fetches everything anew.
    pub async fn raise_incarnation(&self) -> Result<u32> {
        self.write(pen::raise_incarnation).await
    }

    async fn write<T, F>(&self, job: F) -> Result<T>
    where
        F: FnOnce(&Connection, &mut State) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let writer = self.writer.as_ref().ok_or(StorageError::ReadOnly)?;
        writer.write(job).await
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
mod tests;
