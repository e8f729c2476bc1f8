//! A store comes back after three days: 50,000 facts, a try every 10 s in between.
//!
//! Run: `cargo bench -p holdfast-tests --bench offline`. The agent's ledger and flows run in a process
//! of their own, so that its memory is its own; central is a process too.

#![allow(clippy::print_stdout, reason = "a bench tells its figures")]

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use automerge::transaction::Transactable as _;
use holdfast::launch::{Broker, CentralBox, Program};
use holdfast_agent::adapters::central_http::CentralHttp;
use holdfast_agent::adapters::sqlite::SqliteLedger;
use holdfast_agent::core::command::{Command, Intent, MovementKind, MovementRequest};
use holdfast_agent::flows::sync::{SyncError, converse};
use holdfast_agent::ports::central::{Central, CentralError};
use holdfast_agent::ports::ledger::{Identity, Import, ImportItem, Ledger};
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::sqlite::{Options, Place};
use holdfast_shared::ids::BootId;
use holdfast_shared::limits::{CHANGE_FACTS_MAX, EPOCH_FACTS_MAX};
use holdfast_shared::time::Now;
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::sync::{SyncRequest, SyncResponse};
use holdfast_tests::e2e::{sku, store_named};
use holdfast_tests::packaged::{build_programs, environment_of_the_agent};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

const FACTS: u32 = 50_000;
const SKUS: u32 = 2_000;
const TRY_EVERY_MS: i64 = 10_000;
const DAYS_MS: i64 = 3 * 24 * 3_600_000;

/// Counts messages; central is there, or is not.
struct Line {
    central: Option<CentralHttp>,
    messages: AtomicUsize,
}

#[async_trait]
impl Central for Line {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncResponse, CentralError> {
        let Some(central) = &self.central else {
            return Err(CentralError::Unreachable {
                url: "nowhere".to_owned(),
                source: Box::from("cut off"),
            });
        };
        self.messages.fetch_add(1, Ordering::Relaxed);
        central.sync(request).await
    }

    async fn enrol(&self, request: &EnrolRequest) -> Result<EnrolResponse, CentralError> {
        self.central.as_ref().ok_or(CentralError::Wait { retry_after_ms: 1 })?.enrol(request).await
    }
}

fn line(central: Option<CentralHttp>) -> Line {
    Line { central, messages: AtomicUsize::new(0) }
}

/// An address whose bytes to `url` are counted: what is measured does not pack them a second time.
async fn counted(url: &str, up: Arc<AtomicUsize>) -> Result<String> {
    let to = url.strip_prefix("http://").context("central has an address")?.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let here = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((store, _)) = listener.accept().await {
            let Ok(central) = TcpStream::connect(&to).await else { break };
            let ((mut from_store, mut to_store), (mut from_central, mut to_central)) =
                (store.into_split(), central.into_split());
            let up = Arc::clone(&up);
            tokio::spawn(async move {
                let mut bytes = [0; 16 * 1024];
                while let Ok(read @ 1..) = from_store.read(&mut bytes).await {
                    up.fetch_add(read, Ordering::Relaxed);
                    to_central.write_all(bytes.get(..read).unwrap_or_default()).await?;
                }
                std::io::Result::Ok(())
            });
            tokio::spawn(async move { tokio::io::copy(&mut from_central, &mut to_store).await });
        }
    });
    Ok(here)
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some([_, url, code, folder]) = arguments
        .iter()
        .position(|a| a == "store")
        .and_then(|at| arguments.get(at..))
        .and_then(|rest| rest.first_chunk::<4>())
    {
        return store(url, code, Path::new(folder)).await;
    }
    build_programs()?;
    // Memory keeps the tens of thousands of commits short; nothing of what is measured is on a disk.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
    let embedded = Broker::Embedded { extra: String::new() };
    let mut central =
        CentralBox::set_up(Program::beside_this("holdfast-central")?, folder.path(), &embedded, "")?;
    central.start().await?;
    let client = central.client()?;
    let leeds = store_named("leeds", 0)?;
    client.put_store(&leeds).await?;
    let code = client.enrolment_code(&leeds.store).await?;
    let pid = central.process_id().context("central does not run")?;
    let before = memory(pid, "VmHWM:")?;
    let this = std::env::current_exe()?;
    let mut store = tokio::process::Command::new(this);
    store.args(["store", client.url(), &code]).arg(folder.path()).envs(environment_of_the_agent());
    ensure!(store.status().await?.success(), "the store failed");
    println!("central, most memory      {:>8.1} MB   (before {before:.1})", memory(pid, "VmHWM:")?);
    let positions = client.get("/v1/positions?sku=SKU-00000").await?;
    println!("{positions}");
    central.stop().await
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn memory(pid: u32, name: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with(name)).context("no such line")?;
    Ok(line.split_whitespace().nth(1).context("no figure")?.parse::<u64>()? as f64 / 1e3)
}

