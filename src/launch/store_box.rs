//! A store's box: a real agent with its own data folder, LAN address and uplink.

use super::{Cable, Process, Program, free_port, own_loopback_address};
use crate::client::{CentralClient, LanClient};
use anyhow::{Context, Result, bail, ensure};
use holdfast_agent::ports::ledger::Role;
use holdfast_central::core::fleet::Store;
use holdfast_shared::ids::Sku;
use serde_json::json;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// Longer than any start on a loaded machine; a box that needs it is broken.
const START_WITHIN: Duration = Duration::from_secs(30);
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// As in packaging/agent/holdfast-agent.service, so that what is measured here is what is packaged.
const MEMORY: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "2"), ("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_TRIM_THRESHOLD_", "131072")];

/// Where a box finds central.
#[derive(Debug, Clone, Copy)]
pub struct CentralAddresses {
    pub http: SocketAddr,
    pub mqtt: SocketAddr,
}

/// Counts the boxes that this process has set up; the first address is its own.
static NEXT_BOX: AtomicU8 = AtomicU8::new(2);

#[derive(Debug)]
pub struct StoreBox {
    pub store: Store,
    program: Program,
    folder: PathBuf,
    lan: SocketAddr,
    uplink: [Cable; 2],
    process: Option<Process>,
    http: reqwest::Client,
}

impl StoreBox {
    /// Tells central of the store, enrols a new box, and fills its shelves. Does not start it.
    pub async fn set_up(
        program: Program,
        folder: &Path,
        store: Store,
        shelves: &[(Sku, String, i64)],
        central: &CentralClient,
        addresses: CentralAddresses,
    ) -> Result<Self> {
        let folder = folder.join(store.store.as_str());
        let this = Self::place(program, folder, store, addresses).await?;
        central.put_store(&this.store).await?;
        let code = central.enrolment_code(&this.store.store).await?;
        this.enroll(&code).await?;
        let mut file = String::from("sku,name,on_hand\n");
        for (sku, name, units) in shelves {
            writeln!(file, "{sku},\"{name}\",{units}")?;
        }
        std::fs::write(this.folder.join("shelves.csv"), file)?;
        let shelves = this.folder.join("shelves.csv");
        this.tell(&["import", &shelves.to_string_lossy()]).await?;
        Ok(this)
    }

    /// A box with an empty disk, and uplinks of its own.
    async fn place(
        program: Program,
        folder: PathBuf,
        store: Store,
        addresses: CentralAddresses,
    ) -> Result<Self> {
        std::fs::create_dir_all(&folder)?;
        // Central tells agents the broker's port alone, which they then expect where they reach
        // central: so both cables end at one address of this box's own.
        let near = own_loopback_address(NEXT_BOX.fetch_add(1, Ordering::Relaxed));
        let http_cable = Cable::plug((near, 0).into(), addresses.http).await?;
        let mqtt_cable = Cable::plug((near, addresses.mqtt.port()).into(), addresses.mqtt).await?;
        let lan = free_port()?;
        let config = format!("data_dir = {:?}\n\n[lan]\nlisten = \"{lan}\"\n", folder.join("data"));
        std::fs::write(folder.join("agent.toml"), config)?;
        let uplink = [http_cable, mqtt_cable];
        Ok(Self { store, program, folder, lan, uplink, process: None, http: crate::client::http()? })
    }

    /// A second box, made from an image of this one's disk: it has all of it, its identity too. This one
    /// must not run meanwhile, as nobody images a disk that is written to.
    pub async fn clone_box(&self, name: &str, addresses: CentralAddresses) -> Result<Self> {
        ensure!(!self.is_running(), "the agent of {} runs", self.store.store);
        let folder = self.folder.with_file_name(name);
        let copy = Self::place(self.program.clone(), folder, self.store.clone(), addresses).await?;
        // The identity names the cable of the first one.
        let mut config = File::options().append(true).open(copy.folder.join("agent.toml"))?;
        write!(config, "\n[central]\nurl = \"{}\"\n", copy.central_url())?;
        std::fs::create_dir_all(copy.data_folder())?;
        for entry in std::fs::read_dir(self.data_folder())? {
            let entry = entry?;
            std::fs::copy(entry.path(), copy.data_folder().join(entry.file_name()))?;
        }
        Ok(copy)
    }

