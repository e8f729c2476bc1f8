//! The words of the command line.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use holdfast::client::{CentralClient, http};
use holdfast::consumers::ConsumersCommand;
use holdfast::demo;
use holdfast::exceptions::ExceptionsCommand;
use holdfast::kpis::KpisAsked;
use holdfast::policy::PolicyCommand;
use holdfast::reconcile::ReconcileCommand;
use holdfast::replay::ReplayAsked;
use holdfast::returns::ReturnsCommand;
use holdfast::rollback::RollbackCommand;
use holdfast::search::{OrdersAsked, TimelineAsked};
use holdfast::shadow::ShadowCommand;
use holdfast::trace::TraceAsked;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Parser)]
#[command(
    name = "holdfast",
    version,
    about = "Keeps a chain of stores fulfilling orders when the network does not hold"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a small chain on this machine and watch it work
    Demo {
        /// Run a script instead of the live view; without a terminal there is only the script
        #[arg(long)]
        script: Option<Script>,
        /// How long the script runs before everything must come to rest
        #[arg(long = "for", default_value = "60s", value_parser = seconds)]
        length: Duration,
        /// Print the summary as one JSON object (a script always does)
        #[arg(long, requires = "script")]
        json: bool,
        /// Stores beside the distribution centre
        #[arg(long, default_value_t = demo::STORES_MIN, value_parser = stores_in_range)]
        stores: usize,
        /// The same seed makes the same customers and tills
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Keep databases and logs here instead of in a folder that goes away
        #[arg(long)]
        keep: Option<PathBuf>,
    },
    /// Every store with its standing and why
    Stores {
        #[command(flatten)]
        central: Central,
    },
    /// The newest orders, or those that are looked for
    Orders {
        #[command(flatten)]
        asked: Box<OrdersAsked>,
        #[command(flatten)]
        central: Central,
    },
    /// What happened to an order, as customer service, its customer or a store may read it
    Timeline {
        #[command(flatten)]
        asked: TimelineAsked,
        #[command(flatten)]
        central: Central,
    },
    /// One order: what it says and comes to, how far each line is, and what was changed
    Order {
        order: String,
        /// Its way instead: was it reserved, acknowledged, labelled, charged, with the tries of each step
        #[arg(long)]
        steps: bool,
        /// Print all that central tells as one JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        central: Central,
    },
    /// The parcels of an order: by which label each travels, and where it is
    Parcels {
        order: String,
        #[arg(long, help = "Print all that central tells as one JSON object")]
        json: bool,
        #[command(flatten)]
        central: Central,
    },
    /// What happened to an order, and why each decision fell as it did
    Explain {
        order: String,
        /// What another version of the policy would have made of it; 0 is what was built in
        #[arg(long, value_name = "VERSION")]
        policy: Option<u32>,
        /// Print all that central tells as one JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        central: Central,
    },
    /// One trace from the storefront to the hand-over and back, as it is on record
    Trace {
        #[command(flatten)]
        asked: TraceAsked,
        #[command(flatten)]
        central: Central,
    },
    /// Take work back from a store, whatever was released: on record as an exception
    TakeBack {
        task: String,
        /// Why a person overrides the release
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        central: Central,
    },
    /// What would move if stores went dark; with --live they are declared dark for a while
    Drill {
        #[arg(required = true)]
        stores: Vec<String>,
        /// Declare the stores dark, so that their work really moves; released goods and pickups stay
        #[arg(long, requires = "reason")]
        live: bool,
        /// Why; on record
        #[arg(long)]
        reason: Option<String>,
        /// When a live drill ends by itself, like 2027-01-31T14:00:00Z; a quarter of an hour from now
        /// when it is left out
        #[arg(long, requires = "live")]
        until: Option<String>,
        #[command(flatten)]
        central: Central,
    },
    /// What a drill amounted to; with --end it is ended first
    DrillReport {
        drill: String,
        #[arg(long)]
        end: bool,
        #[command(flatten)]
        central: Central,
    },
    /// Recorded orders under another policy, with a score beside what is in force
    Replay {
        #[command(flatten)]
        asked: ReplayAsked,
        #[command(flatten)]
        central: Central,
    },
    /// How routing does: the best node's share, splits, reroutes, what was not there, promises, waits
    Kpis {
        #[command(flatten)]
        asked: KpisAsked,
        #[command(flatten)]
        central: Central,
    },
    /// How orders go from state to state: how many, how long they stand, where they are set back, what is late
    Flow {
        /// A day like 2026-11-01, in UTC; 7 days up to the last when left out
        #[arg(long)]
        from: Option<String>,
        #[arg(long)]
        to: Option<String>,
        #[arg(long, default_value = "channel", value_parser = ["channel", "kind", "source"])]
        by: String,
        #[command(flatten)]
        central: Central,
    },
    /// What a person must look at: the queue, one of it, and what is done about it
    Exceptions {
        #[command(subcommand)]
        command: Option<ExceptionsCommand>,
        #[command(flatten)]
        central: MaybeCentral,
    },
    /// Whether the books agree: the report of a day, findings, and a look now
    Reconcile {
        #[command(subcommand)]
        command: ReconcileCommand,
        #[command(flatten)]
        central: MaybeCentral,
    },
    /// What steers routing, in versions: written, checked, approved by a second person, begun, taken back
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
        #[command(flatten)]
        central: MaybeCentral,
    },
    /// What a launch needs, checked line by line; it ends with 1 when something is missing
    Preflight {
        /// Print all that central tells as one JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        central: Central,
    },
    /// Whether counts, statuses, cancellations, notifications and exceptions add up since a launch
    Postlaunch {
        /// Days back from now, 1 to 30
        #[arg(long, default_value_t = 7)]
        days: u32,
        /// Print all that central tells as one JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        central: Central,
    },
    /// The way back from a policy: its plan as it stands, taking it, how the books stand since
    Rollback {
        #[command(subcommand)]
        command: RollbackCommand,
        #[command(flatten)]
        central: MaybeCentral,
    },
    /// What a version that decides nothing, or another system, would have decided; and what differs
    Shadow {
        #[command(subcommand)]
        command: ShadowCommand,
        #[command(flatten)]
        central: MaybeCentral,
    },
    /// Those who are sent events: registered, watched, replayed, helped
    Consumers {
        #[command(subcommand)]
        command: ConsumersCommand,
        #[command(flatten)]
        central: MaybeCentral,
    },
    /// Goods that come back: listed, shown, decided upon
    Returns {
        #[command(subcommand)]
        command: ReturnsCommand,
        #[command(flatten)]
        central: MaybeCentral,
    },
    /// One store's agent, as the demo starts it
    #[command(hide = true, disable_help_flag = true)]
    DemoAgent {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Script {
    /// Two stores lose their uplink, one agent is killed, then all is restored
    Outage,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Central {
    /// Where central is
    #[arg(long, env = "HOLDFAST_CENTRAL_URL", default_value = "http://127.0.0.1:7700")]
    url: String,
    /// An API key
    #[arg(long, env = "HOLDFAST_API_KEY", hide_env_values = true)]
    key: String,
}

impl Central {
    pub(crate) fn client(&self) -> Result<CentralClient> {
        Ok(CentralClient::new(http()?, &self.url, &self.key))
    }
}

/// As [`Central`], for commands of which some ask nobody.
#[derive(Debug, clap::Args)]
pub(crate) struct MaybeCentral {
    /// Where central is
    #[arg(long, env = "HOLDFAST_CENTRAL_URL", default_value = "http://127.0.0.1:7700", global = true)]
    url: String,
    /// An API key
    #[arg(long, env = "HOLDFAST_API_KEY", hide_env_values = true, global = true)]
    key: Option<String>,
}

impl MaybeCentral {
    pub(crate) fn client(self) -> Result<CentralClient> {
        let key = self.key.context("this asks central, and needs an API key: --key, or HOLDFAST_API_KEY")?;
        Central { url: self.url, key }.client()
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.strip_suffix('s').unwrap_or(text);
    let seconds: u64 = number.parse().map_err(|_| format!("{text:?} is not a time; write 60s"))?;
    if (20..=3_600).contains(&seconds) {
        Ok(Duration::from_secs(seconds))
    } else {
        Err("between 20s and 3600s".into())
    }
}

fn stores_in_range(text: &str) -> Result<usize, String> {
    let range = demo::STORES_MIN..=demo::STORES_MAX;
    text.parse()
        .ok()
        .filter(|count| range.contains(count))
        .ok_or_else(|| format!("between {} and {}", range.start(), range.end()))
}
