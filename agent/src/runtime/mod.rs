//! Puts the agent together: the only place that names concrete adapters, starts tasks and stops
//! them.
//!
//! Every task belongs to one [`Lifetime`]. The LAN server answers as soon as the database is open;
//! nothing waits for central, which may be out of reach from the first second on. Sync, heartbeat
//! and MQTT run only when the agent is enrolled. Stopping goes the other way: no new connections,
//! a planned goodbye to the broker, last sightings of devices, and the database last.

mod backoff;
mod beat;
pub mod config;
mod enrolling;
pub mod identity;
mod link;
mod signals;
mod storage;
mod syncing;

pub use config::AgentConfig;
pub use enrolling::enrol;

use crate::adapters::central_http::{CentralHttp, NoClient};
use crate::adapters::http::events::{Hub, hub};
use crate::adapters::http::presence::Presence;
use crate::adapters::http::state::{Api, Parts};
use crate::adapters::http::{FileFormat, router};
use crate::adapters::import_file::{self, Format};
use crate::adapters::machine::SysinfoMachine;
use crate::adapters::mqtt::{Broker, MqttUplink};
use crate::adapters::sqlite::SqliteLedger;
use crate::ports::ledger::{Devices, Housekeeping, Identity, ImportItem, Retention};
use enrolling::Enrolling;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::data_dir::{DataDir, DataDirError};
use holdfast_platform::random::{self, BootIdError, RandomError};
use holdfast_platform::secret::Secret;
use holdfast_platform::server::{self, ServeError};
use holdfast_platform::service::{Lifetime, LifetimeError, TaskError, Ticker};
use holdfast_platform::sqlite::{CHECKPOINT_PAGES, IntegrityCheck, Mode, Options, Place, StorageError};
use holdfast_shared::ids::BootId;
use holdfast_shared::time::MonoMs;
use identity::StoredIdentity;
use link::Link;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

pub const LEDGER_FILE: &str = "ledger.sqlite";
pub const ADMIN_TOKEN_FILE: &str = "admin.token";
/// Where the running agent listens, for the command line beside it.
pub const ADDRESS_FILE: &str = "lan.address";
const TOKEN_KEY_FILE: &str = "token.key";

/// How long open requests may take to end.
const DRAIN_REQUESTS: Duration = Duration::from_secs(3);
/// How long everything may take to end.
const DRAIN_ALL: Duration = Duration::from_secs(8);
/// How often sightings of devices are written down.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(20);
const SIGHTINGS_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error("{} cannot be read; enrol this agent anew", path.display())]
    Identity { path: PathBuf, source: serde_json::Error },
    #[error("the database cannot be opened")]
    Ledger(#[from] StorageError),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Boot(#[from] BootIdError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Client(#[from] NoClient),
    #[error(transparent)]
    Traces(#[from] holdfast_platform::telemetry::StartError),
    #[error(
        "lan.listen = {0} can be reached from other machines; set lan.allow_beyond_loopback = true if that is meant"
    )]
    BeyondLoopback(SocketAddr),
}

/// Why a run ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Stopped,
    /// It was enrolled, and is to be started again with its identity.
    Enrolled,
    /// Its database was found to be damaged: started again, it salvages what is sound.
    Damaged,
}

/// An agent at work.
#[derive(Debug)]
pub struct Running {
    lan: SocketAddr,
    admin_token_path: PathBuf,
    life: Lifetime,
    ledger: SqliteLedger,
    presence: Arc<Presence>,
    enrolled_meanwhile: Arc<AtomicBool>,
    damaged: Arc<AtomicBool>,
    _dir: Arc<DataDir>,
}

impl Running {
    /// Where the LAN API answers.
    #[must_use]
    pub const fn lan(&self) -> SocketAddr {
        self.lan
    }

    #[must_use]
    pub fn admin_token_path(&self) -> &Path {
        &self.admin_token_path
    }

    /// Asks everything to stop; [`Running::join`] waits for it.
    pub fn shutdown(&self) {
        self.life.stop();
    }

    /// Waits until it was asked to stop, and has stopped.
    pub async fn join(self) -> Result<Ended, LifetimeError> {
        self.join_until(std::future::pending()).await
    }

    /// As [`Running::join`]; `asked` asks as well.
    pub async fn join_until(self, asked: impl Future<Output = ()>) -> Result<Ended, LifetimeError> {
        let outcome = self.life.run_until(asked).await;
        write_sightings(&self.ledger, &self.presence).await;
        self.ledger.stop().await;
        outcome?;
        let is = |flag: &AtomicBool| flag.load(Ordering::Acquire);
        Ok(match (is(&self.damaged), is(&self.enrolled_meanwhile)) {
            (true, _) => Ended::Damaged,
            (false, true) => Ended::Enrolled,
            (false, false) => Ended::Stopped,
        })
    }
}

/// A box has little memory, and few people ask it at once. What its connections do not keep, the
/// system's own cache has.
const SMALL: Options = Options {
    mode: Mode::Threads,
    // The whole file is examined while the box works: the start does not grow with the years.
    check: IntegrityCheck::Later,
    cache_kib: 1024,
    reader_cache_kib: 256,
    readers: 2,
    busy_timeout_ms: 5_000,
    undo_in_memory: false,
    checkpoint_pages: CHECKPOINT_PAGES,
};

