//! A real NATS server with JetStream, on a free port, that keeps its streams over a restart.

use anyhow::{Context, Result, bail};
use holdfast::launch::{Process, free_port};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::net::TcpStream;

/// Debian puts it where only root's path looks.
const SERVERS: [&str; 3] = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];

#[derive(Debug)]
pub struct Nats {
    pub address: SocketAddr,
    folder: PathBuf,
    process: Option<Process>,
}

impl Nats {
    pub async fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("nats");
        std::fs::create_dir_all(&folder)?;
        let mut this = Self { address: free_port()?, folder, process: None };
        this.again().await?;
        Ok(this)
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    pub fn kill(&mut self) -> Result<()> {
        self.process.take().context("nats-server does not run")?.kill()
    }

    /// Starts it where it was before.
    pub async fn again(&mut self) -> Result<()> {
        let server = SERVERS.iter().find(|path| Path::new(path).is_file());
        let server = server.context("nats-server is not installed; tests/run installs it where it can")?;
        let mut command = Command::new(server);
        command.args([
            "-a",
            &self.address.ip().to_string(),
            "-p",
            &self.address.port().to_string(),
            "-js",
            "-sd",
        ]);
        command.arg(self.folder.join("streams"));
        self.process = Some(Process::start("nats-server", command, &self.folder.join("nats.log"))?);
        let mut tries = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..500 {
            tries.tick().await;
            if TcpStream::connect(self.address).await.is_ok() {
                return Ok(());
            }
        }
        let words = self.process.as_ref().map(Process::last_words).unwrap_or_default();
        bail!("nats-server does not listen: {words}")
    }
}
