//! What it costs to hear a chain, without a broker: messages are decoded, believed or not, written into the
//! health book and compared with what storage has, by one task as in a running central. Beside it, in the same
//! run, the same messages only decoded.
//!
//! Run: `cargo bench -p holdfast-tests --bench hearing [STORES] [MESSAGES]`. Through a real broker, and with the
//! judging of stores: `--bench heartbeats`.

#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench tells its figures")]

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt};
use holdfast_central::adapters::sqlite::{IN_SERVICE, SqliteStore};
use holdfast_central::core::health::book::Heard;
use holdfast_central::core::health::observatory::Observatory;
use holdfast_central::core::health::policy::HealthPolicy;
use holdfast_central::flows::Watch;
use holdfast_central::flows::evaluate::evaluate;
use holdfast_central::flows::hear::{Outcome, hear};
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::replication::Replication;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::sqlite::Place;
use holdfast_shared::ids::{BootId, ReplicaId, StoreId};
use holdfast_shared::wire::signal::{Heartbeat, Vitals, decode, encode};
use holdfast_shared::wire::topic::{Channel, Topic};
use holdfast_tests::conformance::world;
use std::time::Duration;
use tokio::time::Instant;

const STORES: usize = 10_000;
const MESSAGES: usize = 200_000;
/// What the stores of a whole chain say in a second, each every five.
const BEAT_EVERY_S: f64 = 5.0;
const AT_ONCE: usize = 64;

#[tokio::main]
async fn main() -> Result<()> {
    let numbers: Vec<usize> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let stores = numbers.first().copied().unwrap_or(STORES);
    let rounds = numbers.get(1).copied().unwrap_or(MESSAGES).div_ceil(stores);
    let folder = tempfile::tempdir()?;
    let storage = SqliteStore::open(&Place::File(folder.path().join("central.db")), IN_SERVICE, [9; 8])?;
    let members: Vec<Member> = futures::stream::iter(0..stores)
        .map(|number| Member::enrolled(&storage, number))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let watch = Watch::new(Observatory::new(HealthPolicy::default()));
    evaluate(&storage, &watch, SystemClock.now()).await?;
    println!("{stores} stores, {rounds} messages of each");

    let said = say(&members, rounds, 0, false)?;
    let (bytes, begun) = (said.iter().map(|(_, payload)| payload.len()).sum::<usize>(), Spent::now()?);
    for (_, payload) in &said {
        std::hint::black_box(decode::<Heartbeat>(payload)?);
    }
    let decoded = begun.until_now()?;
    println!("{} bytes each", bytes / said.len());
    decoded.tell("only decoded", said.len(), stores, &decoded);
    for (what, first, busy) in [
        ("heard, quiet stores", 0, false),
        ("heard again, quiet stores", rounds, false),
        ("heard, busy stores", 2 * rounds, true),
    ] {
        let said = say(&members, rounds, first, busy)?;
        let begun = Spent::now()?;
        for (topic, payload) in &said {
            let heard = hear(&storage, &watch, topic, None, payload, SystemClock.now()).await?;
            ensure!(heard == Outcome::Heard(Heard::Taken), "a message was lost: {heard:?}");
        }
        begun.until_now()?.tell(what, said.len(), stores, &decoded);
    }
    let begun = Spent::now()?;
    evaluate(&storage, &watch, SystemClock.now()).await?;
    println!("then judged: {:.1} ms", begun.until_now()?.took.as_secs_f64() * 1e3);
    storage.stop().await;
    Ok(())
}

struct Member {
    store: StoreId,
    replica: ReplicaId,
    root: String,
    stock_digest: String,
}

impl Member {
    /// With stock that both sides have.
    async fn enrolled(storage: &SqliteStore, number: usize) -> Result<Self> {
        let name = format!("s{number:05}");
        storage.put_store(&world::tenant(), &world::described(&name), world::at(0).utc).await?;
        let mut agent = world::enrolled(storage, &name, &name).await;
        agent.opening("A", 5);
        agent.sync(storage, SystemClock.now()).await;
        let (store, replica) = (agent.identity.store.clone(), agent.identity.replica.clone());
        let newest =
            storage.digests(&world::tenant(), &store).await?.into_iter().next().context("no digest")?;
        Ok(Self { store, replica, root: newest.root, stock_digest: newest.stock_digest })
    }

    /// A busy one speaks each time of a state that central does not have yet.
    fn beat(&self, sequence: u64, busy: bool) -> Result<Heartbeat> {
        let now = SystemClock.now();
        let root = if busy { format!("{sequence:064x}") } else { self.root.clone() };
        Ok(Heartbeat {
            tenant: world::tenant(),
            store: self.store.clone(),
            replica: self.replica.clone(),
            boot: BootId::new("boot1")?,
            sequence,
            sent_at: now.utc,
            uptime_ms: 60_000,
            version: String::from("0.1.0"),
            vitals: Vitals { sync_ok_ms_ago: Some(0), database_ok: Some(true), ..Vitals::default() },
            root,
            stock_digest: self.stock_digest.clone(),
        })
    }
}

type Said = Vec<(String, Vec<u8>)>;

fn say(members: &[Member], rounds: usize, first: usize, busy: bool) -> Result<Said> {
    let mut said = Vec::with_capacity(members.len() * rounds);
    for round in first..first + rounds {
        for member in members {
            let beat = member.beat(u64::try_from(round)? + 1, busy)?;
            let topic = Topic::new(world::tenant(), member.store.clone(), Channel::Heartbeat);
            said.push((topic.to_string(), encode(&beat)?));
        }
    }
    Ok(said)
}

/// Time, and processor time of the whole process.
struct Spent {
    at: Instant,
    took: Duration,
    cpu_s: f64,
}

impl Spent {
    fn now() -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat")?;
        // After the name, which stands in brackets: user and system time, in hundredths of a second.
        let times = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let ticks: u64 = times.map(|ticks| ticks.parse().unwrap_or(0)).sum();
        Ok(Self { at: Instant::now(), took: Duration::ZERO, cpu_s: ticks as f64 / 100.0 })
    }

    fn until_now(&self) -> Result<Self> {
        let now = Self::now()?;
        Ok(Self { took: now.at - self.at, cpu_s: now.cpu_s - self.cpu_s, ..now })
    }

    fn tell(&self, what: &str, messages: usize, stores: usize, decoded: &Self) {
        let rate = messages as f64 / self.took.as_secs_f64();
        let each_s = self.cpu_s / messages as f64;
        println!(
            "{what:<28}{rate:>9.0}/s   {:>6.1} us of a core each   {:>5.1} times decoding   {:>5.2} % of a core at {stores} every {BEAT_EVERY_S} s",
            each_s * 1e6,
            self.cpu_s / decoded.cpu_s.max(0.01),
            each_s * stores as f64 / BEAT_EVERY_S * 100.0
        );
    }
}