/// The data directory's ledger, for this boot.
pub fn open_ledger(
    dir: &DataDir,
    boot: BootId,
    identity: Option<Identity>,
) -> Result<SqliteLedger, StartError> {
    let place = Place::File(dir.file(LEDGER_FILE)?);
    Ok(SqliteLedger::open(&place, SMALL, boot, identity)?)
}

/// What people are told when two boxes speak under one identity.
async fn tell_name(ledger: &SqliteLedger, lan: SocketAddr) {
    let box_name = format!("{} at {lan}", crate::adapters::machine::host_name());
    if let Err(error) = ledger.named(box_name).await {
        tracing::debug!(%error, "the box is spoken of without its name");
    }
}

/// The ledger to work on: that of a copy which has an identity of its own by now is set aside.
async fn ledger_of(
    dir: &DataDir,
    boot: BootId,
    identity: Option<&Identity>,
) -> Result<SqliteLedger, StartError> {
    let ledger = open_ledger(dir, boot.clone(), identity.cloned())?;
    let Some(identity) = identity else { return Ok(ledger) };
    if !ledger.is_of_a_copy(identity).await.unwrap_or(false) {
        return Ok(ledger);
    }
    ledger.stop().await;
    drop(ledger);
    set_aside(dir, &boot)?;
    open_ledger(dir, boot, Some(identity.clone()))
}

/// Renames the ledger and what lies beside it; nothing is deleted.
fn set_aside(dir: &DataDir, boot: &BootId) -> Result<(), StartError> {
    let failed = |source| DataDirError::Io { path: dir.path().to_owned(), source };
    for entry in std::fs::read_dir(dir.path()).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(LEDGER_FILE) {
            let aside = dir.path().join(format!("aside-{boot}-{name}"));
            tracing::warn!(from = name, to = %aside.display(), "the copy's records are set aside");
            std::fs::rename(entry.path(), aside).map_err(failed)?;
        }
    }
    Ok(())
}

/// Who this installation is in this boot, if it is enrolled.
#[must_use]
pub fn identity_of(stored: &StoredIdentity, boot: &BootId) -> Identity {
    let given = &stored.given;
    Identity {
        tenant: given.tenant.clone(),
        store: given.store.clone(),
        replica: given.replica.clone(),
        boot: boot.clone(),
    }
}

/// Reads an import file's bytes.
pub fn read_import(bytes: &[u8], format: FileFormat) -> Result<Vec<ImportItem>, String> {
    let format = match format {
        FileFormat::Csv => Format::Csv,
        FileFormat::Jsonl => Format::JsonLines,
    };
    import_file::read(bytes, format, |_| {}).map_err(|error| error.to_string())
}

fn check_door(config: &AgentConfig) -> Result<(), StartError> {
    if !config.lan_listen.ip().is_loopback() && !config.lan_allow_beyond_loopback {
        return Err(StartError::BeyondLoopback(config.lan_listen));
    }
    Ok(())
}

