//! One child process: started, asked to stop, or killed as a power cut would.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How to run one of the two services: its own binary, or this binary under a subcommand.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    leading: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Program {
    #[must_use]
    pub fn own_subcommand(path: PathBuf, subcommand: &str) -> Self {
        Self { path, leading: vec![subcommand.to_owned()], environment: Vec::new() }
    }

    /// With these variables beside ours.
    #[must_use]
    pub fn with(mut self, environment: Vec<(String, String)>) -> Self {
        self.environment = environment;
        self
    }

    /// A binary of the workspace, which cargo puts beside the running one, or beside its folder
    /// when that is a test.
    pub fn beside_this(name: &str) -> Result<Self> {
        let this = std::env::current_exe().context("the running program has no path")?;
        let path = this
            .ancestors()
            .skip(1)
            .take(2)
            .map(|folder| folder.join(name))
            .find(|candidate| candidate.is_file())
            .with_context(|| {
                format!(
                    "{name} is not built; run: cargo build --workspace --bins, with --release for a bench"
                )
            })?;
        Ok(Self { path, leading: Vec::new(), environment: Vec::new() })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.leading).envs(self.environment.iter().cloned());
        command
    }
}

/// Killed when dropped: nothing outlives the demo or a test.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it with its output appended to `log`. Its standard input stays open as long as we
    /// live, so that a child can notice our end.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let out = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::piped())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("{name} does not start"))?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned() })
    }

    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// As a power cut would: no goodbye, nothing flushed.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// As an operator would: SIGTERM, then its own drain.
    pub async fn stop(&mut self, within: Duration) -> Result<ExitStatus> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM)?;
        self.ended(within).await
    }

    /// Its exit status, once it ends by itself.
    pub async fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        let ended = tokio::time::timeout(within, async {
            loop {
                looks.tick().await;
                if let Some(status) = self.child.try_wait()? {
                    return Ok::<_, std::io::Error>(status);
                }
            }
        });
        match ended.await {
            Ok(status) => Ok(status?),
            Err(_) => bail!("{} did not end within {within:?}; see {}", self.name, self.log.display()),
        }
    }

    /// Waits until `GET {url}` answers 200, or says what the process printed instead.
    pub async fn answers(&mut self, http: &reqwest::Client, url: &str, within: Duration) -> Result<()> {
        let mut tries = tokio::time::interval(Duration::from_millis(20));
        let up = tokio::time::timeout(within, async {
            loop {
                tries.tick().await;
                if let Some(status) = self.child.try_wait()? {
                    bail!("{} ended with {status}:\n{}", self.name, self.last_words());
                }
                let answer = http.get(url).timeout(Duration::from_secs(2)).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return Ok(());
                }
            }
        });
        match up.await {
            Ok(result) => result,
            Err(_) => bail!("{} does not answer at {url}:\n{}", self.name, self.last_words()),
        }
    }

    /// The end of what it wrote.
    #[must_use]
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(20);
        lines.get(from..).unwrap_or_default().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; there is nobody left to tell.
        let _ = self.kill();
    }
}
