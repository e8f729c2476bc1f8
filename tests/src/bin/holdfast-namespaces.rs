//! Real processes over real lines: see `holdfast_tests::namespaces`. `tests/scripts/namespaces.sh` runs it.

#![allow(clippy::print_stdout, reason = "it is a command line")]

use anyhow::Result;
use clap::Parser;
use holdfast_tests::namespaces::{HUB, Net, play};
use std::process::ExitCode;

const STORES: [&str; 3] = ["leeds", "york", "hull"];

/// One central and three agents in network namespaces of their own, and a line that is cut, bad and mended.
///
/// Needs root. Prints `ok` or `not ok` for each check, and a table of what became of each order.
#[derive(Debug, Parser)]
#[command(name = "holdfast-namespaces", version)]
struct Options {
    /// With this the names of all namespaces begin
    #[arg(long, default_value = "holdfast")]
    name: String,
    /// Plays the story in the namespaces that are there: the command runs itself so
    #[arg(long, hide = true)]
    inside: bool,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let net = Net::named(&options.name, &STORES);
    if options.inside {
        return tell(&net);
    }
    let built = net.build()?;
    let mut command = built.net().command(HUB, &std::env::current_exe()?);
    let ended = command.args(["--name", &options.name, "--inside"]).status()?;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[tokio::main]
async fn tell(net: &Net) -> Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let played = play(net, folder.path(), |line| println!("{line}")).await;
    let Err(error) = played else { return Ok(ExitCode::SUCCESS) };
    println!("not ok namespaces {error:#}");
    // For whoever looks into it.
    for log in ["central.log", "leeds/agent.log"] {
        let text = std::fs::read_to_string(folder.path().join(log)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        println!(
            "the end of {log}:\n{}",
            lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
        );
    }
    Ok(ExitCode::FAILURE)
}
