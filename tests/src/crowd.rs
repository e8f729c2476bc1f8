//! A chain of many stores that lost central together and come back together.
//!
//! The stores are prepared in central's database before central starts; each has stock, a task that it
//! accepted, and facts that central has not heard of. Coming back is one message each over HTTP, as an
//! agent sends it, with what the product says about waiting when central is loaded.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic in here is a finding"
)]

use crate::conformance::agent::Agent;
use crate::conformance::world;
use anyhow::{Context, Result, bail, ensure};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::flows::enrol::token_hash;
use holdfast_central::ports::access::Access;
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::work::{AssignOutcome, Work};
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::sqlite::{Options, Place};
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::limits::SYNC_BYTES_MAX;
use holdfast_shared::time::Now;
use holdfast_shared::wire::sync::{SYNC_CONTENT_TYPE, SyncMessage, SyncResponse};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, StatusCode};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Units of the one SKU that each store begins with, and sells while it is cut off.
const UNITS: i64 = 50;
const SALES: i64 = 5;
/// What a store has in its task that central has not heard: picking begun, and two units picked.
const PICKED: i64 = 2;
const AT_ONCE: usize = 16;
const OFFER_MS: i64 = 3_600_000;
/// Tries of one store before it counts as shut out.
const TRIES_MAX: u32 = 500;

/// A store that waits to come back.
#[derive(Debug)]
pub struct Member {
    secret: String,
    message: Vec<u8>,
    /// Its number in the chain.
    pub number: usize,
}

/// How it went.
#[derive(Debug, Clone, Default)]
pub struct Return {
    /// From the common beginning until each store was level, shortest first.
    pub took: Vec<Duration>,
    pub turned_away: u64,
    /// Messages without an answer.
    pub broken: u64,
}

/// Fills central's database while central is down. Made in memory, which keeps a hundred thousand commits
/// short, and put where central looks.
pub async fn in_memory<T>(data: &Path, make: impl AsyncFnOnce(&Path) -> Result<T>) -> Result<T> {
    let memory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
    copy(data, memory.path())?;
    let made = make(&memory.path().join("central.db")).await?;
    copy(memory.path(), data)?;
    Ok(made)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in std::fs::read_dir(from)? {
        let file = file?;
        if file.file_type()?.is_file() {
            std::fs::copy(file.path(), to.join(file.file_name()))?;
        }
    }
    Ok(())
}

/// Makes the stores in a database that central will start from.
pub async fn prepare(database: &Path, stores: usize) -> Result<Vec<Member>> {
    let storage = SqliteStore::open(&Place::File(database.to_owned()), Options::default(), [3; 8])?;
    storage.put_catalogue(&world::tenant(), &[world::item("A")]).await?;
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut making = JoinSet::new();
    for number in 0..stores {
        let (storage, turns) = (storage.clone(), Arc::clone(&turns));
        making.spawn(async move {
            let _turn = turns.acquire().await?;
            member(&storage, number).await
        });
    }
    let mut members = Vec::with_capacity(stores);
    while let Some(member) = making.join_next().await {
        members.push(member??);
    }
    storage.stop().await;
    Ok(members)
}

async fn member(storage: &SqliteStore, number: usize) -> Result<Member> {
    let now = SystemClock.now();
    let (name, secret) = (format!("s{number:05}"), format!("secret of store {number:05}"));
    storage.put_store(&world::tenant(), &world::described(&name), now.utc).await?;
    let (code, until) = (world::hash(&name), now.utc.plus(OFFER_MS));
    storage.offer_enrolment(&world::tenant(), &world::store_id(&name), code, until).await?;
    let identity = storage.enrol(code, token_hash(&secret), None, now.utc).await?.context("not enrolled")?;
    let mut agent = Agent::new(identity);
    agent.opening("A", UNITS);
    agent.sync(storage, now).await;
    let order = format!("o{number:05}");
    world::placed(storage, &order, &[("A", PICKED)]).await;
    let mut demand = None;
    while demand.is_none() {
        demand = world::demand(storage, &order).await;
    }
    let mut wish = world::assignment(&demand.context("no demand")?, &name, now);
    wish.accept_by = now.utc.plus(OFFER_MS);
    let AssignOutcome::Assigned { task, .. } = storage.assign(&wish, now).await? else {
        bail!("{order} was not assigned");
    };
    agent.sync(storage, now).await;
    agent.say(&task, TaskEvent::Accepted);
    agent.sync(storage, now).await;
    // From here on it is cut off.
    agent.say(&task, TaskEvent::PickingStarted);
    agent.say(&task, TaskEvent::Picked { line: world::LINE, quantity: PICKED });
    (0..SALES).for_each(|_| agent.sale("A", 1));
    Ok(Member { secret, message: agent.request().encode()?, number })
}

