//! The way back at a terminal: what it would be, taking it, and how the books stand since.

use crate::client::CentralClient;
use crate::told::{rows, text};
use anyhow::{Result, bail};
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;

#[derive(Debug, Subcommand)]
pub enum RollbackCommand {
    /// The decision tree as it stands, where orders in flight go, what stays done. Nothing is changed
    Plan {
        /// The version to go back to; the one before when left out. 0 is what was built in
        #[arg(long)]
        to: Option<u32>,
        /// Print all that central tells as one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Take the way back, see that the next decision follows it, and compare the books
    Run {
        #[arg(long)]
        reason: String,
        #[arg(long)]
        to: Option<u32>,
        /// For so long nothing new begins; 0 for no freeze
        #[arg(long, default_value_t = 24)]
        freeze_hours: u16,
        #[arg(long)]
        json: bool,
    },
    /// How the books stand since the newest run
    Report {
        #[arg(long)]
        json: bool,
    },
}

/// Errors when the next decision does not follow, or when the books do not agree.
pub async fn ask(central: &CentralClient, command: RollbackCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        RollbackCommand::Plan { to, json } => {
            let to = to.map(|to| format!("?to={to}")).unwrap_or_default();
            let plan = central.get(&format!("/v1/rollback{to}")).await?;
            if json { whole(&plan, out) } else { write_plan(&plan, out) }
        }
        RollbackCommand::Run { reason, to, freeze_hours, json } => {
            let body = json!({ "reason": reason, "to": to, "freeze_hours": freeze_hours });
            let done = central.send(Method::POST, "/v1/rollback", &body).await?;
            if json {
                whole(&done, out)?;
            } else {
                write_done(&done, out)?;
            }
            if done.get("followed") != Some(&Value::Bool(true)) {
                bail!("what steers the next decision does not follow yet: look at holdfast policy list");
            }
            agrees(done.get("report").unwrap_or(&Value::Null))
        }
        RollbackCommand::Report { json } => {
            let report = central.get("/v1/rollback/report").await?;
            if json {
                whole(&report, out)?;
            } else {
                write_report(&report, out)?;
            }
            agrees(&report)
        }
    }
}

fn whole(told: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}", serde_json::to_string_pretty(told)?)?;
    Ok(())
}

fn agrees(report: &Value) -> Result<()> {
    if report.get("agrees") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    bail!("the books of some orders do not agree: see those that are named")
}

fn write_plan(plan: &Value, out: &mut dyn Write) -> Result<()> {
    for branch in rows(plan, "/tree") {
        writeln!(out, "{}", text(branch, "/question"))?;
        writeln!(out, "    {}: {}", text(branch, "/answer"), text(branch, "/then"))?;
    }
    let list = |title: &str, path: &str, out: &mut dyn Write| -> Result<()> {
        if rows(plan, path).next().is_some() {
            writeln!(out, "{title}")?;
        }
        for (number, one) in (1..).zip(rows(plan, path).filter_map(Value::as_str)) {
            writeln!(out, "  {number}. {one}")?;
        }
        Ok(())
    };
    list("What holdfast rollback run does", "/steps", out)?;
    if rows(plan, "/in_flight").next().is_some() {
        writeln!(out, "Orders in flight (* followed the version that goes)")?;
    }
    for flight in rows(plan, "/in_flight") {
        let mark = if flight.get("concerned") == Some(&Value::Bool(true)) { "*" } else { " " };
        let policy = flight.get("policy").and_then(Value::as_str).unwrap_or("not decided yet");
        let count = |name: &str| flight.get(name).and_then(Value::as_u64).unwrap_or_default();
        let state = text(flight, "/state");
        writeln!(
            out,
            "{mark} {:>6} {state:<11} {policy:<20} {} released",
            count("orders"),
            count("released")
        )?;
        writeln!(out, "         {}", text(flight, "/goes"))?;
    }
    list("What stays done", "/stays_done", out)?;
    list("What may be needed to put it right", "/compensations", out)?;
    list("What is compared afterwards", "/reconcile", out)
}

