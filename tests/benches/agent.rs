//! The agent against its budgets: size, start, memory, look-ups, durable movements.
//!
//! Run: `cargo bench -p holdfast-tests --bench agent`. Speeds are told as ratios to a baseline of
//! the same run, because machines differ; sizes and memory as they are. Nothing is asserted.

#![allow(clippy::print_stdout, reason = "a bench tells its figures")]

use anyhow::{Context, Result};
use holdfast::client::LanClient;
use holdfast::launch::{Broker, CentralBox, Program, StoreBox};
use holdfast_agent::core::command::{MovementKind, MovementRequest};
use holdfast_agent::ports::ledger::Role;
use holdfast_tests::e2e::{sku, store_named, until};
use holdfast_tests::packaged::{build_programs, environment_of_the_agent};
use serde_json::Value;
use std::fmt::Write as _;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

const SKUS: u32 = 100_000;
const STARTS: usize = 7;
const READ_CLIENTS: usize = 16;
const WRITE_CLIENTS: usize = 64;
const REQUESTS_PER_CLIENT: u32 = 400;
const COMMITS: u32 = 500;

#[tokio::main]
async fn main() -> Result<()> {
    build_programs()?;
    let agent = Program::beside_this("holdfast-agent")?.with(environment_of_the_agent());
    let mut told = String::from("agent with 100,000 SKUs\n");
    let size = std::fs::metadata(agent.path())?.len();
    writeln!(told, "binary                    {:>8.1} MB   (budget 15)", megabytes(size))?;
    let folder = tempfile::tempdir()?;
    let embedded = Broker::Embedded { extra: String::new() };
    let mut central =
        CentralBox::set_up(Program::beside_this("holdfast-central")?, folder.path(), &embedded, "")?;
    central.start().await?;
    let shelves: Vec<_> = (0..SKUS).map(|n| (sku(n), format!("Article number {n}"), 100)).collect();
    let imported = Instant::now();
    let mut agent = StoreBox::set_up(
        agent,
        folder.path(),
        store_named("leeds", 0)?,
        &shelves,
        &central.client()?,
        central.addresses(),
    )
    .await?;
    writeln!(told, "import, enrolment         {:>8.2} s", imported.elapsed().as_secs_f64())?;
    agent.start().await?;
    first_sync(&mut told, &agent).await?;
    agent.stop().await?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let start = Instant::now();
        agent.start().await?;
        starts.push(start.elapsed());
        agent.stop().await?;
    }
    starts.sort_unstable();
    let median = starts.get(STARTS / 2).context("no start")?;
    writeln!(
        told,
        "start to first answer     {:>8.0} ms   (budget 150; looked every 20 ms)",
        median.as_secs_f64() * 1e3
    )?;
    agent.start().await?;
    let device = Arc::new(agent.pair(Role::Pos, "till").await?);
    memory(&mut told, "resident, started", &agent)?;
    reads(&mut told, &device).await?;
    writes(&mut told, &device, folder.path()).await?;
    memory(&mut told, "resident, after load", &agent)?;
    println!("{told}");
    agent.stop().await?;
    central.stop().await
}

