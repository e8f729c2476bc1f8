//! What the writer keeps in memory beside the rows.

use super::record::{Pen, installation};
use super::speaker::Start;
use crate::ports::ledger::Identity;
use holdfast_platform::sqlite::{Companion, StorageError};
use holdfast_shared::document::{Bag, Root, WriterId};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{BootId, DeviceId, DocumentId, ReplicaId};
use rusqlite::Connection;

/// The writer's companion. Everything in it can be made again from the rows.
#[derive(Debug)]
pub(super) struct Hand {
    pub boot: BootId,
    pub identity: Option<Identity>,
    installation: DeviceId,
    /// Raised after a failed commit: what was made before it is thrown away, and nobody must ever
    /// see two different changes of one writer under the same number.
    tries: u32,
    carried: Option<Carried>,
    /// Whether this boot has offered and asked for everything anew already.
    pub began_anew: bool,
    pub start: Start,
    /// What was last told got no answer so far.
    pub unanswered: bool,
}

/// Documents as they are after the last commit.
#[derive(Debug)]
pub(super) struct Carried {
    pub root: Root,
    /// The newest stock document: the only one that is held in memory.
    pub stock: Option<OpenStock>,
}

#[derive(Debug)]
pub(super) struct OpenStock {
    pub row: i64,
    pub name: DocumentId,
    pub n: u32,
    pub bag: Bag,
}

impl Hand {
    pub(super) fn load(
        connection: &Connection,
        boot: BootId,
        identity: Option<Identity>,
        start: Start,
    ) -> Result<Self, StorageError> {
        Ok(Self {
            boot,
            identity,
            installation: installation(connection)?,
            tries: 0,
            carried: None,
            began_anew: false,
            start,
            unanswered: false,
        })
    }

    pub(super) fn pen<'a>(&self, connection: &'a Connection) -> Result<Pen<'a>, StorageError> {
        let device = match &self.identity {
            Some(identity) => DeviceId::new(identity.replica.as_str()).map_err(StorageError::unreadable)?,
            None => self.installation.clone(),
        };
        let (generation, _) = self.drawn(b"generation");
        // 31 bits: it is read as a signed number in many places.
        Pen::take(connection, device, generation >> 1)
    }

    /// The actor that this process writes documents under.
    pub(super) fn writer(&self, replica: &ReplicaId) -> WriterId {
        if !Guard::WriterRenewal.stands() {
            return WriterId::new(replica, [0; 8]);
        }
        let (_, random) = self.drawn(&self.tries.to_le_bytes());
        WriterId::new(replica, random)
    }

    /// Random as the boot is, and the same for the same boot, so that a simulation can be repeated.
    fn drawn(&self, what: &[u8]) -> (u32, [u8; 8]) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.boot.as_str().as_bytes()).update(b"\0").update(what);
        let mut bytes = [0; 8];
        hasher.finalize_xof().fill(&mut bytes);
        let [a, b, c, d, ..] = bytes;
        (u32::from_le_bytes([a, b, c, d]), bytes)
    }

    /// Takes the documents out; a job that fails then leaves nothing half done behind.
    pub(super) fn take_carried(&mut self) -> Option<Carried> {
        let carried = self.carried.take();
        if carried.is_none() {
            self.tries = self.tries.saturating_add(1);
        }
        carried
    }

    pub(super) fn put_carried(&mut self, carried: Carried) {
        self.carried = Some(carried);
    }

    /// Rows of documents changed beside what is held in memory.
    pub(super) fn forget_carried(&mut self) {
        self.carried = None;
    }
}

impl Companion for Hand {
    fn on_failed_commit(&mut self) {
        if Guard::MemoryThrownAway.stands() {
            self.forget_carried();
        }
    }
}
