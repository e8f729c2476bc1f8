//! Orders on a disk: lines that central takes, and lines that it gives to stores, each only counted when its
//! commit is done. Beside both, in the same run and on the same disk, bare rows in SQLite: as many commits as
//! orders were taken, and as many rows as lines, many a commit.
//!
//! Run: `cargo bench -p holdfast-tests --bench placing [LINES] [STORES] [LINES-OF-AN-ORDER]`. Without the latter
//! two, chains of 100 and 1,000 stores, and orders of one line and of five. Other work on the machine does not
//! show in lines per second of processor time.

#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench tells its figures")]

use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use holdfast_central::adapters::sqlite::{IN_SERVICE, SqliteStore};
use holdfast_central::core::health::observatory::Observatory;
use holdfast_central::core::health::policy::HealthPolicy;
use holdfast_central::core::order_terms::Priority;
use holdfast_central::core::steering::Sections;
use holdfast_central::flows::Watch;
use holdfast_central::flows::evaluate::evaluate;
use holdfast_central::flows::place_order::{PlaceOrder, place_order};
use holdfast_central::flows::route_orders::{Router, route_orders};
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::orders::{NewOrder, Placed};
use holdfast_central::ports::poke::Poke;
use holdfast_central::ports::work::Work;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::sqlite::Place;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{BootId, DecisionId, StoreId, TenantId};
use holdfast_shared::wire::signal::{Heartbeat, Vitals};
use holdfast_tests::conformance::world;
use rusqlite::Connection;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const LINES: usize = 20_000;
const SKUS: usize = 100;
/// Storefronts that wait for their answer at the same time.
const CLIENTS: usize = 256;
/// Rows of one commit of the baseline that commits rarely.
const TOGETHER: usize = 640;

#[tokio::main]
async fn main() -> Result<()> {
    let numbers: Vec<usize> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let lines = numbers.first().copied().unwrap_or(LINES);
    let chains = numbers.get(1).map_or_else(|| vec![100, 1_000], |stores| vec![*stores]);
    let sizes = numbers.get(2).map_or_else(|| vec![1, 5], |size| vec![*size]);
    println!("stores  lines/order              lines/s   per cpu s   of bare rows   MB written   peak MB");
    for stores in chains {
        for size in &sizes {
            measure(lines / size, *size, stores).await?;
        }
    }
    Ok(())
}

async fn measure(orders: usize, size: usize, stores: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let storage = SqliteStore::open(&Place::File(folder.path().join("central.db")), IN_SERVICE, [9; 8])?;
    let watch = Watch::new(Observatory::new(HealthPolicy::default()));
    chain(&storage, &watch, stores, orders * size).await?;

    let before = Spent::now()?;
    let placing = futures::stream::iter((0..orders).map(|number| place(&storage, number, size, stores)));
    let placed: Vec<Result<()>> = placing.buffer_unordered(CLIENTS).collect().await;
    placed.into_iter().collect::<Result<()>>()?;
    let taken = before.until_now()?;

    let before = Spent::now()?;
    let assigned = give(&storage, &watch).await?;
    let given = before.until_now()?;
    ensure!(assigned >= orders, "{assigned} of {orders} orders found a store");
    let audit = storage.audit(None).await?;
    ensure!(audit.oversold == 0 && audit.reserved_mismatch == 0, "{audit:?}");
    storage.stop().await;

    let before = Spent::now()?;
    bare(&folder.path().join("single.db"), orders, size)?;
    let single = before.until_now()?;
    let before = Spent::now()?;
    bare(&folder.path().join("together.db"), (orders * size).div_ceil(TOGETHER), TOGETHER)?;
    let together = before.until_now()?;
    for (what, spent, beside) in [
        ("taken", &taken, Some(&single)),
        ("given (20,000/s)", &given, Some(&together)),
        ("bare, each order", &single, None),
        ("bare, many", &together, None),
    ] {
        spent.tell(&format!("{stores:>6}  {size:>11}  {what:<17}"), orders * size, beside);
    }
    Ok(())
}

/// What the process has spent so far, or between two moments.
struct Spent {
    at: Instant,
    took: Duration,
    cpu_s: f64,
    written: u64,
    peak_kb: u64,
}

