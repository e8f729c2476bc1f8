//! Orders by the thousand through a real central, as storefronts ask and as receivers of events hear of it.
//!
//! One request in twenty is repeated: at the same time, later, or with another body under the same key. Of four
//! consumers one is there from the start, one refuses for ever what tells of one order in a hundred, one is down until
//! the end, and one is added after the fact and fetches everything from the first event on. At the end the books are
//! compared: each order that was asked for is held once, and each consumer has the same events, each key's in order.
//!
//! No store is there, so each order is also routed in vain and becomes an exception: what is measured is taking
//! orders and telling of them. Routing has benches of its own.

mod asking;
mod bare;
mod consumers;
mod receiver;

use crate::e2e::sku;
use anyhow::{Context, Result, ensure};
use consumers::{Fetched, has_all, parked, retry_parked};
use holdfast::client::CentralClient;
use holdfast::launch::{Broker, CentralBox, Program, free_port};
use holdfast_central::ports::fleet::CatalogueItem;
use receiver::{Heard, Receiver};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// SKUs that orders ask for.
const SKUS: u32 = 50;
/// Central sends webhooks to its own network only when it is told so.
const CONFIG: &str = "[events]\nprivate_receivers = true\n";

#[derive(Debug, Clone, Copy)]
pub struct Volume {
    pub orders: usize,
    /// Storefronts that ask at the same time.
    pub clients: usize,
}

/// How it went. That the books agree is not in here: without that there is none.
#[derive(Debug, Clone)]
pub struct Told {
    pub took: Duration,
    /// Of each first answer, shortest first.
    pub waits: Vec<Duration>,
    pub replayed: usize,
    pub conflicts: usize,
    /// Times that central said to come back.
    pub turned_away: u64,
    pub events: usize,
    pub poisoned_keys: usize,
    /// Deliveries that came more than once, under the same id.
    pub again: u64,
    pub told_in: Duration,
    /// As many commits of the same bytes in SQLite alone.
    pub bare: Duration,
    pub peak_mb: f64,
}

impl Told {
    #[must_use]
    pub fn waited(&self, percent: usize) -> Duration {
        let at = self.waits.len().saturating_sub(1) * percent / 100;
        self.waits.get(at).copied().unwrap_or_default()
    }
}

/// # Errors
/// When central cannot be run, and when the books do not agree at the end.
pub async fn run(folder: &Path, volume: Volume) -> Result<Told> {
    let program = Program::beside_this("holdfast-central")?;
    let embedded = Broker::Embedded { extra: String::new() };
    let mut central = CentralBox::set_up(program, folder, &embedded, CONFIG)?;
    central.start().await?;
    let client = central.client()?;
    put_catalogue(&client).await?;
    let (steady, picky) = (Receiver::start(None).await?, Receiver::start(None).await?);
    picky.refuse_poison(true);
    let down = free_port()?;
    for (name, address) in [("steady", steady.address()), ("picky", picky.address()), ("down", down)] {
        consumers::register(&client, name, address).await?;
    }

    let asked = asking::ask_all(&client, volume).await?;
    let began = Instant::now();
    let cut = consumers::newest(&client).await?;
    held_once(&client, &asked.orders).await?;
    has_all(&client, &["steady", "picky"], cut).await?;
    let told_in = began.elapsed();
    let poisoned_keys = refused_ones_are_parked(&client, &picky, &steady, cut).await?;

    picky.refuse_poison(false);
    retry_parked(&client, "picky").await?;
    let late_riser = Receiver::start(Some(down)).await?;
    consumers::go_on(&client, "down").await?;
    let late = consumers::fetch_from_the_start(&client, "late").await?;
    has_all(&client, &["steady", "picky", "down"], cut).await?;
    let events = equal(&late, &[("steady", &steady), ("picky", &picky), ("down", &late_riser)], cut)?;

    let pid = central.process_id().context("central does not run")?;
    let peak_mb = peak_mb(pid)?;
    central.stop().await?;
    let bare = bare::commits(&folder.join("bare.db"), asked.orders.len(), &asked.body, &late.event())?;
    let again = [&steady, &picky, &late_riser].iter().map(|receiver| receiver.heard().again).sum();
    Ok(Told {
        took: asked.took,
        waits: asked.waits,
        replayed: asked.replayed,
        conflicts: asked.conflicts,
        turned_away: asked.turned_away,
        events,
        poisoned_keys,
        again,
        told_in,
        bare,
        peak_mb,
    })
}

async fn put_catalogue(client: &CentralClient) -> Result<()> {
    let item = |n| CatalogueItem { sku: sku(n), name: format!("Article {n}"), class: None, needs: [].into() };
    client.put_catalogue(&(0..SKUS).map(item).collect::<Vec<_>>()).await
}

/// What was asked for and acknowledged is what central holds: none is missing, and none is there twice.
async fn held_once(client: &CentralClient, asked: &BTreeSet<String>) -> Result<()> {
    let rows = client.all("/v1/orders", "orders").await?;
    let held: BTreeSet<String> =
        rows.iter().filter_map(|row| row.get("order")?.as_str().map(str::to_owned)).collect();
    ensure!(held.len() == rows.len(), "{} orders are listed twice", rows.len() - held.len());
    let lost: Vec<&String> = asked.difference(&held).take(5).collect();
    ensure!(lost.is_empty(), "acknowledged and not held: {lost:?}");
    let more: Vec<&String> = held.difference(asked).take(5).collect();
    ensure!(more.is_empty(), "held and never acknowledged: {more:?}");
    Ok(())
}

/// What is refused stops its own key and no other.
async fn refused_ones_are_parked(
    client: &CentralClient,
    picky: &Receiver,
    steady: &Receiver,
    cut: u64,
) -> Result<usize> {
    let poisoned: BTreeSet<String> =
        steady.heard().keys().filter(|key| receiver::is_poison(key)).cloned().collect();
    let parked = parked(client, "picky").await?;
    ensure!(
        parked.keys == poisoned,
        "{} keys are parked, {} are poisoned",
        parked.keys.len(),
        poisoned.len()
    );
    let (picky, steady) = (picky.heard(), steady.heard());
    for key in steady.keys() {
        let (other, all) = (picky.of(key, cut), steady.of(key, cut));
        let wanted = if poisoned.contains(key) { Vec::new() } else { all };
        ensure!(other == wanted, "picky has {other:?} of {key}, not {wanted:?}");
    }
    Ok(poisoned.len())
}

/// Each consumer has what the others have, and of each key all of it in order.
fn equal(late: &Fetched, receivers: &[(&str, &Receiver)], cut: u64) -> Result<usize> {
    let all: &Heard = &late.heard;
    let mut events = 0;
    for key in all.keys() {
        let numbers: Vec<u64> = all.of(key, cut).iter().map(|(number, _)| *number).collect();
        let counted: Vec<u64> = (1..).take(numbers.len()).collect();
        ensure!(numbers == counted, "late: {key} came as {numbers:?}");
        events += numbers.len();
    }
    for (name, receiver) in receivers {
        let heard = receiver.heard();
        for key in all.keys().chain(heard.keys()) {
            let (other, wanted) = (heard.of(key, cut), all.of(key, cut));
            ensure!(other == wanted, "{name} has {other:?} of {key}, late has {wanted:?}");
        }
    }
    Ok(events)
}

fn peak_mb(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no memory is told")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
