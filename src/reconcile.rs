//! Whether the books agree, at a terminal: the report of a day, findings one by one, and a look that is asked for.

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use holdfast_shared::money::Money;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

/// How often a run is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Subcommand)]
pub enum ReconcileCommand {
    /// Unresolved exceptions, revenue at risk, the systems responsible, findings by kind and age
    Report {
        /// Like 2026-12-01; today when left out
        #[arg(long)]
        day: Option<String>,
        /// Print all that central tells as one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Findings, newest first
    Findings {
        #[arg(long, value_parser = ["found", "confirmed", "repairing", "repaired", "accepted", "escalated"])]
        state: Option<String>,
        /// Like order_state or orphaned_hold
        #[arg(long)]
        kind: Option<String>,
        #[arg(long)]
        order: Option<String>,
        #[arg(long)]
        store: Option<String>,
        /// Also those that are over
        #[arg(long)]
        all: bool,
    },
    /// Look now, and wait until it is over
    Run {
        #[arg(long, conflicts_with = "store")]
        order: Option<String>,
        #[arg(long)]
        store: Option<String>,
    },
    /// Say that a difference stays as it is
    Accept {
        finding: u64,
        #[arg(long)]
        reason: String,
    },
}

pub async fn ask(central: &CentralClient, command: ReconcileCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        ReconcileCommand::Report { day, json } => {
            let told = central.find("/v1/reconciliation/report", &[("day", day.as_deref())]).await?;
            if json {
                writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
                return Ok(());
            }
            write_report(&told, out)
        }
        ReconcileCommand::Findings { state, kind, order, store, all } => {
            let pairs = [
                ("all", all.then_some("true")),
                ("state", state.as_deref()),
                ("kind", kind.as_deref()),
                ("order", order.as_deref()),
                ("store", store.as_deref()),
            ];
            write_findings(&central.find("/v1/reconciliation/findings", &pairs).await?, out)
        }
        ReconcileCommand::Run { order, store } => {
            run(central, &json!({ "order": order, "store": store }), out).await
        }
        ReconcileCommand::Accept { finding, reason } => {
            let path = format!("/v1/reconciliation/findings/{finding}/accept");
            central.send(Method::POST, &path, &json!({ "reason": reason })).await?;
            writeln!(out, "finding {finding} stays as it is")?;
            Ok(())
        }
    }
}

/// Errors when it did not come to its end.
async fn run(central: &CentralClient, asked: &Value, out: &mut dyn Write) -> Result<()> {
    let begun = central.send(Method::POST, "/v1/reconciliation", asked).await?;
    let id = begun.get("run").and_then(Value::as_i64).context("the answer names no run")?;
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    loop {
        ticks.tick().await;
        let told = central.get(&format!("/v1/reconciliation/{id}")).await?;
        match text(&told, "/state") {
            "waiting" | "running" => {}
            "done" => return write_run(&told, out),
            state => bail!("the run is {state}: look at central's log, and ask again"),
        }
    }
}

fn write_run(told: &Value, out: &mut dyn Write) -> Result<()> {
    let count = |name: &str| number(told, &format!("/{name}"));
    writeln!(
        out,
        "looked at {} orders, positions and stores: {} seen for the first time, {} confirmed, {} mended, {} given to \
         people, {} gone",
        count("looked"),
        count("found"),
        count("confirmed"),
        count("mended"),
        count("escalated"),
        count("ended")
    )?;
    if count("found") > 0 {
        writeln!(out, "what was seen for the first time is told when it is still there in a minute")?;
    }
    Ok(())
}

fn write_report(told: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}", text(told, "/day"))?;
    let unresolved = rows(told, "/unresolved").count();
    writeln!(out, "{unresolved} unresolved exceptions, {} orders at risk", number(told, "/at_risk/orders"))?;
    for money in rows(told, "/at_risk/revenue") {
        writeln!(out, "  revenue at risk: {}", serde_json::from_value::<Money>(money.clone())?)?;
    }
    for system in rows(told, "/systems") {
        let count = |name: &str| number(system, &format!("/{name}"));
        let name = text(system, "/system");
        writeln!(
            out,
            "  {name:<10} {} open, {} found, {} ended",
            count("open"),
            count("found"),
            count("ended")
        )?;
    }
    for kind in rows(told, "/kinds") {
        let count = |name: &str| number(kind, &format!("/{name}"));
        writeln!(
            out,
            "  {:<16} {} under an hour, {} under a day, {} older",
            text(kind, "/kind"),
            count("under_an_hour"),
            count("under_a_day"),
            count("older")
        )?;
    }
    for one in rows(told, "/unresolved") {
        let of = (text(one, "/exception"), text(one, "/severity"), text(one, "/category"));
        writeln!(out, "{:<8} {:<7} {:<20} {}", of.0, of.1, of.2, text(one, "/detail"))?;
    }
    Ok(())
}

fn write_findings(told: &Value, out: &mut dyn Write) -> Result<()> {
    for one in rows(told, "/findings") {
        let id = one.get("finding").and_then(Value::as_i64).unwrap_or_default();
        writeln!(
            out,
            "{id:<6} {:<10} {:<16} {}",
            text(one, "/state"),
            text(one, "/kind"),
            text(one, "/words")
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_money_and_whose_drift_it_is() {
        let told = json!({
            "day": "2026-12-01", "unresolved": [{ "exception": "x1", "severity": "high", "category": "stuck", "detail": "o-1" }],
            "at_risk": { "orders": 2, "revenue": [{ "minor": 4998, "currency": "EUR" }] },
            "systems": [{ "system": "store", "open": 3, "found": 1, "ended": 0 }],
            "kinds": [{ "kind": "on_hand", "under_an_hour": 1, "under_a_day": 0, "older": 2 }],
        });
        let mut out = Vec::new();
        write_report(&told, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        for words in ["1 unresolved", "2 orders at risk", "49.98 EUR", "store      3 open", "2 older", "x1"] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
    }

    #[test]
    fn a_run_says_what_it_saw_and_what_is_told_later() {
        let mut out = Vec::new();
        write_run(&json!({ "looked": 120, "found": 1, "escalated": 2 }), &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(shown.contains("looked at 120") && shown.contains("2 given to people"), "{shown}");
        assert!(shown.contains("still there in a minute"), "{shown}");
    }
}