impl Spent {
    fn now() -> Result<Self> {
        let of = |file: &str| std::fs::read_to_string(format!("/proc/self/{file}"));
        let (stat, io, status) = (of("stat")?, of("io")?, of("status")?);
        let field = |text: &str, name: &str| -> Result<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).context("a field is missing")?;
            Ok(line.trim().trim_end_matches(" kB").parse()?)
        };
        // After the name, which stands in brackets: user and system time, in hundredths of a second.
        let times = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let ticks: u64 = times.map(|ticks| ticks.parse().unwrap_or(0)).sum();
        Ok(Self {
            at: Instant::now(),
            took: Duration::ZERO,
            cpu_s: ticks as f64 / 100.0,
            written: field(&io, "write_bytes:")?,
            peak_kb: field(&status, "VmHWM:")?,
        })
    }

    fn until_now(&self) -> Result<Self> {
        let now = Self::now()?;
        let took = now.at - self.at;
        Ok(Self { took, cpu_s: now.cpu_s - self.cpu_s, written: now.written - self.written, ..now })
    }

    fn rate(&self, lines: usize) -> f64 {
        lines as f64 / self.took.as_secs_f64()
    }

    fn tell(&self, what: &str, lines: usize, beside: Option<&Self>) {
        let per_cpu = lines as f64 / self.cpu_s.max(0.01);
        let ratio =
            beside.map_or_else(String::new, |other| format!("{:.3}", self.rate(lines) / other.rate(lines)));
        let (written, peak) = (self.written / 1_048_576, self.peak_kb / 1_024);
        println!(
            "{what}{:>9.0}   {per_cpu:>9.0}   {ratio:>12}   {written:>10}   {peak:>7}",
            self.rate(lines)
        );
    }
}

struct Silent;

impl Poke for Silent {
    fn poke(&self, _: &TenantId, _: &StoreId, _: &str) {}
}

fn sku(number: usize) -> String {
    format!("S{number:03}")
}

/// Stores that are heard, a kilometre apart, with enough of everything for all orders.
async fn chain(storage: &SqliteStore, watch: &Watch, stores: usize, lines: usize) -> Result<()> {
    let items: Vec<_> = (0..SKUS).map(|number| world::item(&sku(number))).collect();
    storage.put_catalogue(&world::tenant(), &items).await?;
    let units = i64::try_from(lines)?;
    for number in 0..stores {
        let name = format!("s{number:04}");
        let mut described = world::described(&name);
        described.capacity_tasks = u32::MAX;
        described.place.latitude += number as f64 / 111.0;
        storage.put_store(&world::tenant(), &described, world::at(0).utc).await?;
        let mut agent = world::enrolled(storage, &name, &name).await;
        (0..SKUS).for_each(|number| agent.opening(&sku(number), units));
        let now = SystemClock.now();
        agent.sync(storage, now).await;
        let beat = Heartbeat {
            tenant: agent.identity.tenant.clone(),
            store: agent.identity.store.clone(),
            replica: agent.identity.replica.clone(),
            boot: BootId::new("boot1")?,
            sequence: 1,
            sent_at: now.utc,
            uptime_ms: 60_000,
            version: String::from("0.1.0"),
            vitals: Vitals { sync_ok_ms_ago: Some(0), database_ok: Some(true), ..Vitals::default() },
            root: String::new(),
            stock_digest: String::new(),
        };
        watch.with(|observatory| observatory.hear(beat, now.mono));
    }
    evaluate(storage, watch, SystemClock.now()).await?;
    Ok(())
}

async fn place(storage: &SqliteStore, number: usize, size: usize, stores: usize) -> Result<()> {
    let skus: Vec<String> = (0..size).map(|line| sku((number * 7 + line * 13) % SKUS)).collect();
    let lines: Vec<(&str, i64)> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    let name = format!("o{number:06}");
    let mut request = world::request(FulfilmentKind::Ship, &lines);
    // Customers live all along the chain.
    request.destination.latitude += (number % stores) as f64 / 111.0;
    let NewOrder { tenant, order, key, actor, trace, upstream, now, request, .. } =
        world::new_order(&name, &name, request);
    let command = PlaceOrder {
        tenant,
        order,
        request,
        key,
        actor,
        trace,
        upstream,
        duplicate_within_ms: 0,
        priority: Priority::Standard,
    };
    ensure!(place_order(storage, command, now).await? == Placed::New, "{name} was there before");
    Ok(())
}

async fn give(storage: &SqliteStore, watch: &Watch) -> Result<usize> {
    let count = AtomicU64::new(0);
    let decision_id = || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        DecisionId::new(format!("d{number}")).unwrap_or_else(|_| std::process::abort())
    };
    let policy = Sections::default();
    let router = Router { watch, poke: &Silent, policy: &policy, decision_id: &decision_id };
    let mut assigned = 0;
    loop {
        let routed = route_orders(storage, &router, SystemClock.now()).await?;
        assigned += usize::try_from(routed.assigned)?;
        if !routed.more {
            return Ok(assigned);
        }
    }
}

fn bare(file: &Path, commits: usize, rows: usize) -> Result<()> {
    let mut conn = Connection::open(file).context("bare database")?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE line (id TEXT PRIMARY KEY, sku TEXT, units INTEGER)",
    )?;
    for commit in 0..commits {
        let transaction = conn.transaction()?;
        for row in 0..rows {
            transaction.prepare_cached("INSERT INTO line VALUES (?1, ?2, ?3)")?.execute((
                format!("o{commit:06}-{row}"),
                sku(row % SKUS),
                1,
            ))?;
        }
        transaction.commit()?;
    }
    Ok(())
}
