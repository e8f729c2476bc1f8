//! Central's settings: defaults that run on one machine, a TOML file, environment variables.

use super::carriers::CarrierConfig;
use super::egress::{self, Egress};
use super::payments::PaymentConfig;
use super::retention;
use crate::adapters::mqtt_client::ExternalSettings;
use crate::core::carriers::CarrierPolicy;
use crate::core::failover::policy::{FailoverPolicy, Pace};
use crate::core::health::observer_policy::ObserverPolicy;
use crate::core::health::policy::HealthPolicy;
use crate::core::launch::systems::LaunchTerms;
use crate::core::routing::policy::RoutingPolicy;
use crate::core::steering::Sections;
use crate::core::stock::policy::StockPolicy;
use crate::ports::housekeeping::Retention;
use holdfast_platform::config::{ConfigErrors, Flawed, Reader};
use holdfast_platform::secret::Secret;
use holdfast_platform::service::LogFormat;
use holdfast_platform::telemetry;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Variables that begin so override the file: `HOLDFAST_CENTRAL_HTTP_LISTEN`.
pub const ENV_PREFIX: &str = "HOLDFAST_CENTRAL";
/// The libraries speak only of trouble.
const LOG: &str = "info,mqtt5=error,refinery_core=warn";
const HTTP_PORT: u16 = 7700;
const MQTT_PORT: u16 = 7883;
const DRAIN: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(500);

#[derive(Debug, Clone)]
pub struct HttpConfig {
    pub listen: SocketAddr,
    /// Proxies in front of central, which say in `X-Forwarded-For` where a request came from.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Where the signals come in.
#[derive(Debug, Clone)]
pub enum MqttConfig {
    /// The broker inside central.
    Embedded { listen: SocketAddr, observer_password: Option<Secret> },
    /// A broker of the customer's.
    External(ExternalSettings),
}

#[derive(Debug, Clone)]
pub struct CentralConfig {
    pub data_dir: PathBuf,
    pub log: String,
    pub log_format: LogFormat,
    pub http: HttpConfig,
    pub mqtt: MqttConfig,
    /// What agents are told at their enrolment, when it is not what central listens on.
    pub mqtt_advertised: Option<String>,
    /// What judges the stores of tenants that say nothing else.
    pub health: HealthPolicy,
    pub observer: ObserverPolicy,
    pub routing: RoutingPolicy,
    /// How each class of SKUs is sold.
    pub stock: StockPolicy,
    pub carriers: CarrierPolicy,
    pub failover: FailoverPolicy,
    pub payments: Vec<PaymentConfig>,
    /// Without one, stores make their own labels.
    pub carrier_accounts: Vec<CarrierConfig>,
    /// How long what is over is kept.
    pub retention: Retention,
    /// What people said of a launch.
    pub launch: LaunchTerms,
    /// How events go out.
    pub egress: Egress,
    /// Who is told of traces.
    pub traces: Option<telemetry::Settings>,
    /// Where backups should lie.
    pub backup_dir: Option<PathBuf>,
    /// How often the fleet is judged when nothing else wakes it.
    pub tick: Duration,
    /// How long open requests may take to end when central stops.
    pub drain: Duration,
}

impl CentralConfig {
    /// What steers the tenants that have no policy of their own.
    pub(super) fn sections(&self) -> Sections {
        Sections {
            routing: self.routing.clone(),
            stock: self.stock.clone(),
            carriers: self.carriers.clone(),
            failover: self.failover.clone(),
            health: self.health.clone(),
            ..Sections::default()
        }
    }

    /// On free ports of the loopback, for the demo and for tests.
    #[must_use]
    pub fn embedded(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            log: LOG.to_owned(),
            log_format: LogFormat::Text,
            http: HttpConfig { listen: loopback(0), trusted_proxies: Vec::new() },
            mqtt: MqttConfig::Embedded { listen: loopback(0), observer_password: None },
            mqtt_advertised: None,
            health: HealthPolicy::default(),
            observer: ObserverPolicy::default(),
            routing: RoutingPolicy::default(),
            stock: StockPolicy::default(),
            carriers: CarrierPolicy::default(),
            failover: FailoverPolicy::default(),
            payments: PaymentConfig::simulated().into_iter().collect(),
            carrier_accounts: Vec::new(),
            retention: Retention::default(),
            launch: LaunchTerms::default(),
            egress: Egress::default(),
            traces: None,
            backup_dir: None,
            tick: Duration::from_millis(250),
            drain: DRAIN,
        }
    }