async fn store(url: &str, code: &str, folder: &Path) -> Result<()> {
    let wish = EnrolRequest { code: code.to_owned(), box_name: None };
    let enrolled = CentralHttp::new(url, None)?.enrol(&wish).await?;
    let boot = BootId::new("bench")?;
    let identity = Identity {
        tenant: enrolled.tenant,
        store: enrolled.store,
        replica: enrolled.replica,
        boot: boot.clone(),
    };
    let place = Place::File(folder.join("ledger.db"));
    let ledger = SqliteLedger::open(&place, Options::default(), boot, Some(identity))?;
    let begin = SystemClock.now();
    let items = (0..SKUS).map(|n| ImportItem {
        sku: sku(n),
        name: None,
        barcode: None,
        class: None,
        on_hand: Some(1_000),
    });
    ledger.import(items.collect(), Box::new(|_| {}), begin).await?;
    let up = Arc::new(AtomicUsize::new(0));
    let url = counted(url, Arc::clone(&up)).await?;
    let central = || CentralHttp::new(&url, Some(enrolled.secret.clone()));
    let there = line(Some(central()?));
    ensure!(converse(&ledger, &there, None, &|| begin).await.level, "not level at the beginning");
    offline(&ledger, begin).await?;

    let there = line(Some(central()?));
    // Only what the conversation takes: the most so far is forgotten.
    std::fs::write("/proc/self/clear_refs", "5")?;
    up.store(0, Ordering::Relaxed);
    let resident = memory(std::process::id(), "VmRSS:")?;
    let started = Instant::now();
    let told = converse(&ledger, &there, None, &|| SystemClock.now()).await;
    let took = started.elapsed().as_secs_f64();
    ensure!(told.level && told.failed.is_none(), "{told:?}");
    let most = memory(std::process::id(), "VmHWM:")?;
    let bare = bare(folder)?;
    let (up, messages) = (up.load(Ordering::Relaxed), there.messages.load(Ordering::Relaxed));
    println!("up                        {up:>8} bytes in {messages} messages (budget 600,000)");
    println!(
        "time                      {took:>8.2} s    (budget 2; {:.1} times the bare parts)",
        took / bare
    );
    println!("store, most memory        {most:>8.1} MB   (budget 40; before {resident:.1})");
    Ok(())
}

/// The same facts through the bare parts, one side after the other: automerge puts them and applies
/// them, and SQLite inserts them as rows here and there.
fn bare(folder: &Path) -> Result<f64> {
    let ledger = rusqlite::Connection::open(folder.join("ledger.db"))?;
    let mut statement = ledger.prepare("SELECT id, text FROM fact ORDER BY seq")?;
    let facts: Vec<(String, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let started = Instant::now();
    for document in facts.chunks(EPOCH_FACTS_MAX) {
        let mut here = automerge::Automerge::new();
        for change in document.chunks(CHANGE_FACTS_MAX) {
            let mut transaction = here.transaction();
            for (id, text) in change {
                transaction.put(automerge::ROOT, id.as_str(), text.as_str())?;
            }
            transaction.commit();
        }
        automerge::Automerge::new().apply_changes(here.get_changes(&[]))?;
    }
    for side in ["here.db", "there.db"] {
        let mut rows = rusqlite::Connection::open(folder.join(side))?;
        rows.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE fact (id TEXT PRIMARY KEY, text TEXT)")?;
        for document in facts.chunks(EPOCH_FACTS_MAX) {
            let transaction = rows.transaction()?;
            for fact in document {
                transaction
                    .prepare_cached("INSERT INTO fact VALUES (?1, ?2)")?
                    .execute([&fact.0, &fact.1])?;
            }
            transaction.commit()?;
        }
    }
    Ok(started.elapsed().as_secs_f64())
}

/// Three days of sales, and a try to reach central every ten seconds.
async fn offline(ledger: &SqliteLedger, begin: Now) -> Result<()> {
    let nobody = line(None);
    let tries = u32::try_from(DAYS_MS / TRY_EVERY_MS)?;
    let mut sold = 0;
    for attempt in 1..=tries {
        let at = i64::from(attempt) * TRY_EVERY_MS;
        let now = Now { utc: begin.utc.plus(at - DAYS_MS), mono: begin.mono.plus(at) };
        let due = u32::try_from(u64::from(FACTS) * u64::from(attempt) / u64::from(tries))?;
        let sales: Vec<_> = (sold..due).map(sale).collect();
        sold = due;
        if !sales.is_empty() {
            ledger.execute(intent(attempt)?, Command::Move(sales), now).await?;
        }
        let told = converse(ledger, &nobody, None, &|| now).await;
        ensure!(matches!(told.failed, Some(SyncError::Central(_))), "{told:?}");
    }
    let unsynced = ledger.summary().await?.unsynced;
    ensure!(unsynced == u64::from(FACTS), "{unsynced} facts wait");
    Ok(())
}

fn sale(n: u32) -> MovementRequest {
    MovementRequest {
        kind: MovementKind::Sale,
        sku: sku(n * 7_919 % SKUS),
        quantity: i64::from(n % 3 + 1),
        peer: None,
        note: None,
    }
}

fn intent(attempt: u32) -> Result<Intent> {
    Ok(Intent {
        device: format!("pos-{}", attempt % 4 + 1).parse()?,
        actor: "amy".parse()?,
        key: format!("k{attempt}").parse()?,
        request_hash: [0; 32],
        fact_id: Some(format!("pos-{}.1.{attempt}", attempt % 4 + 1).parse()?),
        trace: None,
    })
}
