//! The stores in a database that central will start from.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a panic in here is a finding")]

use crate::conformance::agent::Agent;
use crate::conformance::world;
use crate::crowd;
use anyhow::{Context, Result, bail, ensure};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::flows::enrol::token_hash;
use holdfast_central::ports::access::{Access, ReplicaIdentity};
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::orders::{NewOrder, Orders, Placed};
use holdfast_central::ports::work::{AssignOutcome, Work};
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::sqlite::{Options, Place};
use holdfast_shared::domain::task::{FulfilmentKind, TaskEvent};
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::Now;
use holdfast_shared::wire::sync::SyncRequest;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The tenant of central's first key.
const TENANT: &str = "default";
const AT_ONCE: usize = 16;
/// Nothing that is prepared passes while a bench runs.
const FAR_MS: i64 = 3_600_000;
const UNITS: i64 = 50;

/// A store that waits for its first word.
#[derive(Debug)]
pub struct Prepared {
    pub identity: ReplicaIdentity,
    pub secret: String,
    /// What it syncs while nothing is new there.
    pub request: SyncRequest,
}

/// In the order of their names. The first `busy` ones have a task that they accepted.
pub async fn prepare(data: &Path, stores: usize, busy: usize) -> Result<Vec<Prepared>> {
    crowd::in_memory(data, async |database| within(database, stores, busy).await).await
}

async fn within(database: &Path, stores: usize, busy: usize) -> Result<Vec<Prepared>> {
    let storage = SqliteStore::open(&Place::File(database.to_owned()), Options::default(), [3; 8])?;
    let tenant: TenantId = TENANT.parse()?;
    storage.put_catalogue(&tenant, &[world::item("A")]).await?;
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut making = JoinSet::new();
    for number in 0..stores {
        let (storage, turns, tenant) = (storage.clone(), Arc::clone(&turns), tenant.clone());
        making.spawn(async move {
            let _turn = turns.acquire().await?;
            store(&storage, &tenant, number, number < busy).await
        });
    }
    let mut prepared = Vec::with_capacity(stores);
    while let Some(made) = making.join_next().await {
        prepared.push(made??);
    }
    storage.stop().await;
    prepared.sort_by(|one, other| one.identity.store.cmp(&other.identity.store));
    Ok(prepared)
}

async fn store(storage: &SqliteStore, tenant: &TenantId, number: usize, busy: bool) -> Result<Prepared> {
    let now = SystemClock.now();
    let (name, secret) = (format!("s{number:05}"), format!("secret of store {number:05}"));
    storage.put_store(tenant, &world::described(&name), now.utc).await?;
    let (code, until) = (world::hash(&name), now.utc.plus(FAR_MS));
    storage.offer_enrolment(tenant, &world::store_id(&name), code, until).await?;
    let identity = storage.enrol(code, token_hash(&secret), None, now.utc).await?.context("not enrolled")?;
    let mut agent = Agent::new(identity);
    if busy {
        give_work(storage, &mut agent, &format!("o{number:05}"), now).await?;
    }
    Ok(Prepared { secret, request: agent.request(), identity: agent.identity })
}

/// One order, accepted, on which nobody has begun.
async fn give_work(storage: &SqliteStore, agent: &mut Agent, order: &str, now: Now) -> Result<()> {
    agent.opening("A", UNITS);
    agent.sync(storage, now).await;
    let wanted = world::request(FulfilmentKind::Ship, &[("A", 1)]);
    let new = NewOrder { tenant: agent.identity.tenant.clone(), ..world::new_order(order, order, wanted) };
    ensure!(storage.place(new).await? == Placed::New, "{order} was there before");
    let demand = loop {
        // Others place meanwhile, and a look shows a hundred.
        if let Some(demand) = world::demand(storage, order).await {
            break demand;
        }
    };
    let mut wish = world::assignment(&demand, agent.identity.store.as_str(), now);
    wish.accept_by = now.utc.plus(FAR_MS);
    let AssignOutcome::Assigned { task, .. } = storage.assign(&wish, now).await? else {
        bail!("{order} was not assigned");
    };
    agent.sync(storage, now).await;
    agent.say(&task, TaskEvent::Accepted);
    agent.sync(storage, now).await;
    Ok(())
}