    /// Everything that is wrong is told at once.
    pub fn load(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let env: Vec<(String, String)> = env.into_iter().collect();
        let default_dir = default_data_dir(&env);
        let mut reader = Reader::load(file, ENV_PREFIX, env);
        let read = read(&mut reader, default_dir);
        reader.finish()?;
        Ok(read?)
    }
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// systemd's directory, or one of this user.
fn default_data_dir(env: &[(String, String)]) -> PathBuf {
    let var = |name: &str| env.iter().find(|(known, _)| known == name).map(|(_, value)| PathBuf::from(value));
    let of_user = || {
        let data = var("XDG_DATA_HOME").or_else(|| var("HOME").map(|home| home.join(".local/share")));
        data.unwrap_or_else(|| PathBuf::from(".")).join("holdfast/central")
    };
    var("STATE_DIRECTORY").unwrap_or_else(of_user)
}

/// Reads every setting before it fails on one, so that all mistakes are found.
fn read(reader: &mut Reader, default_dir: PathBuf) -> Result<CentralConfig, Flawed> {
    let data_dir = reader.or_default("data_dir", default_dir);
    let log = reader.or_default("log", LOG.to_owned());
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let log_format = reader.one_of("log_format", &formats, LogFormat::Text);
    let drain = reader.or_default("drain", DRAIN);
    let tick = reader.or_default("health.tick", TICK);
    let http = http(reader);
    let mqtt = mqtt(reader);
    let mqtt_advertised = reader.optional("mqtt.advertised");
    let (health, observer) = (health(reader), observer(reader));
    let (routing, failover) = (routing(reader), failover(reader));
    let (retention, payments) = (retention::read(reader), super::payments::read(reader));
    let carrier_accounts = super::carriers::read(reader);
    let egress = egress::read(reader);
    let traces = telemetry::read(reader, "holdfast-central");
    let (launch, backup_dir) = super::launch::read(reader)?;
    Ok(CentralConfig {
        data_dir: data_dir?,
        log: log?,
        log_format: log_format?,
        http: http?,
        mqtt: mqtt?,
        mqtt_advertised: mqtt_advertised?,
        health: health?,
        observer: observer?,
        routing: routing?,
        stock: StockPolicy::default(),
        carriers: CarrierPolicy::default(),
        failover: failover?,
        payments: payments?,
        carrier_accounts: carrier_accounts?,
        retention: retention?,
        launch,
        egress: egress?,
        traces: traces?,
        backup_dir,
        tick: tick?,
        drain: drain?,
    })
}

/// An address; beyond loopback only when that is said twice.
fn listen(reader: &mut Reader, room: &str, port: u16) -> Result<SocketAddr, Flawed> {
    let key = format!("{room}.listen");
    let address = reader.or_default(&key, loopback(port));
    let beyond = reader.or_default(&format!("{room}.allow_beyond_loopback"), false);
    let (address, beyond) = (address?, beyond?);
    if !beyond && !address.ip().is_loopback() {
        let why = format!(
            "{address} can be reached by other machines; set {room}.allow_beyond_loopback = true if that is \
             meant"
        );
        return Err(reader.reject(&key, why));
    }
    Ok(address)
}

fn http(reader: &mut Reader) -> Result<HttpConfig, Flawed> {
    let listen = listen(reader, "http", HTTP_PORT);
    let trusted_proxies = reader.list("http.trusted_proxies");
    Ok(HttpConfig { listen: listen?, trusted_proxies: trusted_proxies? })
}

fn mqtt(reader: &mut Reader) -> Result<MqttConfig, Flawed> {
    let listen = listen(reader, "mqtt", MQTT_PORT);
    let observer_password = reader.optional::<Secret>("mqtt.observer_password");
    let address = reader.optional::<String>("mqtt.external.address");
    let client_id = reader.or_default("mqtt.external.client_id", "holdfast-central".to_owned());
    let username = reader.optional::<String>("mqtt.external.username");
    let password = reader.optional::<Secret>("mqtt.external.password");
    let (client_id, username, password) = (client_id?, username?, password?);
    let Some(address) = address? else {
        if username.is_some() || password.is_some() {
            return Err(reader.reject("mqtt.external.address", "is missing; there is a login for it"));
        }
        return Ok(MqttConfig::Embedded { listen: listen?, observer_password: observer_password? });
    };
    let host_and_port = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let Some((host, port)) = host_and_port.filter(|(host, _)| !host.is_empty()) else {
        return Err(reader.reject("mqtt.external.address", "expected a host and port like \"broker:1883\""));
    };
    let host = host.to_owned();
    Ok(MqttConfig::External(ExternalSettings { host, port, client_id, username, password }))
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn duration(default_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(default_ms).unwrap_or(0))
}

fn health(reader: &mut Reader) -> Result<HealthPolicy, Flawed> {
    let mut policy = HealthPolicy::default();
    let hard_ms = policy.silence_ms.hard.unwrap_or_default();
    let suspect = reader.or_default("health.suspect_after", duration(policy.silence_ms.soft));
    let ineligible = reader.or_default("health.ineligible_after", duration(hard_ms));
    let lease = reader.or_default("health.lease", duration(policy.lease_ms));
    let beats = reader.or_default("health.good_beats_to_return", policy.good_beats_to_return);
    let (suspect, ineligible) = (milliseconds(suspect?), milliseconds(ineligible?));
    if suspect >= ineligible {
        let why = format!("must be longer than health.suspect_after, which is {suspect} ms");
        return Err(reader.reject("health.ineligible_after", why));
    }
    policy.silence_ms.soft = suspect;
    policy.silence_ms.hard = Some(ineligible);
    policy.lease_ms = milliseconds(lease?);
    policy.good_beats_to_return = beats?;
    match policy.faults().first() {
        Some(fault) => Err(reader.reject("health", format!("{}: {}", fault.at, fault.what))),
        None => Ok(policy),
    }
}

/// What makes the observer doubt its own ear: of central as a whole, in no tenant's policy.
fn observer(reader: &mut Reader) -> Result<ObserverPolicy, Flawed> {
    let usual = ObserverPolicy::default();
    let percent = reader.or_default("health.freeze_percent", usual.freeze_percent);
    let stores = reader.or_default("health.freeze_stores", usual.freeze_stores);
    let window = reader.or_default("health.freeze_window", duration(usual.freeze_window_ms));
    let (freeze_percent, freeze_stores) = (percent?, stores?);
    let policy =
        ObserverPolicy { freeze_percent, freeze_stores, freeze_window_ms: milliseconds(window?), ..usual };
    match policy.faults().first() {
        Some(fault) => Err(reader.reject("health", format!("{}: {}", fault.at, fault.what))),
        None => Ok(policy),
    }
}

fn failover(reader: &mut Reader) -> Result<FailoverPolicy, Flawed> {
    let usual = Pace::default();
    let all = reader.or_default("failover.moves_per_minute", usual.moves_per_minute);
    let each = reader.or_default("failover.moves_per_store_per_minute", usual.moves_per_store_per_minute);
    let pace = Pace { moves_per_minute: all?, moves_per_store_per_minute: each? };
    let policy = FailoverPolicy { pace, ..FailoverPolicy::default() };
    match policy.faults().into_iter().next() {
        None => Ok(policy),
        Some(fault) => {
            let key = fault.at.replace("pace.", "failover.");
            Err(reader.reject(&key, fault.what))
        }
    }
}

fn routing(reader: &mut Reader) -> Result<RoutingPolicy, Flawed> {
    let mut policy = RoutingPolicy::default();
    let mut radii = Vec::new();
    for rung in policy.ladder.iter().filter(|rung| rung.radius_km.is_some()) {
        let key = format!("routing.{}_km", rung.name);
        radii.push((rung.name.clone(), reader.optional::<f64>(&key)));
    }
    let splits = reader.or_default("routing.splits_max", policy.splits_max);
    let accept = reader.or_default("offers.accept_within", duration(policy.accept_within_ms));
    let cancels = reader.or_default("cancels.answer_within", duration(policy.cancel_answer_within_ms));
    for (name, radius) in radii {
        let Some(radius) = radius? else { continue };
        let key = format!("routing.{name}_km");
        if radius <= 0.0 {
            return Err(reader.reject(&key, "must be more than 0"));
        }
        policy
            .ladder
            .iter_mut()
            .filter(|rung| rung.name == name)
            .for_each(|rung| rung.radius_km = Some(radius));
    }
    policy.splits_max = splits?;
    policy.accept_within_ms = milliseconds(accept?);
    policy.cancel_answer_within_ms = milliseconds(cancels?);
    Ok(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, env: &[(&str, &str)]) -> Result<CentralConfig, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        CentralConfig::load(Some(file.path()), env).map_err(|errors| errors.to_string())
    }

