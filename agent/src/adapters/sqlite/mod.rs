//! The store's own truth in one SQLite file.
//!
//! One writer thread groups waiting commands into one commit; each runs in its own savepoint, and
//! its answer goes out after the commit. The way of a command is in `ledger.rs`: a known key gets
//! its old answer; otherwise the core decides on what is stored, `record.rs` enters the facts and
//! moves positions and tasks, and the answer is kept under the key. Automerge is not on this way:
//! `carry.rs` puts facts into documents when a sync is due, `frames.rs` picks what central lacks,
//! and `absorb.rs` takes in what central sent.
//!
//! A file that fails its check at the start is only read: every write says so in plain words, and
//! a restart would find the same file, so there is none.

use crate::ports::ledger::{Identity, LedgerError};
use hand::Hand;
use holdfast_platform::sqlite::{Opened, Options, Place, Readers, StorageError, Writer};
use holdfast_shared::ids::BootId;
use rusqlite::{Connection, params};
use std::sync::{Arc, OnceLock};

mod absorb;
mod carry;
mod devices;
mod documents;
mod error;
mod frames;
mod hand;
mod import;
mod ledger;
mod record;
mod replica;
mod speaker;
mod sql;
mod view;

#[cfg(test)]
mod tests;

mod migrations {
    refinery::embed_migrations!("src/adapters/sqlite/migrations");
}

/// `Ledger`, `Import`, `Replica` and `Devices` on one file. Clonable handle.
#[derive(Debug, Clone)]
pub struct SqliteLedger {
    writer: Option<Writer<Hand>>,
    readers: Option<Readers>,
    /// What the check found, at the start or since.
    damaged: Arc<OnceLock<String>>,
}

impl SqliteLedger {
    /// Opens the file, or serves what can be read of a damaged one.
    ///
    /// # Errors
    /// When there is nothing to serve at all: no permission, a newer schema, another store's file.
    pub fn open(
        place: &Place,
        options: Options,
        boot: BootId,
        identity: Option<Identity>,
    ) -> Result<Self, StorageError> {
        let damaged = Arc::new(OnceLock::new());
        match holdfast_platform::sqlite::open(place, options, &migrations::migrations::runner())? {
            Opened::Healthy(database) => {
                let (writer, readers) = database.start(|connection| begin(connection, boot, identity))?;
                Ok(Self { writer: Some(writer), readers: Some(readers), damaged })
            }
            Opened::Damaged { report, readers } => {
                damaged.get_or_init(|| report);
                Ok(Self { writer: None, readers, damaged })
            }
        }
    }

    /// This installation was enrolled while it runs: from now on its facts are carried to central.
    pub async fn enrolled(&self, identity: Identity) -> Result<(), LedgerError> {
        self.write(move |connection, hand| {
            claim(connection, &identity)?;
            hand.forget_carried();
            hand.identity = Some(identity);
            Ok(())
        })
        .await
    }

    /// What people call this box: central names it when two speak under one identity.
    pub async fn named(&self, box_name: String) -> Result<(), LedgerError> {
        self.write(move |_, hand| {
            hand.start.box_name = Some(box_name);
            Ok(())
        })
        .await
    }

    /// Finishes what waits and closes the file.
    pub async fn stop(&self) {
        if let Some(writer) = &self.writer {
            writer.stop().await;
        }
    }

    async fn write<T, F>(&self, job: F) -> Result<T, LedgerError>
    where
        F: FnOnce(&Connection, &mut Hand) -> Result<T, LedgerError> + Send + 'static,
        T: Send + 'static,
    {
        match (&self.writer, self.damaged.get()) {
            (Some(writer), None) => self.watched(writer.write(job).await),
            (_, Some(_)) | (None, _) => Err(StorageError::ReadOnly.into()),
        }
    }

    async fn read<T, F>(&self, query: F) -> Result<T, LedgerError>
    where
        F: FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
        T: Send + 'static,
    {
        let readers = self.readers.as_ref().ok_or(StorageError::ReadOnly)?;
        self.watched(readers.read(query).await)
    }

    /// Damage that shows while running ends writing as surely as damage found at the start.
    fn watched<T>(&self, result: Result<T, LedgerError>) -> Result<T, LedgerError> {
        if let Err(LedgerError::Unavailable { source: Some(source), .. }) = &result
            && let Some(StorageError::Damaged(report)) = source.downcast_ref()
        {
            self.damaged.get_or_init(|| report.clone());
        }
        result
    }
}

fn begin(connection: &Connection, boot: BootId, identity: Option<Identity>) -> Result<Hand, StorageError> {
    let drawn = blake3::hash(boot.as_str().as_bytes()).to_hex();
    let installation = format!("local-{}", drawn.get(..8).unwrap_or_default());
    connection.execute(sql::AGENT_CREATE, [installation])?;
    if let Some(identity) = &identity {
        claim(connection, identity)?;
    }
    let start = speaker::begin(connection)?;
    Hand::load(connection, boot, identity, start)
}

/// A database belongs to one store for good: its facts must not reach another's documents.
fn claim(connection: &Connection, identity: &Identity) -> Result<(), StorageError> {
    let claimed =
        connection.execute(sql::AGENT_CLAIM, params![identity.tenant.as_str(), identity.store.as_str()])?;
    if claimed == 1 {
        return Ok(());
    }
    let (tenant, store): (String, String) =
        connection.query_row(sql::AGENT_OWNER, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Err(StorageError::Other(format!(
        "this data directory belongs to store {store} of {tenant}, not to {} of {}; use another one",
        identity.store, identity.tenant
    )))
}
