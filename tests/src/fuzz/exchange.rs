//! Central's storage, and a replica that sends what it likes.

use super::dice::Dice;
use super::messages;
use super::{Target, Verdict};
use crate::conformance::agent::Agent;
use crate::conformance::world;
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::replication::Replication;
use holdfast_central::ports::work::Work;
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest};
use std::collections::BTreeSet;
use tokio::runtime::{Builder, Runtime};

/// After so many inputs it begins with an empty database: what was taken adds up.
const INPUTS_MAX: u32 = 200;

pub struct Central {
    runtime: Runtime,
    storage: SqliteStore,
    identity: ReplicaIdentity,
    seed: Vec<u8>,
    inputs: u32,
}

impl std::fmt::Debug for Central {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Central").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

/// The store leeds with stock and an offered task, and what it would send next.
async fn begin() -> (SqliteStore, ReplicaIdentity, Vec<u8>) {
    let options = Options { mode: Mode::Inline, ..Options::default() };
    let storage = SqliteStore::open(&Place::Memory, options, [7; 8]).unwrap();
    let mut leeds: Agent = world::stocked(&storage, "leeds", 5).await;
    world::placed(&storage, "o1", &[("A", 2)]).await;
    let (task, _) = world::assigned(&storage, "o1", "leeds").await;
    leeds.sync(&storage, world::at(25)).await;
    leeds.sale("A", 1);
    leeds.say(&task, TaskEvent::Accepted);
    let next = leeds.request().encode().unwrap();
    (storage, leeds.identity, next)
}

impl Central {
    #[must_use]
    pub fn open() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (storage, identity, seed) = runtime.block_on(begin());
        Self { runtime, storage, identity, seed, inputs: 0 }
    }
}

impl Target for Central {
    fn seeds(&self) -> Vec<Vec<u8>> {
        vec![self.seed.clone()]
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        messages::mutate(dice, input, |request: &mut SyncRequest| &mut request.documents)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        let Ok(request) = SyncRequest::decode(input) else { return Ok(Verdict::Refused) };
        self.inputs += 1;
        if self.inputs > INPUTS_MAX {
            *self = Self::open();
        }
        let done =
            self.runtime.block_on(self.storage.exchange(&self.identity, None, &request, world::at(100)));
        let response = match done {
            Ok(exchanged) => exchanged.response,
            Err(error) if error.code.status() < 500 => return Ok(Verdict::Refused),
            Err(error) => return Err(format!("the whole exchange failed: {error}")),
        };
        // Nothing of it was taken, and that is told.
        if response.superseded.is_some() || response.quarantined.is_some() {
            return Ok(Verdict::Refused);
        }
        let acknowledged = response.acknowledged.iter().map(|told| told.name().to_owned());
        let refused = response.errors.iter().map(|problem| problem.document.clone());
        let told: BTreeSet<String> = acknowledged.chain(refused).collect();
        for frame in &request.documents {
            let name: String = frame.name().chars().take(400).collect();
            if !told.contains(&name) {
                return Err(format!("nothing was said about {name}"));
            }
        }
        response.encode().map_err(|error| format!("the answer cannot be written: {error}"))?;
        if self.inputs.is_multiple_of(50) {
            let audit = self.runtime.block_on(self.storage.audit(None)).map_err(|error| error.to_string())?;
            if audit.double_shipped + audit.oversold + audit.reserved_mismatch + audit.orphaned_holds > 0 {
                return Err(format!("an invariant is broken: {audit:?}"));
            }
        }
        Ok(if response.errors.is_empty() { Verdict::Taken } else { Verdict::Refused })
    }
}
