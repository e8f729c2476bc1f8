//! The command line: runs central, or asks the one that runs on this machine, with the admin key
//! that it wrote into its data directory.

mod client;
mod schemas;

use crate::adapters::http;
use crate::ports::access::Scope;
use crate::runtime::{self, CentralConfig};
use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use client::{Client, word};
use holdfast_platform::service::{Signals, init_log};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where the package puts the settings.
const SYSTEM_FILE: &str = "/etc/holdfast/central.toml";

/// Coordinates a chain of stores: takes orders, keeps the stores' health, routes and moves work.
#[derive(Debug, Parser)]
#[command(name = "holdfast-central", version, about)]
struct Args {
    /// The settings; without it /etc/holdfast/central.toml if it is there, else defaults that run
    /// on this machine alone.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Where central keeps its database, instead of where the settings say.
    #[arg(long, global = true)]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until stopped. This is what happens without a command.
    Run,
    /// API keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Stores.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Print a one-time code with which an agent enrols for this store.
    EnrolCode { store: String },
    /// Write a copy of the database into a new file. Central may run.
    Backup { file: PathBuf },
    /// Say that the database was put back from a backup, when central could not find out by itself:
    /// after a restore of a whole machine. Central must be stopped.
    Restored,
    /// Make anew what only follows from the record: the sums of how orders flowed. Central must be stopped.
    Rebuild,
    /// Say what works and what does not.
    Status,
    /// Print the OpenAPI document.
    Openapi,
    /// Write the schemas of all events, and the AsyncAPI document, into a folder. What would break a reader of
    /// those that are there is refused.
    EventSchemas { folder: PathBuf },
    /// Settings.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Create a key, and print it this once.
    Create {
        #[arg(long)]
        name: String,
        /// orders_write, orders_read, fleet_read, fleet_write, support or admin; repeat for several.
        #[arg(long, required = true, value_parser = scope)]
        scope: Vec<Scope>,
        /// It sees this store and its orders alone.
        #[arg(long)]
        store: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Create stores, or change them, from a JSON file: one store, or a list of them.
    Put { file: PathBuf },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Read the settings and tell every mistake.
    Check,
}

fn scope(text: &str) -> Result<Scope, String> {
    let known = Scope::ALL.into_iter().find(|scope| scope.as_str() == text);
    known.ok_or_else(|| {
        let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("expected one of {}", all.join(", "))
    })
}

/// Runs the command line. Everything that goes wrong is one message on stderr.
pub fn main_from<I, T>(args: I) -> ExitCode
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers; the rest is a mistake of the caller.
            let code = if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
            return error.print().map_or(ExitCode::FAILURE, |()| code);
        }
    };
    match act(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when stderr is closed.
            let _told = writeln!(std::io::stderr(), "holdfast-central: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn act(args: Args) -> Result<()> {
    let command = args.command.unwrap_or(Command::Run);
    if matches!(command, Command::Openapi) {
        return say(&serde_json::to_string_pretty(&http::openapi())?);
    }
    if let Command::EventSchemas { folder } = &command {
        return schemas::write(folder);
    }
    let system = Path::new(SYSTEM_FILE);
    let file = args.config.as_deref().or_else(|| system.exists().then_some(system));
    let mut config = CentralConfig::load(file, std::env::vars()).context("the settings are not right")?;
    if let Some(data_dir) = args.data_dir {
        config.data_dir = data_dir;
    }
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        Command::Run => threads.block_on(run(config)),
        Command::Config(ConfigCommand::Check) => say("The settings are right."),
        Command::Openapi | Command::EventSchemas { .. } => Ok(()),
        Command::Key(KeyCommand::Create { name, scope, store }) => {
            threads.block_on(create_key(&config, &name, &scope, store.as_deref()))
        }
        Command::Store(StoreCommand::Put { file }) => threads.block_on(put_stores(&config, &file)),
        Command::EnrolCode { store } => threads.block_on(enrol_code(&config, &store)),
        Command::Backup { file } => {
            runtime::backup(&config, &file)?;
            say(&format!("The database is copied into {}.", file.display()))
        }
        Command::Restored => threads.block_on(restored(&config)),
        Command::Rebuild => {
            let steps = threads.block_on(runtime::rebuild(&config))?;
            say(&format!("The sums are made anew from {steps} steps of orders."))
        }
        Command::Status => threads.block_on(status(&config)),
    }
}