    #[test]
    fn nothing_configured_runs_on_loopback() {
        let config = load("", &[("HOME", "/home/x")]).unwrap();
        assert_eq!(config.http.listen, loopback(HTTP_PORT));
        assert_eq!(config.data_dir, PathBuf::from("/home/x/.local/share/holdfast/central"));
        assert!(matches!(config.mqtt, MqttConfig::Embedded { observer_password: None, .. }));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "[http]\nlistn = \"127.0.0.1:1\"\n[health]\nsuspect_after = \"1 parsec\"\n";
        let told = load(text, &[("HOLDFAST_CENTRAL_ROUTING_SPLITS_MAX", "many")]).unwrap_err();
        for part in ["http.listen", "suspect_after", "HOLDFAST_CENTRAL_ROUTING_SPLITS_MAX"] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
    }

    #[test]
    fn listening_beyond_loopback_is_said_twice() {
        let told = load("[http]\nlisten = \"0.0.0.0:7700\"\n", &[]).unwrap_err();
        assert!(told.contains("http.allow_beyond_loopback"), "{told}");
        let text = "[http]\nlisten = \"0.0.0.0:7700\"\nallow_beyond_loopback = true\n";
        assert!(load(text, &[]).is_ok());
    }

    #[test]
    fn an_external_broker_is_named_with_host_and_port() {
        let config = load("[mqtt.external]\naddress = \"broker.example:1883\"\n", &[]).unwrap();
        assert!(matches!(config.mqtt, MqttConfig::External(ExternalSettings { port: 1883, .. })));
        assert!(load("[mqtt.external]\naddress = \"broker\"\n", &[]).is_err());
    }

