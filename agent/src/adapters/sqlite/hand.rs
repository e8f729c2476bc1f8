//! What the writer keeps in memory beside the rows.

use super::note::Note;
use super::record::{Pen, installation};
use crate::ports::ledger::Identity;
use holdfast_platform::sqlite::{self, Companion, StorageError};
use holdfast_shared::document::{Bag, Root, WriterId};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{BootId, DeviceId, DocumentId, ReplicaId};
use holdfast_shared::time::Hlc;
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
    pub stalemate: Stalemate,
    /// Central was heard in this boot, and did not say that this replica lacks something: what
    /// earlier boots wrote may be closed.
    pub past_is_whole: bool,
    /// This boot was level with central once: what is free here is free.
    pub compared: bool,
    pub start: Start,
    /// What was last told got no answer so far.
    pub unanswered: bool,
    /// What was last told was a probe.
    pub probed: bool,
    /// The document that the next message takes was carried ahead.
    pub next_is_full: bool,
    /// Central answered in a version in which documents end; until it has answered, it is taken to.
    pub documents_end: bool,
}

/// About an hour: who is not level asks once a second.
const STALEMATE_ROUNDS_MAX: u32 = 4_096;

/// One start of this database.
#[derive(Debug, Default)]
pub(super) struct Start {
    pub number: u64,
    /// The last boot that heard from central, and those since then that spoke.
    pub before: Vec<BootId>,
    pub resumed: Hlc,
    pub box_name: Option<String>,
    /// Whether central has answered this boot.
    pub answered: bool,
    /// To be sent back, by which central learns that this boot is alive.
    pub challenge: Option<String>,
    /// The last cut asked for the own changes as well.
    pub asked_for_own: bool,
}

/// How long both sides have had nothing left to say, and differed all the same.
#[derive(Debug, Default)]
pub(super) struct Stalemate {
    rounds: u32,
}

impl Stalemate {
    /// Whether this round is one in which all is to be said and asked for anew: the first one, and ever
    /// rarer, because what came of it may have been lost on the way, and it costs both sides much.
    pub(super) fn is_due(&mut self) -> bool {
        self.rounds = self.rounds.checked_add(1).unwrap_or(STALEMATE_ROUNDS_MAX);
        let fourfold = self.rounds.is_power_of_two() && self.rounds.trailing_zeros().is_multiple_of(2);
        fourfold || self.rounds.is_multiple_of(STALEMATE_ROUNDS_MAX)
    }

    pub(super) const fn is_over(&mut self) {
        self.rounds = 0;
    }
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
    /// The business day on which it was opened.
    pub day: i64,
    /// Its last fact was written.
    pub closed: bool,
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
            stalemate: Stalemate::default(),
            past_is_whole: false,
            compared: false,
            start,
            unanswered: false,
            probed: false,
            next_is_full: false,
            documents_end: true,
        })
    }

    pub(super) fn pen<'a>(&self, connection: &'a Connection) -> Result<Pen<'a>, StorageError> {
        let device = match &self.identity {
            Some(identity) => DeviceId::new(identity.replica.as_str()).map_err(StorageError::unreadable)?,
            None => self.installation.clone(),
        };
        Pen::take(connection, device, self.generation(b"generation"))
    }

    /// The generation of ids that this boot gives, or lets a device give: a disk that was put back or
    /// copied counts the same as its original, and draws another.
    pub(super) fn generation(&self, what: &[u8]) -> u32 {
        let (drawn, _) = self.drawn(what);
        // 31 bits: it is read as a signed number in many places.
        (drawn >> 1).max(1)
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
        self.next_is_full = false;
    }
}

impl Companion for Hand {
    fn on_failed_commit(&mut self) {
        if Guard::MemoryThrownAway.stands() {
            self.forget_carried();
        }
    }

    fn note(&self, connection: &Connection) -> Result<sqlite::Note, StorageError> {
        Ok(Note::read(connection)?.to_bytes())
    }
}