fn say(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}").context("stdout is closed")
}

async fn run(config: CentralConfig) -> Result<()> {
    init_log(config.log_format, &config.log)?;
    let directory = config.data_dir.display().to_string();
    let mut signals = Signals::listen()?;
    let running = runtime::start(config, None).await?;
    say(&format!(
        "Console  http://{}/console\nAdmin key is in {directory}/admin.key",
        running.http_address()
    ))?;
    Ok(running.join_until(signals.asked()).await?)
}

async fn create_key(config: &CentralConfig, name: &str, scopes: &[Scope], store: Option<&str>) -> Result<()> {
    let body = serde_json::json!({ "name": name, "scopes": scopes, "store": store });
    let made = Client::of(config)?.post("/v1/api-keys", &body).await?;
    say(word(&made, "/token").context("central's answer has no token")?)
}

async fn put_stores(config: &CentralConfig, file: &PathBuf) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    let stores = match value {
        serde_json::Value::Array(stores) => stores,
        one => vec![one],
    };
    let client = Client::of(config)?;
    for store in stores {
        let id = word(&store, "/store").context("each store has its id under \"store\"")?.to_owned();
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            bail!("{id:?} is not a store id");
        }
        client.put(&format!("/v1/stores/{id}"), &store).await?;
        say(&format!("{id} is stored"))?;
    }
    Ok(())
}

async fn enrol_code(config: &CentralConfig, store: &str) -> Result<()> {
    let offered =
        Client::of(config)?.post(&format!("/v1/stores/{store}/enrolments"), &serde_json::Value::Null).await?;
    say(word(&offered, "/code").context("central's answer has no code")?)
}

async fn restored(config: &CentralConfig) -> Result<()> {
    let incarnation = runtime::restored(config).await?;
    say(&format!(
        "Central works on as incarnation {incarnation}. Start it: open orders wait until every store has told \
         what it did. /console/recovery shows whom it waits for."
    ))
}

async fn status(config: &CentralConfig) -> Result<()> {
    let client = Client::of(config)?;
    let stores = client.get("/v1/stores").await?;
    let exceptions = client.get("/v1/exceptions").await?;
    let audit = client.get("/v1/audit").await?;
    say(&format!("Central answers on {}.", client.base()))?;
    for store in rows(&stores, "/stores") {
        let standing = word(store, "/eligibility/standing").unwrap_or("not evaluated yet");
        let why = word(store, "/eligibility/reasons/0/words");
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        say(&format!("  {}  {standing}{why}", word(store, "/store").unwrap_or_default()))?;
    }
    let open = rows(&exceptions, "/exceptions").len();
    say(&format!("{open} open exceptions on the first page."))?;
    let must_be_zero =
        ["double_shipped", "oversold", "reserved_mismatch", "orphaned_holds", "baseline_mismatch"];
    let zero = |name: &str| audit.get(name).and_then(serde_json::Value::as_u64) == Some(0);
    let broken: Vec<&str> = must_be_zero.into_iter().filter(|name| !zero(name)).collect();
    if broken.is_empty() {
        return say("The audit is clean: nothing double-shipped, oversold, mismatched or orphaned.");
    }
    bail!("the audit found {}: {audit}", broken.join(", "))
}

fn rows<'a>(value: &'a serde_json::Value, place: &str) -> &'a [serde_json::Value] {
    value.pointer(place).and_then(serde_json::Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_that_is_not_one_is_told_with_those_that_are() {
        for known in Scope::ALL {
            assert_eq!(scope(known.as_str()), Ok(known));
        }
        assert!(scope("root").unwrap_err().contains("orders_write, orders_read"));
    }

    #[test]
    fn without_a_command_it_serves() {
        let args = Args::try_parse_from(["holdfast-central", "--config", "c.toml"]).unwrap();
        assert!(args.command.is_none() && args.config.is_some());
        let made =
            Args::try_parse_from(["holdfast-central", "key", "create", "--name", "x", "--scope", "admin"]);
        assert!(
            matches!(made.unwrap().command, Some(Command::Key(KeyCommand::Create { scope, .. })) if scope == [Scope::Admin])
        );
    }
}
