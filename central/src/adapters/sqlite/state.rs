//! What the writer keeps in memory beside the rows. All of it can be thrown away.

use super::given::Given;
use super::nodes_seen::NodesSeen;
use super::{Result, counters};
use holdfast_platform::sqlite::{Companion, Note, StorageError};
use holdfast_shared::document::{Bag, WriterId};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{DocumentId, ReplicaId, TenantId};
use holdfast_shared::time::HlcClock;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// Stock documents that are kept loaded: the newest of as many busy stores.
const BAGS_MAX: usize = 32;

#[derive(Debug)]
pub(super) struct State {
    /// Central's automerge writer; new at each start and after each failed commit.
    pub(super) writer: WriterId,
    pub(super) hlc: HlcClock,
    bags: BTreeMap<(TenantId, DocumentId), (u64, Bag)>,
    uses: u64,
    pub(super) nodes: NodesSeen,
    replica: ReplicaId,
    seed: [u8; 8],
    /// How far the stamps of whoever syncs just now are ahead of central's clock.
    pub(super) sender_ahead_ms: i64,
    /// They tell a central that was restored what it lost.
    pub(super) sender_replays: bool,
}

impl State {
    pub(super) fn load(conn: &Connection, replica: ReplicaId, seed: [u8; 8]) -> Result<Self> {
        Ok(Self {
            writer: WriterId::new(&replica, seed),
            hlc: HlcClock::resume(counters::clock(conn)?),
            bags: BTreeMap::new(),
            uses: 0,
            nodes: NodesSeen::default(),
            replica,
            seed,
            sender_ahead_ms: 0,
            sender_replays: false,
        })
    }

    /// Random: no other start has the same.
    pub(super) const fn seed(&self) -> [u8; 8] {
        self.seed
    }

    /// Out of the cache; it goes back only when what was done with it will be committed.
    pub(super) fn take_bag(&mut self, tenant: &TenantId, document: &DocumentId) -> Option<Bag> {
        self.bags.remove(&(tenant.clone(), document.clone())).map(|(_, bag)| bag)
    }

    pub(super) fn put_bag(&mut self, tenant: &TenantId, document: &DocumentId, bag: Bag) {
        self.uses = self.uses.saturating_add(1);
        self.bags.insert((tenant.clone(), document.clone()), (self.uses, bag));
        if self.bags.len() > BAGS_MAX {
            let oldest = self.bags.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            if let Some(key) = oldest {
                self.bags.remove(&key);
            }
        }
    }

    /// What is cached may be ahead of the rows.
    pub(super) fn forget_bags(&mut self) {
        self.bags.clear();
    }
}

impl Companion for State {
    fn note(&self, connection: &Connection) -> std::result::Result<Note, StorageError> {
        let given = Given::read(connection);
        Ok(given.map_err(|error| StorageError::Other(error.to_string()))?.to_note())
    }

    fn on_failed_commit(&mut self) {
        if Guard::MemoryThrownAway.stands() {
            self.forget_bags();
            self.nodes = NodesSeen::default();
        }
        if !Guard::WriterRenewal.stands() {
            return;
        }
        // The old writer may have given out sequence numbers that are not on disk.
        let mut seed = [0; 8];
        for (to, from) in seed.iter_mut().zip(blake3::hash(&self.seed).as_bytes()) {
            *to = *from;
        }
        self.seed = seed;
        self.writer = WriterId::new(&self.replica, seed);
    }
}
