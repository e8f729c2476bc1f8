//! The store's own truth in one SQLite file.
//!
//! One writer thread groups waiting commands into one commit; each runs in its own savepoint, and
//! its answer goes out after the commit. The way of a command is in `ledger.rs`: a known key gets
//! its old answer; otherwise the core decides on what is stored, `record.rs` enters the facts and
//! moves positions and tasks, and the answer is kept under the key. Automerge is not on this way:
//! `carry.rs` puts facts into documents when a sync is due, `frames.rs` picks what central lacks,
//! and `absorb.rs` takes in what central sent. Documents end: `epochs.rs` closes them, `seals.rs`
//! seals them with central, `baseline.rs` fetches what they add up to when they are lacked, and
//! `housekeeping.rs` deletes what is over. `escrow.rs` cedes to central what it wants of scarce SKUs.
//!
//! A damaged file is set aside and what is sound of it goes into a new one (`salvage.rs`); damage that
//! shows while the agent runs (`watch.rs`, `soundness.rs`) ends writing until it starts anew. What is
//! lost is told (`losses.rs`). Only when even that fails is the file just read, and says so.

use crate::ports::ledger::{Identity, LedgerError};
use hand::Hand;
use holdfast_platform::sqlite::{
    Database, IntegrityCheck, Opened, Options, Place, Readers, Standing, StorageError, Writer, aside,
};
use holdfast_shared::ids::BootId;
use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::Arc;
use watch::{Watch, is_full};

pub use speaker::KeptApart;

// Its macros are what statements say: before them.
#[macro_use]
mod summed;

mod absorb;
mod baseline;
mod brought_back;
mod carry;
mod devices;
mod documents;
mod epochs;
mod error;
mod escrow;
mod frames;
mod hand;
mod housekeeping;
mod import;
mod ledger;
mod losses;
mod note;
mod parcels;
mod planned;
mod record;
mod replica;
mod salvage;
mod seals;
mod soundness;
mod speaker;
mod sql;
mod value;
mod view;
mod watch;

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
    watch: Arc<Watch>,
}

impl SqliteLedger {
    /// Opens the file. What is sound of a damaged one goes into a new one; when even that cannot be
    /// done, what can be read of it is served.
    ///
    /// # Errors
    /// When there is nothing to serve at all: no permission, a newer schema, another store's file.
    pub fn open(
        place: &Place,
        options: Options,
        boot: BootId,
        identity: Option<Identity>,
    ) -> Result<Self, StorageError> {
        let watch = Watch::over(place);
        if options.check != IntegrityCheck::Later {
            watch.set_examined();
        }
        let (report, readers) = match open_or_salvage(place, options, &boot, identity.as_ref(), &watch)? {
            Opened::Healthy(database) => match start(database, boot, identity) {
                Ok((writer, readers)) => {
                    return Ok(Self { writer: Some(writer), readers: Some(readers), watch: Arc::new(watch) });
                }
                Err(StorageError::Damaged(report)) => (report, None),
                Err(other) => return Err(other),
            },
            Opened::Damaged { report, readers } => (report, readers),
        };
        watch.damaged(&report);
        Ok(Self { writer: None, readers, watch: Arc::new(watch) })
    }

