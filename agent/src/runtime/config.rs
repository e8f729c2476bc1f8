//! Every setting of the agent, with its default. All mistakes of a file are told at once.

use holdfast_platform::config::{ConfigErrors, Flawed, Reader};
use holdfast_platform::service::Lifetime;
use holdfast_platform::telemetry;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the packaged agent's file is.
pub const SYSTEM_FILE: &str = "/etc/holdfast/agent.toml";
/// Where central is on a machine that runs everything.
pub const CENTRAL_URL: &str = "http://127.0.0.1:7700";
pub const ENV_PREFIX: &str = "HOLDFAST_AGENT";

#[derive(Debug, Clone)]
pub struct AgentConfig {
    pub data_dir: PathBuf,
    /// What is logged, in the form of `tracing`'s filter.
    pub log: String,
    /// Where tills and handhelds reach the agent.
    pub lan_listen: SocketAddr,
    /// Whether others than this machine may reach it. Every change needs a paired device either
    /// way, but the traffic is not encrypted: it is for the store's own network.
    pub lan_allow_beyond_loopback: bool,
    /// Where central is; absent, where this agent was enrolled.
    pub central_url: Option<String>,
    pub sync_every: Duration,
    pub heartbeat_every: Duration,
    /// Who is told of traces.
    pub traces: Option<telemetry::Settings>,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            data_dir: default_data_dir(|name| std::env::var_os(name).map(PathBuf::from)),
            log: "info,refinery_core=warn".to_owned(),
            lan_listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7600),
            lan_allow_beyond_loopback: false,
            central_url: None,
            sync_every: Duration::from_secs(5),
            heartbeat_every: Duration::from_secs(5),
            traces: None,
        }
    }
}

/// Under systemd its own directory, else the user's.
fn default_data_dir(var: impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    if let Some(dir) = var("STATE_DIRECTORY") {
        return dir;
    }
    let share = var("XDG_DATA_HOME").filter(|dir| dir.is_absolute());
    let share = share.or_else(|| var("HOME").map(|home| home.join(".local/share")));
    share.unwrap_or_else(|| PathBuf::from("/var/lib")).join("holdfast/agent")
}

impl AgentConfig {
    /// From a file, if there is one, and the environment. A named file must exist; the system's
    /// own need not.
    pub fn load(
        named: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let system = Path::new(SYSTEM_FILE);
        let file = named.or_else(|| system.exists().then_some(system));
        Self::read(Reader::load(file, ENV_PREFIX, env))
    }

    fn read(mut from: Reader) -> Result<Self, ConfigErrors> {
        let usual = Self::default();
        let data_dir = from.or_default("data_dir", usual.data_dir);
        let log = from.or_default("log", usual.log);
        let listen = from.or_default("lan.listen", usual.lan_listen);
        let beyond = from.or_default("lan.allow_beyond_loopback", usual.lan_allow_beyond_loopback);
        let central = from.optional::<String>("central.url");
        let sync_every = from.or_default("sync.every", usual.sync_every);
        let heartbeat_every = from.or_default("heartbeat.every", usual.heartbeat_every);
        let traces = telemetry::read(&mut from, "holdfast-agent");

        let mut wrong: Option<Flawed> = None;
        if let (Ok(listen), Ok(false)) = (&listen, &beyond)
            && !listen.ip().is_loopback()
        {
            let why = format!(
                "{listen} can be reached from other machines. Set lan.allow_beyond_loopback = true if that is \
                 meant; devices still have to be paired, and the network should be the store's own"
            );
            wrong = Some(from.reject("lan.listen", why));
        }
        if let Ok(Some(url)) = &central
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            wrong =
                Some(from.reject("central.url", format!("{url:?} does not begin with http:// or https://")));
        }
        for (key, every) in [("sync.every", &sync_every), ("heartbeat.every", &heartbeat_every)] {
            if let Ok(every) = every
                && !(Duration::from_millis(100)..=Duration::from_secs(3600)).contains(every)
            {
                wrong = Some(from.reject(key, "expected between 100ms and 1h"));
            }
        }
        from.finish()?;
        if let Some(flawed) = wrong {
            return Err(flawed.into());
        }
        Ok(Self {
            data_dir: data_dir?,
            log: log?,
            lan_listen: listen?,
            lan_allow_beyond_loopback: beyond?,
            central_url: central?,
            sync_every: sync_every?,
            heartbeat_every: heartbeat_every?,
            traces: traces?,
        })
    }

    /// Spans go to the collector from now on, where one is configured.
    pub(super) fn tell_collector(&self, life: &Lifetime) -> Result<(), telemetry::StartError> {
        if let Some(collector) = self.traces.as_ref().map(telemetry::Sender::start).transpose()?.flatten() {
            life.spawn("collector", collector.run(life.token()));
        }
        Ok(())
    }

    /// The file as it would stand, for `config check`.
    #[must_use]
    pub fn shown(&self) -> String {
        let central = match &self.central_url {
            Some(url) => format!("url = {url:?}"),
            None => "# url is where this agent was enrolled".to_owned(),
        };
        format!(
            "data_dir = {:?}\nlog = {:?}\n\n[lan]\nlisten = \"{}\"\nallow_beyond_loopback = {}\n\n\
             [central]\n{central}\n\n[sync]\nevery = \"{}ms\"\n\n[heartbeat]\nevery = \"{}ms\"\n\n{}",
            self.data_dir,
            self.log,
            self.lan_listen,
            self.lan_allow_beyond_loopback,
            self.sync_every.as_millis(),
            self.heartbeat_every.as_millis(),
            telemetry::shown(self.traces.as_ref()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str) -> Result<AgentConfig, ConfigErrors> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.toml");
        std::fs::write(&path, file).unwrap();
        AgentConfig::load(Some(&path), [])
    }

    #[test]
    fn nothing_needs_to_be_configured() {
        let config = load("").unwrap();
        assert_eq!(config.shown(), AgentConfig::default().shown());
        assert!(config.lan_listen.ip().is_loopback());
    }

    #[test]
    fn what_is_shown_reads_back_as_the_same() {
        let config = load("data_dir = \"/srv/hf\"\n[sync]\nevery = \"2s\"\n").unwrap();
        assert_eq!(load(&config.shown()).unwrap().shown(), config.shown());
    }

    #[test]
    fn other_machines_are_let_in_only_on_purpose() {
        let told = load("[lan]\nlisten = \"0.0.0.0:7600\"\n").unwrap_err().to_string();
        assert!(told.contains("allow_beyond_loopback"), "{told}");
        let open = load("[lan]\nlisten = \"0.0.0.0:7600\"\nallow_beyond_loopback = true\n").unwrap();
        assert!(!open.lan_listen.ip().is_loopback());
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let file = "[lan]\nlisten = \"everywhere\"\n[central]\nurl = \"central\"\n[sync]\nevry = \"5s\"\n";
        let told = load(file).unwrap_err().to_string();
        for part in ["lan.listen", "http://", "did you mean sync.every"] {
            assert!(told.contains(part), "{part} is missing in:\n{told}");
        }
    }

    #[test]
    fn systemd_says_where_data_belongs() {
        let systemd =
            |name: &str| (name == "STATE_DIRECTORY").then(|| PathBuf::from("/var/lib/holdfast-agent"));
        assert_eq!(default_data_dir(systemd), Path::new("/var/lib/holdfast-agent"));
        let user = |name: &str| (name == "HOME").then(|| PathBuf::from("/home/kim"));
        assert_eq!(default_data_dir(user), Path::new("/home/kim/.local/share/holdfast/agent"));
    }
}