    /// Trades a one-time code for an identity, whether the agent runs or not.
    pub async fn enroll(&self, code: &str) -> Result<String> {
        self.tell(&["enroll", "--central", &self.central_url(), "--code", code]).await
    }

    /// Where this box reaches central: its own end of its own cable.
    fn central_url(&self) -> String {
        let [http, _] = &self.uplink;
        format!("http://{}", http.address())
    }

    /// The address that central sees this box at.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        let [http, _] = &self.uplink;
        http.address().ip()
    }

    pub async fn start(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "the agent of {} runs already", self.store.store);
        let mut command = self.program.command();
        command.envs(MEMORY).arg("--config").arg(self.folder.join("agent.toml")).arg("run");
        let name = format!("agent of {}", self.store.store);
        let mut process = Process::start(&name, command, &self.folder.join("agent.log"))?;
        process.answers(&self.http, &format!("{}/healthz", self.lan_url()), START_WITHIN).await?;
        self.process = Some(process);
        Ok(())
    }

    /// As a power cut would end it.
    pub fn crash(&mut self) -> Result<()> {
        self.process.take().context("the agent does not run")?.kill()
    }

    pub async fn stop(&mut self) -> Result<()> {
        let status = self.process.take().context("the agent does not run")?.stop(STOP_WITHIN).await?;
        ensure!(status.success(), "the agent of {} ended with {status}", self.store.store);
        Ok(())
    }

    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.process.is_some()
    }

    pub fn cut_uplink(&self) {
        self.uplink.iter().for_each(Cable::pull);
    }

    pub fn restore_uplink(&self) {
        self.uplink.iter().for_each(Cable::put_back);
    }

    #[must_use]
    pub fn uplink_is_cut(&self) -> bool {
        self.uplink.iter().any(|cable| !cable.is_plugged())
    }

    #[must_use]
    pub fn lan_url(&self) -> String {
        format!("http://{}", self.lan)
    }

    #[must_use]
    pub fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// A code with which one more device pairs in that role.
    pub async fn pairing_code(&self, role: Role) -> Result<String> {
        let token = std::fs::read_to_string(self.data_folder().join("admin.token"))?;
        let request = self.http.post(format!("{}/v1/pairings", self.lan_url())).bearer_auth(token.trim());
        let answer = crate::client::json(request.json(&json!({ "role": role })).send().await?).await?;
        let code = answer.get("code").and_then(serde_json::Value::as_str);
        Ok(code.context("the answer holds no code")?.to_owned())
    }

    /// Pairs a device as its person would, with a code from the store's manager.
    pub async fn pair(&self, role: Role, name: &str) -> Result<LanClient> {
        let code = self.pairing_code(role).await?;
        LanClient::pair(self.http.clone(), &self.lan_url(), &code, name).await
    }

    /// Runs one command of the agent's own command line, to its end.
    pub async fn tell(&self, arguments: &[&str]) -> Result<String> {
        let mut command = tokio::process::Command::from(self.program.command());
        command.arg("--config").arg(self.folder.join("agent.toml")).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        // Open until it has ended: a child whose input closes takes that for our end.
        let _input = child.stdin.take();
        let done = child.wait_with_output().await?;
        let out = String::from_utf8_lossy(&done.stdout).into_owned();
        if !done.status.success() {
            let told = String::from_utf8_lossy(&done.stderr);
            bail!("{} at {} failed: {out}{told}", arguments.join(" "), self.store.store);
        }
        Ok(out)
    }
}