fn write_done(done: &Value, out: &mut dyn Write) -> Result<()> {
    let number = |name: &str| done.get(name).and_then(Value::as_u64).unwrap_or_default();
    let how = match text(done, "/way") {
        "end_trial" => {
            format!("the trial of v{} is over; v{} is in force for all", number("from"), number("to"))
        }
        _ => format!("v{} is withdrawn; v{} is in force", number("from"), number("to")),
    };
    writeln!(out, "{how}")?;
    if done.get("followed") == Some(&Value::Bool(true)) {
        writeln!(out, "the next decision follows v{}", number("to"))?;
    }
    if let Some(until) = done.get("frozen_until").and_then(Value::as_str) {
        writeln!(out, "nothing new begins until {until}")?;
    }
    write_report(done.get("report").unwrap_or(&Value::Null), out)
}

fn write_report(report: &Value, out: &mut dyn Write) -> Result<()> {
    let taken = ["/taken/from_policy", "/taken/to_policy", "/taken/actor", "/taken/at", "/taken/reason"];
    let taken = taken.map(|path| text(report, path));
    writeln!(out, "{} to {} by {} at {}: {}", taken[0], taken[1], taken[2], taken[3], taken[4])?;
    for (policy, decisions) in report.get("decisions_since").and_then(Value::as_object).into_iter().flatten()
    {
        // A JSON value does not know of widths.
        let decisions = decisions.to_string();
        writeln!(out, "{decisions:>6} decisions since then by {policy}")?;
    }
    for (what, path) in [
        ("orders of the withdrawn version compared", "/orders/compared"),
        ("of them not compared", "/orders/left_out"),
        ("states that are not what lines and tasks amount to", "/orders/statuses_differ"),
        ("holds that are not what tasks ask for", "/orders/holds_differ"),
        ("promised dates that passed", "/orders/promises_over"),
    ] {
        let count = report.pointer(path).and_then(Value::as_u64).unwrap_or_default();
        writeln!(out, "{count:>6} {what}")?;
    }
    for one in rows(report, "/orders/mismatches") {
        writeln!(out, "       {} {}", text(one, "/order"), text(one, "/what"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::told::shown;

    #[test]
    fn a_plan_reads_from_the_tree_down() {
        let plan = json!({
            "tree": [{ "question": "Is a version on trial?", "answer": "no", "then": "go on" }],
            "steps": ["first", "second"],
            "in_flight": [{ "state": "ready", "policy": "v2 abc", "orders": 3, "released": 3, "concerned": true,
                "goes": "it stays" }],
            "stays_done": ["told"], "compensations": [], "reconcile": ["states"]
        });
        let text = shown(write_plan, &plan);
        assert!(text.starts_with("Is a version on trial?\n    no: go on\nWhat holdfast rollback run does\n  1. first\n  2. second\n"), "{text}");
        assert!(text.contains("*      3 ready       v2 abc"), "{text}");
        assert!(!text.contains("put it right"), "a list without lines has no title: {text}");
    }

    #[test]
    fn books_that_do_not_agree_are_an_error_after_they_were_told() {
        let report = json!({
            "taken": { "from_policy": "v2 abc", "to_policy": "v1 xyz", "actor": "key:ann", "at": "T", "reason": "r" },
            "decisions_since": { "v1 xyz": 4 }, "agrees": false,
            "orders": { "compared": 2, "statuses_differ": 1, "mismatches": [{ "order": "o1", "what": "is odd" }] }
        });
        let text = shown(write_report, &report);
        assert!(
            text.starts_with("v2 abc to v1 xyz by key:ann at T: r\n     4 decisions since then by v1 xyz\n"),
            "{text}"
        );
        assert!(text.ends_with("       o1 is odd\n"), "{text}");
        assert!(agrees(&report).is_err() && agrees(&json!({ "agrees": true })).is_ok());
    }
}