/// Starts the agent. It answers on the LAN when this returns.
pub async fn start(config: AgentConfig) -> Result<Running, StartError> {
    check_door(&config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let dir = Arc::new(DataDir::open(&config.data_dir)?);
    let boot = random::boot_id()?;
    let stored = StoredIdentity::read(&dir)?;
    let identity = stored.as_ref().map(|stored| identity_of(stored, &boot));
    let ledger = ledger_of(&dir, boot, identity.as_ref()).await?;
    let admin_token = random::token()?;
    dir.write_secret(ADMIN_TOKEN_FILE, admin_token.as_bytes())?;
    let life = Lifetime::new(DRAIN_ALL);
    config.tell_collector(&life)?;
    let hub = hub(life.token());
    let central_url = central_url(&config, stored.as_ref());
    let broker = stored.as_ref().and_then(|stored| stored.broker(&central_url));
    let started_at = clock.now().mono;
    let shared = Shared {
        started_at,
        sequence: Arc::new(AtomicU64::new(0)),
        link: Arc::new(Link::new(
            stored.as_ref().map(StoredIdentity::enrolled),
            central_url.clone(),
            broker.as_ref().map(|(host, port)| format!("{host}:{port}")),
            started_at,
            hub.clone(),
        )),
        clock,
        ledger: ledger.clone(),
        presence: Arc::new(Presence::default()),
        hub,
        committed: Arc::new(Notify::new()),
        poked: Arc::new(Notify::new()),
        greeted: Arc::new(Notify::new()),
        uplink: identity.clone().zip(stored.as_ref()).zip(broker).map(
            |((identity, stored), (host, port))| {
                Arc::new(MqttUplink::new(
                    identity,
                    Broker { host, port, secret: stored.given.secret.clone() },
                ))
            },
        ),
        machine: Arc::new(SysinfoMachine::new(dir.path())),
        life: life.clone(),
    };

    let enrolled_meanwhile = Arc::new(AtomicBool::new(false));
    let enroller = Enrolling::new(Arc::clone(&dir), life.clone(), Arc::clone(&enrolled_meanwhile));
    let api = api(&shared, enroller, dir.key(TOKEN_KEY_FILE)?, admin_token);
    let (listener, lan) = server::bind(config.lan_listen).await?;
    dir.write_secret(ADDRESS_FILE, lan.to_string().as_bytes())?;
    tell_name(&ledger, lan).await;
    let serving = server::serve(listener, router(api), life.token(), DRAIN_REQUESTS);
    life.spawn("lan", async move { serving.await.map(|_drained| ()) });
    spawn_sightings(&shared);
    spawn_housekeeping(&shared);
    let damaged = Arc::new(AtomicBool::new(false));
    life.spawn("storage", storage::run(shared.clone(), Arc::clone(&damaged)));
    if let (Some(identity), Some(stored)) = (identity, &stored) {
        let central = CentralHttp::new(&central_url, Some(stored.given.secret.clone()))?;
        spawn_connected(&config, &shared, identity, central);
    } else {
        tracing::info!("not enrolled: the LAN API works, and nothing is synced");
    }
    life.ready(&format!("answering on {lan}"));
    tracing::info!(%lan, enrolled = stored.is_some(), "the agent is up");
    let admin_token_path = dir.file(ADMIN_TOKEN_FILE)?;
    let presence = shared.presence;
    Ok(Running { lan, admin_token_path, life, ledger, presence, enrolled_meanwhile, damaged, _dir: dir })
}

/// What several tasks share.
#[derive(Clone)]
struct Shared {
    clock: Arc<dyn Clock>,
    ledger: SqliteLedger,
    link: Arc<Link>,
    presence: Arc<Presence>,
    hub: Hub,
    committed: Arc<Notify>,
    poked: Arc<Notify>,
    /// Rung when a broker connection stands: the first beat should not wait for its turn.
    greeted: Arc<Notify>,
    uplink: Option<Arc<MqttUplink>>,
    machine: Arc<SysinfoMachine>,
    life: Lifetime,
    started_at: MonoMs,
    sequence: Arc<AtomicU64>,
}

/// The configuration says; else where it was enrolled; else this machine.
fn central_url(config: &AgentConfig, stored: Option<&StoredIdentity>) -> String {
    let enrolled_at = stored.map(|stored| stored.central.clone());
    config.central_url.clone().or(enrolled_at).unwrap_or_else(|| config::CENTRAL_URL.to_owned())
}

fn api(shared: &Shared, enroller: Enrolling, token_key: [u8; 32], admin_token: String) -> Api {
    let ledger = Arc::new(shared.ledger.clone());
    Api::new(Parts {
        ledger: ledger.clone(),
        import: ledger.clone(),
        devices: ledger,
        standing: shared.link.clone(),
        enroller: Arc::new(enroller),
        clock: Arc::clone(&shared.clock),
        token_key,
        admin_token: Secret::new(admin_token),
        read_file: Arc::new(read_import),
        hub: shared.hub.clone(),
        presence: Arc::clone(&shared.presence),
        committed: Arc::clone(&shared.committed),
    })
}

fn spawn_connected(config: &AgentConfig, shared: &Shared, identity: Identity, central: CentralHttp) {
    let life = &shared.life;
    life.spawn("sync", syncing::run(shared.clone(), identity.clone(), Arc::new(central), config.sync_every));
    life.spawn("heartbeat", beat::run(shared.clone(), identity, config.heartbeat_every));
    if let Some(uplink) = &shared.uplink {
        life.spawn("mqtt", signals::run(shared.clone(), Arc::clone(uplink)));
    }
}

fn spawn_sightings(shared: &Shared) {
    let (ledger, presence) = (shared.ledger.clone(), Arc::clone(&shared.presence));
    let mut ticker = Ticker::new(SIGHTINGS_EVERY, shared.life.token());
    shared.life.spawn("sightings", async move {
        while ticker.tick().await {
            write_sightings(&ledger, &presence).await;
        }
        Ok::<(), TaskError>(())
    });
}

/// Deletes what is over. A step is bounded, so the till does not wait; what is left is for the next.
fn spawn_housekeeping(shared: &Shared) {
    let ledger = shared.ledger.clone();
    let mut ticker = Ticker::new(HOUSEKEEPING_EVERY, shared.life.token());
    shared.life.spawn("housekeeping", async move {
        while ticker.tick().await {
            if let Err(error) = ledger.keep_house(Retention::default()).await {
                tracing::warn!(%error, "what is over could not be deleted; tried again");
            }
        }
        Ok::<(), TaskError>(())
    });
}

/// A sighting that is lost costs nothing, so a failure is only logged.
async fn write_sightings(ledger: &SqliteLedger, presence: &Presence) {
    let seen = presence.unwritten();
    if !seen.is_empty()
        && let Err(error) = ledger.seen(&seen).await
    {
        tracing::debug!(%error, "sightings of devices were not written down");
    }
}

#[cfg(test)]
mod tests;