/// All shelves are news to central, and the agent carries them while it is looked at.
async fn first_sync(told: &mut String, agent: &StoreBox) -> Result<()> {
    let began = Instant::now();
    let device = agent.pair(Role::Manager, "desk").await?;
    until("all is synced", async || {
        Ok(device.get("/v1/status").await?.get("unsynced").and_then(Value::as_u64) == Some(0))
    })
    .await?;
    writeln!(told, "first sync of all shelves {:>8.2} s", began.elapsed().as_secs_f64())?;
    memory(told, "resident, first sync", agent)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn memory(told: &mut String, what: &str, agent: &StoreBox) -> Result<()> {
    let pid = agent.process_id().context("the agent does not run")?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kilobytes = |name: &str| -> Result<u64> {
        let line = status.lines().find(|line| line.starts_with(name)).context("no such line")?;
        Ok(line.split_whitespace().nth(1).context("no figure")?.parse()?)
    };
    let (now, most) = (kilobytes("VmRSS:")? * 1024, kilobytes("VmHWM:")? * 1024);
    writeln!(told, "{what:<26}{:>8.1} MB   (budget 25; most so far {:.1})", megabytes(now), megabytes(most))?;
    Ok(())
}

async fn reads(told: &mut String, device: &Arc<LanClient>) -> Result<()> {
    let empty = rate(READ_CLIENTS, REQUESTS_PER_CLIENT, device, |device, _| async move {
        device.get("/healthz").await.map(drop)
    })
    .await?;
    let looked_up = rate(READ_CLIENTS, REQUESTS_PER_CLIENT, device, |device, n| async move {
        device.get(&format!("/v1/skus/{}", sku(n * 37 % SKUS))).await.map(drop)
    })
    .await?;
    let share = looked_up.per_second / empty.per_second * 100.0;
    writeln!(
        told,
        "look-ups                  {:>8.0} /s   {share:.0}% of /healthz (budget 70%), p99 {:.1} ms (budget 3)",
        looked_up.per_second,
        looked_up.p99.as_secs_f64() * 1e3
    )?;
    Ok(())
}

async fn writes(told: &mut String, device: &Arc<LanClient>, folder: &Path) -> Result<()> {
    let commits = single_commits(folder)?;
    let moved = rate(WRITE_CLIENTS, REQUESTS_PER_CLIENT, device, |device, n| async move {
        let sale = MovementRequest {
            kind: MovementKind::Sale,
            sku: sku(n * 31 % SKUS),
            quantity: 1,
            peer: None,
            note: None,
        };
        device.movements(&device.intent(), &[sale]).await.map(drop)
    })
    .await?;
    let times = moved.per_second / commits;
    writeln!(
        told,
        "durable movements         {:>8.0} /s   {times:.1} times single commits at {commits:.0} /s (budget 10), p99 {:.1} ms",
        moved.per_second,
        moved.p99.as_secs_f64() * 1e3
    )?;
    Ok(())
}

/// Bare SQLite on the same disk: one insert, one commit.
fn single_commits(folder: &Path) -> Result<f64> {
    let connection = rusqlite::Connection::open(folder.join("baseline.db"))?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t(a, b)")?;
    let start = Instant::now();
    for n in 0..COMMITS {
        connection.execute("INSERT INTO t VALUES (?1, 'a sale of one unit')", [n])?;
    }
    Ok(f64::from(COMMITS) / start.elapsed().as_secs_f64())
}

struct Rate {
    per_second: f64,
    p99: Duration,
}

async fn rate<F>(
    clients: usize,
    requests: u32,
    device: &Arc<LanClient>,
    ask: impl Fn(Arc<LanClient>, u32) -> F + Clone + Send + 'static,
) -> Result<Rate>
where
    F: Future<Output = Result<()>> + Send,
{
    let start = Instant::now();
    let mut running = JoinSet::new();
    for client in (0_u32..).take(clients) {
        let (device, ask) = (Arc::clone(device), ask.clone());
        running.spawn(async move {
            let mut took = Vec::new();
            for n in 0..requests {
                let asked = Instant::now();
                ask(Arc::clone(&device), client * requests + n).await?;
                took.push(asked.elapsed());
            }
            anyhow::Ok(took)
        });
    }
    let mut took = Vec::new();
    while let Some(done) = running.join_next().await {
        took.extend(done??);
    }
    let elapsed = start.elapsed().as_secs_f64();
    took.sort_unstable();
    let p99 = took.get(took.len() * 99 / 100).copied().context("nothing was asked")?;
    let count = u32::try_from(took.len())?;
    Ok(Rate { per_second: f64::from(count) / elapsed, p99 })
}
