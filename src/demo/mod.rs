//! A small chain with its stores, staff, customers and tills, played live or by a script.
//!
//! Central runs in this process; each store's agent is a process of its own with its own database,
//! LAN port and a cable that can be pulled. [`stage`] sets it up and lets one break things,
//! [`people`] work in it through the public APIs, [`watch`] reads how it goes from central's API,
//! and [`live`] or [`script`] shows it.

mod board;
mod books;
mod chain;
mod dice;
mod live;
mod people;
mod screen;
mod script;
mod stage;
mod watch;

pub use board::Board;
pub use chain::{STORES_MAX, STORES_MIN};
pub use people::pick;

use crate::client::{CentralClient, http};
use crate::launch::{CentralAddresses, Program};
use anyhow::{Context, Result};
use holdfast_agent::ports::ledger::Role;
use holdfast_central::runtime::{CarrierConfig, CentralConfig, DemoAction, DemoControls, Running};
use holdfast_shared::ids::{CarrierAccount, StoreId, TenantId};
use screen::Addresses;
use stage::Stage;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A real chain leaves begun work longer with a store that it cannot reach.
const LEASE_MS: i64 = 5_000;

/// How a demo is to be set up.
#[derive(Debug)]
pub struct Plan {
    /// This very program: each store's agent is a copy of it.
    pub program: PathBuf,
    pub stores: usize,
    pub seed: u64,
    pub keep: Option<PathBuf>,
}

/// A demo that runs.
struct Theatre {
    stage: Arc<Stage>,
    central: Running,
    addresses: Addresses,
    since: Instant,
    // Last: the folder goes after those who write into it.
    _folder: Folder,
}

enum Folder {
    Kept(PathBuf),
    Passing(tempfile::TempDir),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Passing(folder) => folder.path(),
        }
    }
}

/// Whether a person can watch the live view and press its keys.
#[must_use]
pub fn has_terminal() -> bool {
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// The live view, until the person quits. Needs a terminal.
pub async fn live(plan: Plan, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "Starting central, {} stores and a distribution centre ...", plan.stores)?;
    let seed = plan.seed;
    let theatre = Theatre::open(plan).await?;
    theatre.addresses.tell(out)?;
    let (quiet, end) = (CancellationToken::new(), CancellationToken::new());
    let people = theatre.stage.act(people::Pace::default(), seed, &quiet, &end);
    let watcher = theatre.watch(&end);
    let shown = live::show(&theatre.stage, &theatre.addresses, end.clone()).await;
    quiet.cancel();
    end.cancel();
    people.join_all().await;
    watcher.await?;
    theatre.close().await?;
    shown
}

/// The scripted outage: one JSON summary on `out`, what a person may want to know meanwhile `aside`, and an error
/// when an invariant broke.
pub async fn scripted(
    plan: Plan,
    length: Duration,
    out: &mut dyn Write,
    aside: &mut dyn Write,
) -> Result<()> {
    let seed = plan.seed;
    let theatre = Theatre::open(plan).await?;
    theatre.addresses.tell(aside)?;
    let end = CancellationToken::new();
    let watcher = theatre.watch(&end);
    let told = script::outage(&theatre.stage, theatre.since, length, seed).await;
    end.cancel();
    watcher.await?;
    theatre.close().await?;
    let told = told?;
    writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
    script::verdict(&told)
}

impl Theatre {
    async fn open(plan: Plan) -> Result<Self> {
        let folder = match plan.keep {
            Some(path) => {
                std::fs::create_dir_all(&path)?;
                Folder::Kept(path)
            }
            None => Folder::Passing(tempfile::Builder::new().prefix("holdfast-demo-").tempdir()?),
        };
        let hands = Arc::new(Hands::default());
        let controls: Arc<dyn DemoControls> = Arc::<Hands>::clone(&hands);
        let mut config = CentralConfig::embedded(folder.path().join("central"));
        // Whoever watches should see begun work move as well.
        config.health.lease_ms = LEASE_MS;
        let (account, tenant) = (CarrierAccount::new("parcels")?, TenantId::new("default")?);
        config.carrier_accounts = vec![CarrierConfig::simulated(account, tenant)];
        let central = holdfast_central::runtime::start(config, Some(controls)).await?;
        let url = format!("http://{}", central.http_address());
        let client = CentralClient::new(http()?, &url, central.admin_key());
        let addresses = CentralAddresses {
            http: central.http_address(),
            mqtt: central.mqtt_address().context("the embedded broker has no address")?,
        };
        let program = Program::own_subcommand(plan.program, "demo-agent");
        let stage =
            Stage::set_up(folder.path(), plan.stores, &program, client, addresses, Board::default()).await?;
        // Only set here, once, before anybody can press a button.
        let _ = hands.stage.set(Arc::downgrade(&stage));
        let first = stage.stores.values().next().context("the demo has no stores")?;
        let code = first.agent.lock().await.pairing_code(Role::Manager).await?;
        let handheld = format!("{}/#pair={code}", first.lan_url);
        let console = format!("{url}/console/login#key={}", central.admin_key());
        Ok(Self {
            stage,
            central,
            addresses: Addresses { console, handheld },
            since: Instant::now(),
            _folder: folder,
        })
    }

    fn watch(&self, end: &CancellationToken) -> tokio::task::JoinHandle<()> {
        let (central, board) = (self.stage.central.clone(), self.stage.board.clone());
        tokio::spawn(watch::watch(central, board, self.since, end.clone()))
    }

    async fn close(self) -> Result<()> {
        for site in self.stage.stores.values() {
            let mut agent = site.agent.lock().await;
            if agent.is_running() {
                agent.stop().await?;
            }
        }
        Ok(self.central.stop().await?)
    }
}

/// The console's buttons. They come before the stage, which needs central to be set up.
#[derive(Debug, Default)]
struct Hands {
    stage: OnceLock<Weak<Stage>>,
}

impl Hands {
    fn stage(&self) -> Option<Arc<Stage>> {
        self.stage.get().and_then(Weak::upgrade)
    }
}

impl DemoControls for Hands {
    fn actions(&self, store: &StoreId) -> Vec<DemoAction> {
        self.stage().map(|stage| stage.possible(store)).unwrap_or_default()
    }

    fn act(&self, store: &StoreId, action: DemoAction) {
        let Some(stage) = self.stage() else { return };
        live::play(stage, store.clone(), action);
    }
}