    #[test]
    fn facts_are_kept_for_as_long_as_what_could_bring_them_back() {
        let told = load("[retention]\narchive_days = 90\nfact_days = 30\n", &[]).unwrap_err();
        assert!(told.contains("retention.fact_days"), "{told}");
        let config = load("[retention]\narchive_days = 2\nfact_days = 3\n", &[]).unwrap();
        assert_eq!(config.retention.facts_ms / config.retention.archives_ms, 1);
    }

    #[test]
    fn a_health_policy_that_cannot_be_meant_is_refused() {
        let told = load("[health]\ngood_beats_to_return = 0\n", &[]).unwrap_err();
        assert!(told.contains("good_beats_to_return: is 0: expected 1 to 1000"), "{told}");
    }

    #[test]
    fn work_moves_at_a_pace_that_can_be_meant() {
        let told = load("[failover]\nmoves_per_minute = 10\n", &[]).unwrap_err();
        assert!(told.contains("failover.moves_per_store_per_minute"), "{told}");
        let text = "[failover]\nmoves_per_minute = 10\nmoves_per_store_per_minute = 5\n";
        assert_eq!(load(text, &[]).unwrap().failover.pace.moves_per_store_per_minute, 5);
    }

    #[test]
    fn a_store_is_suspect_before_it_is_ineligible() {
        let told = load("[health]\nsuspect_after = \"40s\"\n", &[]).unwrap_err();
        assert!(told.contains("health.ineligible_after"), "{told}");
    }
}
