//! Wires central up: the one place that names concrete adapters, starts tasks and ends them.
//!
//! The tasks, by name: `http`; `broker` (embedded, or the connection to an external one); `hear`
//! takes signals into the health book; `health` judges the fleet on a tick and a bell, then moves
//! work away from stores that are dark; `route` finds nodes for open units; `policies` lets versions begin and looks
//! at those in force; `shadow` compares decisions with what others would have decided; `publish` relays the
//! outbox to open streams; `consumers` keeps a worker for each that is sent events; `payments-NAME` asks one payment provider and `payment-webhooks` reads what they tell; `parcels-NAME` and `carrier-webhooks` do so for carriers; `measure` keeps the gauges; `traces` tells a collector of steps of orders, and `collector` sends what is told; `canary` hears whether central hears. One that fails stops the process: a central
//! that is half there would look alive and not be.

mod backup;
mod canary;
mod carriers;
mod config;
mod consumers;
mod egress;
mod first_start;
mod flowing;
mod launch;
mod outside;
mod payments;
mod reconciling;
mod replaying;
mod retention;
mod shadow;
mod steering;
mod tasks;
mod telling;
#[cfg(test)]
mod tests;

pub(crate) use first_start::ADMIN_KEY_FILE;

pub use crate::adapters::mqtt_client::ExternalSettings;
pub use crate::ports::demo::{DemoAction, DemoControls};
pub use backup::{backup, rebuild, restored};
pub use carriers::CarrierConfig;
pub use config::{CentralConfig, ENV_PREFIX, HttpConfig, MqttConfig};
pub use egress::Egress;
pub use payments::PaymentConfig;

use crate::adapters::http::{self, App, Bells, Rooms};
use crate::adapters::metrics;
use crate::adapters::mqtt_broker::{BrokerError, BrokerSettings, EmbeddedBroker};
use crate::adapters::mqtt_canary::CanarySettings;
use crate::adapters::mqtt_client::ExternalBroker;
use crate::adapters::sinks::WaysOut;
use crate::adapters::sqlite::{IN_SERVICE, SqliteStore};
use crate::adapters::surroundings::Folders;
use crate::core::health::observatory::Observatory;
use crate::core::steering::Steering;
use crate::flows::in_force::{PoliciesInForce, know_in_force};
use crate::flows::{FlowError, Watch, quarantine};
use crate::ports::poke::Poke;
use crate::ports::signals::{HEARD_QUEUE_MAX, Heard};
use crate::ports::{Storage, StoreError};
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::data_dir::{DataDir, DataDirError};
use holdfast_platform::random::{self, RandomError};
use holdfast_platform::secret::Secret;
use holdfast_platform::server::{self, ServeError};
use holdfast_platform::service::{Lifetime, LifetimeError};
use holdfast_platform::sqlite::Place;
use holdfast_platform::sse::Hub;
use holdfast_platform::telemetry::{Sender, StartError};
use holdfast_shared::limits::{STREAM_LAG_MAX, STREAMS_MAX};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;

const DATABASE: &str = "central.db";