/// All of them at once, over so many connections. A store that is told to wait waits.
pub async fn come_back(url: &str, members: Vec<Member>, connections: usize) -> Result<Return> {
    let http = holdfast::client::http()?;
    let line = Arc::new(Semaphore::new(connections));
    let begun = SystemClock.now();
    let mut coming = JoinSet::new();
    for member in members {
        let (http, line, url) = (http.clone(), Arc::clone(&line), format!("{url}/v1/sync"));
        coming.spawn(async move { back(&http, &line, &url, &member, begun).await });
    }
    let mut told = Return::default();
    while let Some(done) = coming.join_next().await {
        let (took, turned_away, broken) = done??;
        told.broken += broken;
        told.took.push(took);
        told.turned_away += turned_away;
    }
    told.took.sort_unstable();
    Ok(told)
}

async fn back(
    http: &Client,
    line: &Semaphore,
    url: &str,
    member: &Member,
    begun: Now,
) -> Result<(Duration, u64, u64)> {
    let (mut turned_away, mut broken) = (0, 0);
    for _ in 0..TRIES_MAX {
        let answer = {
            let _one = line.acquire().await?;
            let request = http.post(url).bearer_auth(&member.secret).header(CONTENT_TYPE, SYNC_CONTENT_TYPE);
            match request.body(member.message.clone()).send().await {
                Ok(answer) => {
                    let wait = answer.headers().get(RETRY_AFTER).cloned();
                    Some((answer.status(), wait, answer.bytes().await?))
                }
                // A line that breaks is a try like any other.
                Err(_) => None,
            }
        };
        let Some(answer) = answer else {
            broken += 1;
            pause(Duration::from_secs(1), member.number, broken).await;
            continue;
        };
        match answer {
            (StatusCode::OK, _, bytes) => {
                ensure!(bytes.len() <= SYNC_BYTES_MAX, "a long answer");
                let response = SyncResponse::decode(&bytes)?;
                let well = response.level && response.lease_ms > 0 && response.errors.is_empty();
                ensure!(well, "store {} is not level: {response:?}", member.number);
                let took = SystemClock.now().mono.since(begun.mono);
                return Ok((Duration::from_millis(took.unsigned_abs()), turned_away, broken));
            }
            (StatusCode::SERVICE_UNAVAILABLE, wait, _) => {
                turned_away += 1;
                let seconds: u64 = wait.context("no Retry-After")?.to_str()?.parse()?;
                pause(Duration::from_secs(seconds), member.number, turned_away).await;
            }
            (status, _, body) => bail!("answered {status}: {}", String::from_utf8_lossy(&body)),
        }
    }
    bail!("store {} was turned away {turned_away} times, and its line broke {broken} times", member.number)
}

/// As long as asked, and up to a second of its own, which differs from store to store and from try to
/// try.
async fn pause(asked: Duration, number: usize, tries: u64) {
    let [low, high, ..] = world::hash(&format!("{number}/{tries}"));
    let own = u64::from(u16::from_le_bytes([low, high])) % 1_000;
    let _elapsed =
        tokio::time::timeout(asked + Duration::from_millis(own), std::future::pending::<()>()).await;
}

/// Every fact that a store had is at central, once.
pub async fn nothing_is_lost(database: &Path, stores: usize) -> Result<()> {
    let storage = SqliteStore::open(&Place::File(database.to_owned()), Options::default(), [4; 8])?;
    let positions = storage.positions(&world::tenant(), &[world::sku("A")]).await?;
    ensure!(positions.len() == stores, "{} positions", positions.len());
    let wrong =
        positions.iter().find(|position| (position.on_hand, position.reserved) != (UNITS - SALES, PICKED));
    ensure!(wrong.is_none(), "{wrong:?}");
    for number in 0..stores {
        let task = format!("o{number:05}-1").parse()?;
        let state = storage.task(&world::tenant(), &task).await?.context("a task is gone")?;
        let picked: i64 = state.lines.iter().map(|line| line.picked).sum();
        ensure!(picked == PICKED, "{task}: {picked} picked");
    }
    let audit = storage.audit(None).await?;
    let broken = audit.double_shipped + audit.oversold + audit.reserved_mismatch + audit.orphaned_holds;
    ensure!(broken == 0, "{audit:?}");
    Ok(())
}