    /// Writing has ended, because of what was found.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.watch.damage().is_some()
    }

    /// Whether this very start salvaged, or tried to.
    #[must_use]
    pub fn was_salvaged(&self) -> bool {
        self.watch.salvaged()
    }

    /// Ends when damage was found: what is sound is salvaged at the next start.
    pub async fn until_damaged(&self) {
        self.watch.until_damaged().await;
    }

    /// Takes ballast on board again when there is room. Blocks for as long as the disk does.
    pub fn hold_ballast(&self) -> std::io::Result<bool> {
        self.watch.ballast().map_or(Ok(true), holdfast_platform::sqlite::Ballast::hold)
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

    /// Whether this database is that of a copy which has an identity of its own by now: what it
    /// recorded is in central's hands, and the box begins with an empty one.
    pub async fn is_of_a_copy(&self, now: &Identity) -> Result<bool, LedgerError> {
        let now = now.replica.clone();
        self.read(move |connection| {
            let before: Option<String> = connection
                .query_row(sql::AGENT_QUARANTINED_AS, [], |row| row.get(0))
                .map_err(StorageError::from)?;
            Ok(before.is_some_and(|before| before != now.as_str()))
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
        F: FnOnce(&Connection, &mut Hand) -> Result<T, LedgerError> + Clone + Send + 'static,
        T: Send + 'static,
    {
        match self.write_once(job.clone()).await {
            // By now the ballast is gone. One more try: nobody should have to do it by hand.
            Err(error) if is_full(&error) => self.write_once(job).await,
            done => done,
        }
    }

    async fn write_once<T, F>(&self, job: F) -> Result<T, LedgerError>
    where
        F: FnOnce(&Connection, &mut Hand) -> Result<T, LedgerError> + Send + 'static,
        T: Send + 'static,
    {
        match (&self.writer, self.watch.damage()) {
            (Some(writer), None) => self.watched(writer.write(job).await),
            (_, Some(_)) | (None, _) => Err(StorageError::ReadOnly.into()),
        }
    }

    /// A few rows by their keys.
    async fn read_few<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send,
    ) -> Result<T, LedgerError> {
        let readers = self.readers.as_ref().ok_or(StorageError::ReadOnly)?;
        self.watched(readers.read_few(query).await)
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
        result.inspect_err(|error| self.watch.saw(error))
    }
}

/// Finishes what a crash interrupted, salvages what the last run found to be damaged, and opens.
fn open_or_salvage(
    place: &Place,
    options: Options,
    boot: &BootId,
    identity: Option<&Identity>,
    watch: &Watch,
) -> Result<Opened, StorageError> {
    let migrations = migrations::migrations::runner();
    let Place::File(path) = place else {
        return holdfast_platform::sqlite::open(place, options, &migrations);
    };
    aside::finish(path)?;
    if let Some(report) = aside::marked(path) {
        watch.set_salvaged();
        salvaged(path, &report, boot, identity);
    }
    match holdfast_platform::sqlite::open(place, options, &migrations)? {
        Opened::Damaged { report, readers } if !watch.salvaged() => {
            drop(readers);
            watch.set_salvaged();
            salvaged(path, &report, boot, identity);
            holdfast_platform::sqlite::open(place, options, &migrations)
        }
        opened @ (Opened::Healthy(_) | Opened::Damaged { .. }) => Ok(opened),
    }
}

/// A salvage that fails, as on a full disk, leaves the damaged file where it is, to be read.
fn salvaged(path: &Path, report: &str, boot: &BootId, identity: Option<&Identity>) {
    if let Err(error) = salvage::salvage(path, report, boot, identity) {
        tracing::error!(%error, "the damaged database cannot be salvaged now");
    }
}

fn start(
    database: Database,
    boot: BootId,
    identity: Option<Identity>,
) -> Result<(Writer<Hand>, Readers), StorageError> {
    let provenance = database.provenance().copied();
    database.start(|connection| {
        let hand = begin(connection, boot, identity)?;
        if let Some(provenance) = provenance
            && let (Standing::Lost(lost), Some(seen)) = (provenance.standing, provenance.witnessed)
        {
            salvage::older(connection, &lost, &seen)?;
        }
        Ok(hand)
    })
}

fn installation_of(boot: &BootId) -> String {
    let drawn = blake3::hash(boot.as_str().as_bytes()).to_hex();
    format!("local-{}", drawn.get(..8).unwrap_or_default())
}

fn begin(connection: &Connection, boot: BootId, identity: Option<Identity>) -> Result<Hand, StorageError> {
    connection.execute(sql::AGENT_CREATE, [installation_of(&boot)])?;
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
