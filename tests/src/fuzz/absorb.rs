//! A store's ledger, and a central that answers what it likes.

use super::dice::Dice;
use super::messages;
use super::{Target, Verdict};
use crate::conformance::world;
use holdfast_agent::adapters::sqlite::SqliteLedger;
use holdfast_agent::ports::ledger::{Identity, Import, ImportItem, Ledger, Replica};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::replication::Replication;
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_shared::ids::BootId;
use holdfast_shared::wire::sync::{SyncMessage, SyncResponse};
use tokio::runtime::{Builder, Runtime};

const INPUTS_MAX: u32 = 200;

pub struct Store {
    runtime: Runtime,
    ledger: SqliteLedger,
    seed: Vec<u8>,
    inputs: u32,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

/// A ledger with stock, and the answer in which central offers it a task.
async fn begin() -> (SqliteLedger, Vec<u8>) {
    let inline = || Options { mode: Mode::Inline, ..Options::default() };
    let storage = SqliteStore::open(&Place::Memory, inline(), [7; 8]).unwrap();
    world::stocked(&storage, "leeds", 5).await;
    let from = world::identity(&storage, "leeds", "second box").await;
    let ReplicaIdentity { tenant, store, replica, .. } = from.clone();
    let boot: BootId = "b1".parse().unwrap();
    let identity = Identity { tenant, store, replica, boot: boot.clone() };
    let ledger = SqliteLedger::open(&Place::Memory, inline(), boot, Some(identity)).unwrap();
    let item = ImportItem { sku: world::sku("A"), name: None, barcode: None, class: None, on_hand: None };
    ledger.import(vec![item], Box::new(|_| {}), world::at(1)).await.unwrap();
    world::placed(&storage, "o1", &[("A", 2)]).await;
    world::assigned(&storage, "o1", "leeds").await;
    let cut = ledger.cut(world::at(30)).await.unwrap();
    let mut request = messages::requests().remove(0);
    (request.store, request.replica, request.boot) =
        (cut.identity.store, cut.identity.replica, cut.identity.boot);
    (request.root, request.stock_digest) = (cut.root, cut.stock_digest);
    request.documents.clear();
    let response = storage.exchange(&from, None, &request, world::at(31)).await.unwrap().response;
    assert!(!response.documents.is_empty());
    (ledger, response.encode().unwrap())
}

impl Store {
    #[must_use]
    pub fn open() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (ledger, seed) = runtime.block_on(begin());
        Self { runtime, ledger, seed, inputs: 0 }
    }
}

impl Target for Store {
    fn seeds(&self) -> Vec<Vec<u8>> {
        vec![self.seed.clone()]
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        messages::mutate(dice, input, |response: &mut SyncResponse| &mut response.documents)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        let Ok(response) = SyncResponse::decode(input) else { return Ok(Verdict::Refused) };
        self.inputs += 1;
        if self.inputs > INPUTS_MAX {
            *self = Self::open();
        }
        let before = self.runtime.block_on(self.ledger.summary()).map_err(|error| error.to_string())?;
        let absorbed = self.runtime.block_on(self.ledger.absorb(&response, world::at(100)));
        // Whatever it was told, it goes on: it can say what it has, and holds what it had.
        let cut = self.runtime.block_on(self.ledger.cut(world::at(101)));
        cut.map_err(|error| format!("it cannot sync any more: {error}"))?;
        let after = self.runtime.block_on(self.ledger.summary()).map_err(|error| error.to_string())?;
        if let Some(damage) = after.damaged {
            return Err(format!("its database is taken for damaged: {damage}"));
        }
        match absorbed {
            Ok(absorbed) if after.facts < before.facts + absorbed.facts => Err("facts are gone".to_owned()),
            Ok(absorbed) if absorbed.problems.is_empty() => Ok(Verdict::Taken),
            Ok(_) | Err(_) => Ok(Verdict::Refused),
        }
    }
}