/// Why central does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum CentralError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error("the database cannot be opened")]
    Database(#[source] StoreError),
    #[error("the backup cannot be written")]
    Backup(#[source] StoreError),
    #[error("the first key cannot be stored")]
    FirstStart(#[source] StoreError),
    #[error("the routing settings cannot be meant: {0}")]
    Policy(String),
    #[error("a payment provider cannot be used: {0}")]
    Payments(String),
    #[error("a carrier account cannot be used: {0}")]
    Carriers(String),
    #[error("the policies in force cannot be read")]
    PoliciesInForce(#[source] FlowError),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Id(#[from] holdfast_shared::ids::BadId),
    #[error(transparent)]
    Listen(#[from] ServeError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error(transparent)]
    Traces(#[from] StartError),
    #[error(transparent)]
    Life(#[from] LifetimeError),
}

/// A central that serves.
#[derive(Debug)]
pub struct Running {
    http: SocketAddr,
    mqtt: Option<SocketAddr>,
    admin_key: String,
    damage: Option<String>,
    life: Lifetime,
    storage: SqliteStore,
    // Held until the end: the lock against a second process.
    _data_dir: DataDir,
}

impl Running {
    #[must_use]
    pub const fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// Of the embedded broker; none when an external one is used.
    #[must_use]
    pub const fn mqtt_address(&self) -> Option<SocketAddr> {
        self.mqtt
    }

    #[must_use]
    pub fn admin_key(&self) -> &str {
        &self.admin_key
    }

    /// What the check of the database found, when it is only read.
    #[must_use]
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// Serves until it is stopped, or until a task fails.
    pub async fn join(self) -> Result<(), CentralError> {
        self.join_until(std::future::pending()).await
    }

    /// As [`Running::join`]; `asked` stops it as well.
    pub async fn join_until(self, asked: impl Future<Output = ()>) -> Result<(), CentralError> {
        let ended = self.life.run_until(asked).await;
        self.storage.stop().await;
        Ok(ended?)
    }

    /// Stops: no new connection, open requests end, no longer than the drain allows.
    pub async fn stop(self) -> Result<(), CentralError> {
        self.life.stop();
        self.join().await
    }
}

/// Starts central. It serves when this returns.
pub async fn start(
    config: CentralConfig,
    demo: Option<Arc<dyn DemoControls>>,
) -> Result<Running, CentralError> {
    let data_dir = DataDir::open(&config.data_dir)?;
    let place = Place::File(data_dir.file(DATABASE)?);
    let storage = SqliteStore::open(&place, IN_SERVICE, random::bytes()?).map_err(CentralError::Database)?;
    let damage = storage.damage().map(str::to_owned);
    tell_of(&storage, damage.as_deref());
    let built_in = built_in(&config)?;
    let clock = SystemClock;
    let collector = config.traces.as_ref().map(Sender::start).transpose()?.flatten();
    let admin_key = first_start::admin_key(&data_dir, &storage, damage.is_none(), clock.now().utc).await?;
    let life = Lifetime::new(config.drain.saturating_add(config.drain));
    let (heard, hears) = mpsc::channel(HEARD_QUEUE_MAX);
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let (listener, http) = server::bind(config.http.listen).await?;
    let signals = signals(&config, Arc::new(storage.clone()), heard, &life).await?;
    let gateways = payments::gateways(&config.payments, clock.now().mono)?;
    let accounts = carriers::gateways(&config.carrier_accounts, clock.now().mono)?;
    let (payments, carriers) = (payments::bells(&gateways), carriers::bells(&accounts));
    let app = Arc::new(App {
        storage: Arc::clone(&shared),
        watch: Arc::new(Watch::new(
            Observatory::new(config.health.clone()).suspecting_by(config.observer.clone()),
        )),
        policies: Arc::new(PoliciesInForce::new(built_in)),
        poke: signals.poke,
        bells: Arc::new(Bells { payments, carriers, ..Bells::default() }),
        payments: gateways,
        carriers: accounts,
        clock: Arc::new(clock),
        mqtt_address: config.mqtt_advertised.clone().unwrap_or(signals.advertised.clone()),
        events: Hub::new(STREAM_LAG_MAX, STREAMS_MAX, life.token()),
        sinks: Arc::new(WaysOut::new(config.egress.sinks.clone(), Arc::new(clock))),
        naming: Arc::new(config.egress.naming.clone()),
        metrics: metrics::recorder(),
        demo,
        rooms: Rooms::default(),
        decision_id: tasks::decision_id,
        launch: config.launch.clone(),
        surroundings: Arc::new(Folders::new(config.data_dir.clone(), config.backup_dir.clone())),
        trusted_proxies: config.http.trusted_proxies.clone(),
    });
    if damage.is_none() {
        quarantine::know_apart(&*app.storage, &app.watch).await.map_err(CentralError::Database)?;
    }
    let known = know_in_force(&*app.storage, &app.policies).await.map_err(CentralError::PoliciesInForce)?;
    app.policies.steer_health(&app.watch);
    for unreadable in known {
        tracing::error!(tenant = %unreadable.tenant, what = unreadable.what, "a policy is not followed");
    }
    tasks::spawn_all(&life, &app, &config, hears);
    canary::spawn(&life, &app, &signals.canary);
    carriers::tell(&*app.storage, &config.carrier_accounts).await?;
    payments::spawn(&life, &app);
    carriers::spawn(&life, &app);
    spawn_keepers(&life, &app);
    if let Some(collector) = collector {
        life.spawn("collector", collector.run(life.token()));
    }
    let (router, stop, drain) = (http::router(&app), life.token(), config.drain);
    life.spawn("http", async move { server::serve(listener, router, stop, drain).await.map(|_drained| ()) });
    life.ready(&format!("serving on {http}"));
    tracing::info!(%http, mqtt = ?signals.address, "central serves");
    Ok(Running { http, mqtt: signals.address, admin_key, damage, life, storage, _data_dir: data_dir })
}

fn built_in(config: &CentralConfig) -> Result<Steering, CentralError> {
    Steering::built_in(&config.sections()).map_err(|found| {
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        CentralError::Policy(told.join(", "))
    })
}

/// What a person should know of the database before anything is served from it.
fn tell_of(storage: &SqliteStore, damage: Option<&str>) {
    if let Some(report) = damage {
        tracing::error!(
            report,
            "the database failed its check: it is only read, and no order is taken. Stop central, keep the data \
             directory as it is, put the newest backup into a new one and start with that: the stores bring \
             what it lacks"
        );
    }
    if let Some(incarnation) = storage.restored() {
        tracing::warn!(incarnation, "the database is an older one; orders wait until every store has told");
    }
}

/// What goes on beside the orders.
fn spawn_keepers(life: &Lifetime, app: &http::Shared) {
    life.spawn("replay", replaying::replay(Arc::clone(app), life.token()));
    life.spawn("reconcile", reconciling::keep(Arc::clone(app), life.token()));
    life.spawn("flow", flowing::flow(Arc::clone(app), life.token()));
    life.spawn("policies", steering::keep(Arc::clone(app), life.token()));
    life.spawn("consumers", consumers::keep(Arc::clone(app), life.token()));
    life.spawn("shadow", shadow::keep(Arc::clone(app), life.token()));
    life.spawn("traces", telling::tell(Arc::clone(app), life.token()));
}

/// Where signals come in, and pokes go out.
struct Signals {
    poke: Arc<dyn Poke>,
    address: Option<SocketAddr>,
    advertised: String,
    canary: CanarySettings,
}

async fn signals(
    config: &CentralConfig,
    access: Arc<SqliteStore>,
    heard: mpsc::Sender<Heard>,
    life: &Lifetime,
) -> Result<Signals, CentralError> {
    let stop = life.token();
    match &config.mqtt {
        MqttConfig::Embedded { listen, observer_password } => {
            let canary_password = Secret::new(random::token()?);
            let settings = BrokerSettings {
                listen: *listen,
                observer_password: observer_password.clone(),
                canary_password: canary_password.clone(),
            };
            let broker = EmbeddedBroker::bind(settings, access, heard).await?;
            let (address, poke) = (broker.address(), Arc::new(broker.poker()));
            let canary = canary::to_embedded(config.mqtt_advertised.as_deref(), address, canary_password);
            life.spawn("broker", broker.run(stop));
            // Without a host: agents reach the broker where they reached central.
            Ok(Signals { poke, address: Some(address), advertised: format!(":{}", address.port()), canary })
        }
        MqttConfig::External(settings) => {
            let broker = ExternalBroker::new(settings, heard);
            let poke = Arc::new(broker.poker());
            life.spawn("broker", async move {
                broker.run(stop).await;
                Ok::<(), Infallible>(())
            });
            let advertised = format!("{}:{}", settings.host, settings.port);
            let canary = canary::to_external(config.mqtt_advertised.as_deref(), settings);
            Ok(Signals { poke, address: None, advertised, canary })
        }
    }
}
