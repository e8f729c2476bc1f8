//! `holdfast-agent`: runs the agent, and helps the person in front of it.
//!
//! [`main_from`] is the whole program, so that another binary can be an agent too. Nothing here
//! leaves the process by itself: what happened is the exit code.

mod device;
mod doctor;
mod enrol;
mod import;
mod local;
mod page;
mod status;

use crate::adapters::http::FileFormat;
use crate::ports::ledger::Role;
use crate::runtime::{AgentConfig, Ended, start};
use clap::{Args, Parser, Subcommand, ValueEnum};
use holdfast_platform::service::{LogFormat, Signals, init_log};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Asked for what cannot be, or the configuration is wrong.
const WRONG: u8 = 2;

/// Two for reading the ledger, one for names of the network, one for asking the machine. Each costs
/// memory of its own.
const BLOCKING_THREADS_MAX: usize = 4;

#[derive(Debug, Parser)]
#[command(name = "holdfast-agent", version, about = "The store agent of Holdfast")]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct Place {
    /// The configuration file; /etc/holdfast/agent.toml when it exists.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory, instead of the configured one.
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the agent (the default).
    Run {
        /// Write the log as JSON lines.
        #[arg(long)]
        log_json: bool,
    },
    /// Get this agent its identity at central, with a one-time code.
    #[command(visible_alias = "enrol")]
    Enroll {
        #[arg(long, value_name = "URL")]
        central: String,
        #[arg(long)]
        code: String,
        /// What people call this box.
        #[arg(long)]
        name: Option<String>,
        /// Of a box that is kept apart: enrol although central has not all of its records.
        #[arg(long)]
        leave_unsent: bool,
    },
    /// Make a one-time code to pair a till or a handheld.
    Pair {
        #[arg(long, value_enum)]
        role: RoleArg,
        /// A name to suggest to whoever pairs.
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Import a catalogue with opening stock: the whole file or nothing.
    Import {
        file: PathBuf,
        /// From the file's name when absent.
        #[arg(long, value_enum)]
        format: Option<FormatArg>,
    },
    /// What works and what does not.
    Status {
        #[arg(long)]
        json: bool,
    },
    /// Examine everything that the agent needs, and say what to do.
    Doctor {
        #[arg(long)]
        json: bool,
    },
    /// Print the OpenAPI document of the LAN API.
    Openapi,
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Say every mistake, or show what holds.
    Check,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleArg {
    Pos,
    Picker,
    Manager,
    Tech,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Pos => Self::Pos,
            RoleArg::Picker => Self::Picker,
            RoleArg::Manager => Self::Manager,
            RoleArg::Tech => Self::Tech,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArg {
    Csv,
    Jsonl,
}

impl From<FormatArg> for FileFormat {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Csv => Self::Csv,
            FormatArg::Jsonl => Self::Jsonl,
        }
    }
}

/// Does what the arguments say; the first is the program's name.
pub fn main_from<I>(args: I) -> ExitCode
where
    I: IntoIterator,
    I::Item: Into<OsString> + Clone,
{
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(told) => {
            // A closed terminal is no reason to fail at help.
            let _unheard = told.print();
            return ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(WRONG));
        }
    };
    match carry_out(cli) {
        Ok(code) => code,
        Err(error) => {
            page::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn carry_out(cli: Cli) -> anyhow::Result<ExitCode> {
    if matches!(cli.command, Some(Command::Openapi)) {
        page::say(crate::adapters::http::openapi_text().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = match AgentConfig::load(cli.place.config.as_deref(), env) {
        Ok(config) => config,
        Err(mistakes) => {
            page::complain(&format!("the configuration is wrong:\n{mistakes}"));
            return Ok(ExitCode::from(WRONG));
        }
    };
    let config = match cli.place.data_dir {
        Some(data_dir) => AgentConfig { data_dir, ..config },
        None => config,
    };
    match cli.command {
        None => run(&config, LogFormat::Text),
        Some(Command::Run { log_json }) => {
            run(&config, if log_json { LogFormat::Json } else { LogFormat::Text })
        }
        Some(Command::Enroll { central, code, name, leave_unsent }) => {
            asked(enrol::enrol(&config, central, code, name, leave_unsent))
        }
        Some(Command::Pair { role, name, json }) => {
            asked(device::pair(&config, role.into(), name.as_deref(), json))
        }
        Some(Command::Import { file, format }) => {
            asked(import::import(&config, &file, format.map(FileFormat::from)))
        }
        Some(Command::Status { json }) => asked(status::status(&config, json)),
        Some(Command::Doctor { json }) => asked(doctor::doctor(&config, json)),
        Some(Command::Openapi) => Ok(ExitCode::SUCCESS),
        Some(Command::Config(ConfigCommand::Check)) => {
            page::say(config.shown().trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Runs the agent until it is told to stop. After an enrolment it starts anew by itself.
fn run(config: &AgentConfig, format: LogFormat) -> anyhow::Result<ExitCode> {
    init_log(format, &config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_name("holdfast-agent")
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        loop {
            let running = start(config.clone()).await?;
            match running.join_until(signals.asked()).await? {
                Ended::Stopped => return Ok(ExitCode::SUCCESS),
                Ended::Enrolled => tracing::info!("enrolled: starting anew"),
                Ended::Damaged => tracing::warn!("starting anew with what is sound of the database"),
            }
        }
    })
}

/// A short command: one thread is enough.
fn asked(command: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_says_what_it_does() {
        let cli = Cli::command();
        cli.clone().debug_assert();
        assert!(cli.get_subcommands().all(|command| command.get_about().is_some()));
    }

    #[test]
    fn without_a_command_it_runs() {
        let cli = Cli::try_parse_from(["holdfast-agent", "--data-dir", "/tmp/x"]).unwrap();
        assert!(cli.command.is_none() && cli.place.data_dir.is_some());
        assert!(Cli::try_parse_from(["holdfast-agent", "pair", "--role", "king"]).is_err());
    }
}
