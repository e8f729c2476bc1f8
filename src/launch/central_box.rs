//! Central as a real process, for tests that kill it and for trying it by hand.

use super::store_box::CentralAddresses;
use super::{Process, Program, free_port};
use crate::client::CentralClient;
use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

const START_WITHIN: Duration = Duration::from_secs(30);
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// Which broker carries the signals.
#[derive(Debug, Clone)]
pub enum Broker {
    /// Lines to append to its table.
    Embedded { extra: String },
    /// Central logs in there as `central`.
    External { address: SocketAddr, password: String },
}

#[derive(Debug)]
pub struct CentralBox {
    program: Program,
    folder: PathBuf,
    addresses: CentralAddresses,
    process: Option<Process>,
    http: reqwest::Client,
}

impl CentralBox {
    /// Writes its configuration; `extra` is appended to it. Does not start it.
    pub fn set_up(program: Program, folder: &Path, broker: &Broker, extra: &str) -> Result<Self> {
        let folder = folder.join("central");
        std::fs::create_dir_all(&folder)?;
        let (mqtt, mqtt_table) = match broker {
            Broker::Embedded { extra } => {
                let listen = free_port()?;
                (listen, format!("[mqtt]\nlisten = \"{listen}\"\n{extra}"))
            }
            Broker::External { address, password } => {
                let login =
                    format!("address = \"{address}\"\nusername = \"central\"\npassword = \"{password}\"\n");
                let table =
                    format!("[mqtt]\nadvertised = \":{}\"\n\n[mqtt.external]\n{login}", address.port());
                (*address, table)
            }
        };
        let addresses = CentralAddresses { http: free_port()?, mqtt };
        let config = format!(
            "data_dir = {:?}\n\n[http]\nlisten = \"{}\"\n\n{mqtt_table}\n{extra}",
            folder.join("data"),
            addresses.http,
        );
        std::fs::write(folder.join("central.toml"), config)?;
        Ok(Self { program, folder, addresses, process: None, http: crate::client::http()? })
    }

    pub async fn start(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "central runs already");
        let mut command = self.program.command();
        command.arg("--config").arg(self.folder.join("central.toml")).arg("run");
        let mut process = Process::start("central", command, &self.folder.join("central.log"))?;
        let url = format!("http://{}/healthz", self.addresses.http);
        process.answers(&self.http, &url, START_WITHIN).await?;
        self.process = Some(process);
        Ok(())
    }

    /// As a power cut would end it.
    pub fn crash(&mut self) -> Result<()> {
        self.process.take().context("central does not run")?.kill()
    }

    pub async fn stop(&mut self) -> Result<()> {
        let status = self.process.take().context("central does not run")?.stop(STOP_WITHIN).await?;
        ensure!(status.success(), "central ended with {status}");
        Ok(())
    }

    #[must_use]
    pub const fn addresses(&self) -> CentralAddresses {
        self.addresses
    }

    /// While it runs.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    #[must_use]
    pub fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// With the key that central made for its operator at its first start.
    pub fn client(&self) -> Result<CentralClient> {
        let key = std::fs::read_to_string(self.data_folder().join("admin.key"))?;
        Ok(CentralClient::new(self.http.clone(), &format!("http://{}", self.addresses.http), &key))
    }
}
