//! A year of life in one process: business days of movements on the real ledgers of both sides, on
//! files, with the clock in hand. Tells what must stay flat: memory, files, rows, and the start.

use crate::stage::Stage;
use anyhow::{Context, Result};
use holdfast_agent::core::command::{Command, MovementKind, MovementRequest};
use holdfast_agent::ports::ledger::{self, Housekeeping as _, Ledger as _};
use holdfast_central::ports::housekeeping::{Housekeeping as _, Retention};
use holdfast_platform::sqlite::IntegrityCheck;
use holdfast_shared::ids::Sku;
use holdfast_shared::limits::MOVEMENTS_MAX;
use std::path::Path;
use std::time::Instant;

const HOUR_MS: i64 = 60 * 60 * 1_000;
const BUSINESS_HOURS: usize = 10;

/// How much is lived.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    pub days: u32,
    pub movements: usize,
    pub skus: usize,
    /// A line is told after this many days.
    pub told_every: u32,
}

/// What is there after some days.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    pub day: u32,
    pub resident_kb: i64,
    pub agent_file_kb: u64,
    pub central_file_kb: u64,
    pub open_documents: i64,
    pub live_changes: i64,
    pub facts_here: i64,
    pub facts_at_central: i64,
    pub archives: i64,
    /// From opening the ledger to the first look-up.
    pub start_ms: f64,
    /// Bytes of changes since the line before, uncompressed.
    pub synced_kb: usize,
}

/// Lives, with retention short enough to be met: six days for facts and archives in a short life,
/// as configured by default in a long one.
pub async fn live(life: Life) -> Result<Vec<Told>> {
    let mut stage = Stage::open().await;
    let names: Vec<String> = (0..life.skus).map(|n| format!("S{n}")).collect();
    let stock: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 1_000_000)).collect();
    stage.store("leeds", &stock).await;
    let kept_ms = if life.days > 100 { 90 } else { 6 } * 24 * HOUR_MS;
    let (mut lines, mut synced) = (Vec::new(), 0);
    for day in 1..=life.days {
        for hour in 0..BUSINESS_HOURS {
            sell(&mut stage, &names, life.movements / BUSINESS_HOURS, hour).await?;
            stage.wait(HOUR_MS);
            synced += sync(&mut stage).await?;
        }
        stage.wait(14 * HOUR_MS);
        synced += sync(&mut stage).await?;
        keep_house(&mut stage, kept_ms).await?;
        if day % life.told_every == 0 {
            lines.push(look(&mut stage, day, std::mem::take(&mut synced)).await?);
        }
    }
    stage.level("leeds").await;
    stage.sound().await;
    anyhow::ensure!(stage.shop("leeds").ledger().unbalanced(5).await?.is_empty(), "the sums do not stand");
    Ok(lines)
}

async fn sell(stage: &mut Stage, names: &[String], movements: usize, hour: usize) -> Result<()> {
    let mut moves = Vec::with_capacity(movements);
    for n in 0..movements {
        let name = names.get((n + hour * 7) % names.len().max(1)).context("no SKUs")?;
        let sku = Sku::new(name.as_str())?;
        moves.push(MovementRequest { kind: MovementKind::Sale, sku, quantity: 1, peer: None, note: None });
    }
    for piece in moves.chunks(MOVEMENTS_MAX) {
        stage.say("leeds", Command::Move(piece.to_vec())).await?;
    }
    Ok(())
}

async fn sync(stage: &mut Stage) -> Result<usize> {
    let told = stage.sync("leeds").await;
    anyhow::ensure!(told.failed.is_none(), "{:?}", told.failed);
    Ok(told.sent_bytes + told.received_bytes)
}

async fn keep_house(stage: &mut Stage, kept_ms: i64) -> Result<()> {
    let ledger = stage.shop("leeds").ledger().clone();
    let here = ledger::Retention { archives_ms: kept_ms, facts_ms: kept_ms };
    while ledger.keep_house(here).await?.more {}
    let central =
        Retention { archives_ms: kept_ms, facts_ms: kept_ms, events_ms: kept_ms, ..Retention::default() };
    let now = stage.now();
    // Nobody publishes here: what a relay would have handed out is marked.
    publish(stage).await?;
    while stage.office.store().keep_house(central, now).await?.more {}
    Ok(())
}

async fn publish(stage: &Stage) -> Result<()> {
    use holdfast_central::ports::outbox::Outbox as _;
    loop {
        let events = stage.office.store().unpublished(500).await?;
        let Some(last) = events.last().map(|event| event.sequence) else { return Ok(()) };
        stage.office.store().published(last, stage.now().utc).await?;
    }
}

#[expect(clippy::disallowed_methods, reason = "it measures how long a start takes")]
async fn look(stage: &mut Stage, day: u32, synced: usize) -> Result<Told> {
    let agent = stage.shop("leeds").file().to_owned();
    let central = stage.office.file().to_owned();
    stage.shop("leeds").stop();
    let begun = Instant::now();
    // As the service starts: it looks through the file while it works already.
    stage.shop("leeds").boot_checked(IntegrityCheck::Later);
    let first = stage.shop("leeds").ledger().positions(&[Sku::new("S0")?]).await?;
    anyhow::ensure!(first.len() == 1, "the first look-up found nothing");
    let start_ms = begun.elapsed().as_secs_f64() * 1_000.0;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: i64 = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    let size = |file: &Path| std::fs::metadata(file).map(|data| data.len() / 1024);
    Ok(Told {
        day,
        resident_kb: pages * 4,
        agent_file_kb: size(&agent)?,
        central_file_kb: size(&central)?,
        open_documents: count(&agent, "SELECT count(*) FROM document WHERE sealed_at IS NULL")?,
        live_changes: count(&agent, "SELECT count(*) FROM document_change")?,
        facts_here: count(&agent, "SELECT count(*) FROM fact")?,
        facts_at_central: count(&central, "SELECT count(*) FROM fact")?,
        archives: count(&central, "SELECT count(*) FROM archive")?,
        start_ms,
        synced_kb: synced / 1024,
    })
}

fn count(file: &Path, sql: &str) -> Result<i64> {
    Ok(rusqlite::Connection::open(file)?.query_row(sql, [], |row| row.get(0))?)
}
