//! `holdfast`: the operator's command line, and the demo.

mod arguments;

use anyhow::{Context, Result};
use arguments::{Arguments, Command, Script};
use clap::Parser;
use holdfast::policy::PolicyCommand;
use holdfast::{
    consumers, demo, drill, exceptions, explain, flow, kpis, operator, order, order_kpis, parcels, policy,
    readiness, reconcile, replay, returns, rollback, search, shadow, steps, trace,
};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::DemoAgent { arguments } => demo_agent(arguments),
        command => match run(command) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                #[expect(
                    clippy::print_stderr,
                    reason = "the last word of a command line is for its terminal"
                )]
                {
                    eprintln!("holdfast: {error:#}");
                }
                ExitCode::FAILURE
            }
        },
    }
}

/// Becomes one store's agent, and ends when the demo does: its end closes our standard input.
fn demo_agent(arguments: Vec<String>) -> ExitCode {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        #[expect(clippy::exit, reason = "the demo is gone; nobody is left to drain for")]
        std::process::exit(1);
    });
    holdfast_agent::cli::main_from(std::iter::once("holdfast-agent".to_owned()).chain(arguments))
}

async fn play(plan: demo::Plan, script: Option<Script>, length: Duration, out: &mut dyn Write) -> Result<()> {
    match script {
        Some(Script::Outage) => demo::scripted(plan, length, out, &mut std::io::stderr()).await,
        None if demo::has_terminal() => demo::live(plan, out).await,
        None => {
            let mut aside = std::io::stderr();
            writeln!(aside, "No terminal for the live view: an outage of {length:?} is played instead.")?;
            demo::scripted(plan, length, out, &mut aside).await
        }
    }
}

#[tokio::main]
async fn run(command: Command) -> Result<()> {
    let mut out = std::io::stdout();
    match command {
        Command::Demo { script, length, json: _, stores, seed, keep } => {
            let program = std::env::current_exe().context("this program has no path")?;
            let plan = demo::Plan { program, stores, seed, keep };
            play(plan, script, length, &mut out).await
        }
        Command::Stores { central } => operator::stores(&central.client()?, &mut out).await,
        Command::Orders { asked, central } => search::orders(&central.client()?, &asked, &mut out).await,
        Command::Timeline { asked, central } => search::timeline(&central.client()?, &asked, &mut out).await,
        Command::Order { order, steps: true, json, central } => {
            steps::steps(&central.client()?, &order, json, &mut out).await
        }
        Command::Order { order: id, steps: false, json, central } => {
            order::order(&central.client()?, &id, json, &mut out).await
        }
        Command::Parcels { order, json, central } => {
            parcels::parcels(&central.client()?, &order, json, &mut out).await
        }
        Command::Explain { order, policy, json, central } => {
            explain::explain(&central.client()?, &order, policy, json, &mut out).await
        }
        Command::Trace { asked, central } => trace::trace(&central.client()?, &asked, &mut out).await,
        Command::TakeBack { task, reason, central } => {
            operator::take_back(&central.client()?, &task, &reason, &mut out).await
        }
        Command::Drill { stores, live: false, central, .. } => {
            drill::dry(&central.client()?, &stores, &mut out).await
        }
        Command::Drill { stores, live: true, reason, until, central } => {
            let reason = reason.unwrap_or_default();
            drill::live(&central.client()?, &stores, &reason, until.as_deref(), &mut out).await
        }
        Command::DrillReport { drill: id, end, central } => {
            drill::report(&central.client()?, &id, end, &mut out).await
        }
        Command::Replay { asked, central } => replay::replay(&central.client()?, asked, &mut out).await,
        Command::Kpis { asked, central } if asked.orders => {
            order_kpis::order_kpis(&central.client()?, &asked, &mut out).await
        }
        Command::Kpis { asked, central } => kpis::kpis(&central.client()?, &asked, &mut out).await,
        Command::Flow { from, to, by, central } => {
            flow::flow(&central.client()?, (from.as_deref(), to.as_deref()), &by, &mut out).await
        }
        Command::Exceptions { command, central } => {
            exceptions::ask(&central.client()?, command.unwrap_or_default(), &mut out).await
        }
        Command::Reconcile { command, central } => {
            reconcile::ask(&central.client()?, command, &mut out).await
        }
        Command::Policy { command: PolicyCommand::Check { file }, .. } => policy::check(&file, &mut out),
        Command::Policy { command, central } => policy::ask(&central.client()?, command, &mut out).await,
        Command::Preflight { json, central } => {
            readiness::preflight(&central.client()?, json, &mut out).await
        }
        Command::Postlaunch { days, json, central } => {
            readiness::postlaunch(&central.client()?, days, json, &mut out).await
        }
        Command::Rollback { command, central } => rollback::ask(&central.client()?, command, &mut out).await,
        Command::Shadow { command, central } => shadow::ask(&central.client()?, command, &mut out).await,
        Command::Consumers { command, central } => {
            consumers::ask(&central.client()?, command, &mut out).await
        }
        Command::Returns { command, central } => returns::ask(&central.client()?, command, &mut out).await,
        Command::DemoAgent { .. } => Ok(()),
    }
}
