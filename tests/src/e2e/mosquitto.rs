//! A real Mosquitto, with a password and an access list for each agent, on a free port.

use anyhow::{Context, Result, bail, ensure};
use holdfast::launch::{Process, free_port};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;

/// Debian puts the broker where only root's path looks.
const BROKERS: [&str; 3] = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"];

#[derive(Debug)]
pub struct Mosquitto {
    pub address: SocketAddr,
    folder: PathBuf,
    users: Vec<(String, String, String)>,
    lets_all_in: bool,
    process: Option<Process>,
}

/// What a listener of ten thousand stores may have before it and not acknowledged, and what waits for it
/// there before the broker drops: by default 20 and 1,000.
const FLOCK_INFLIGHT_MAX: u32 = 10_000;
const FLOCK_QUEUED_MAX: u32 = 1_000_000;

impl Mosquitto {
    /// `users`: name, password, access list lines.
    pub fn set_up(folder: &Path) -> Result<Self> {
        let folder = folder.join("mosquitto");
        std::fs::create_dir_all(&folder)?;
        Ok(Self { address: free_port()?, folder, users: Vec::new(), lets_all_in: false, process: None })
    }

    /// For a flock: logins are not checked, as a password of each of thousands takes minutes to make.
    pub fn set_up_for_a_flock(folder: &Path) -> Result<Self> {
        Ok(Self { lets_all_in: true, ..Self::set_up(folder)? })
    }

    /// While it runs.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// As a power cut would end it.
    pub fn kill(&mut self) -> Result<()> {
        self.process.take().context("mosquitto does not run")?.kill()
    }

    /// A login and what it may do, as lines of Mosquitto's access list.
    pub fn allow(&mut self, user: &str, password: &str, access: &str) {
        self.users.push((user.to_owned(), password.to_owned(), access.to_owned()));
    }

    /// Starts, or starts anew with the users allowed by now.
    pub async fn start(&mut self) -> Result<()> {
        self.process = None;
        let broker = BROKERS.iter().find(|path| Path::new(path).is_file());
        let broker = broker.context("mosquitto is not installed; tests/run installs it where it can")?;
        let guarded = if self.lets_all_in {
            format!(
                "allow_anonymous true\nmax_inflight_messages {FLOCK_INFLIGHT_MAX}\nmax_queued_messages {FLOCK_QUEUED_MAX}\n"
            )
        } else {
            self.guards()?
        };
        let config = format!("listener {} {}\nuser root\n{guarded}", self.address.port(), self.address.ip());
        std::fs::write(self.folder.join("mosquitto.conf"), config)?;
        let mut command = Command::new(broker);
        command.arg("-c").arg(self.folder.join("mosquitto.conf")).stdout(Stdio::null());
        self.process = Some(Process::start("mosquitto", command, &self.folder.join("mosquitto.log"))?);
        self.listens().await
    }

    /// Writes passwords and the access list, and says where they are.
    fn guards(&self) -> Result<String> {
        let (passwords, access) = (self.folder.join("passwords"), self.folder.join("access"));
        std::fs::write(&passwords, "")?;
        let mut lines = String::new();
        for (user, password, may) in &self.users {
            let made =
                Command::new("mosquitto_passwd").arg("-b").arg(&passwords).args([user, password]).output()?;
            ensure!(made.status.success(), "mosquitto_passwd: {}", String::from_utf8_lossy(&made.stderr));
            writeln!(lines, "user {user}\n{may}\n")?;
        }
        std::fs::write(&access, lines)?;
        Ok(format!(
            "allow_anonymous false\npassword_file {}\nacl_file {}\n",
            passwords.display(),
            access.display(),
        ))
    }

    async fn listens(&mut self) -> Result<()> {
        let mut tries = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..500 {
            tries.tick().await;
            if TcpStream::connect(self.address).await.is_ok() {
                return Ok(());
            }
        }
        let words = self.process.as_ref().map(Process::last_words).unwrap_or_default();
        bail!("mosquitto does not listen: {words}")
    }
}

/// The first message that an ordinary MQTT client gets.
pub async fn subscribe_once(address: SocketAddr, user: &str, password: &str, topic: &str) -> Result<String> {
    let mut command = tokio::process::Command::new("mosquitto_sub");
    command.args(["-V", "5", "-C", "1", "-W", "30", "-h", &address.ip().to_string()]);
    command.args(["-p", &address.port().to_string(), "-u", user, "-P", password, "-t", topic]);
    let heard = command.stdin(Stdio::null()).output().await.context("mosquitto_sub is not installed")?;
    ensure!(heard.status.success(), "mosquitto_sub: {}", String::from_utf8_lossy(&heard.stderr));
    Ok(String::from_utf8(heard.stdout)?)
}
