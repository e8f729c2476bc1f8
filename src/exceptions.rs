//! The exceptions at a terminal: the queue, one with all that belongs to it, and what people do about it.

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::Result;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;

#[derive(Debug, Subcommand)]
pub enum ExceptionsCommand {
    /// Those that are not over, newest first
    List {
        #[arg(long, value_parser = ["open", "taken", "waiting", "resolved"])]
        state: Option<String>,
        /// Like backorder or stuck
        #[arg(long)]
        category: Option<String>,
        #[arg(long, value_parser = ["low", "medium", "high"])]
        severity: Option<String>,
        #[arg(long, value_parser = ["customer_service", "fulfilment", "inventory", "engineering", "security"])]
        owner: Option<String>,
        /// Those that you have
        #[arg(long)]
        mine: bool,
        #[arg(long)]
        order: Option<String>,
        #[arg(long)]
        store: Option<String>,
    },
    /// One, with what can be done about it, what was tried, and what happened beside it
    Show {
        exception: String,
        /// Print all that central tells as one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Take one, so that others see who has it
    Take {
        exception: String,
        /// Also when somebody else has it
        #[arg(long)]
        from_others: bool,
    },
    /// Let its clock stand while it waits on somebody outside; without --on it goes on
    Wait {
        exception: String,
        #[arg(long)]
        on: Option<String>,
    },
    /// Carry out a repair that is offered for it
    Repair {
        exception: String,
        /// Like take_back or route_again: holdfast exceptions show names them
        repair: String,
        #[arg(long, required_unless_present = "preview")]
        reason: Option<String>,
        /// Only tell what it would do
        #[arg(long)]
        preview: bool,
        /// Also when it was done before
        #[arg(long)]
        again: bool,
    },
    /// Resolve one or many with one reason
    Resolve {
        #[arg(required = true)]
        exceptions: Vec<String>,
        /// What was done, and why
        #[arg(long)]
        reason: String,
        /// One of the labels of its kind
        #[arg(long)]
        cause: Option<String>,
        /// That people spent on all of them together
        #[arg(long)]
        minutes: Option<u32>,
    },
    /// What they cost, by kind and by cause
    Trend {
        /// A day like 2026-11-01, in UTC; 28 days up to the last when left out
        #[arg(long)]
        from: Option<String>,
        #[arg(long)]
        to: Option<String>,
    },
}

impl Default for ExceptionsCommand {
    fn default() -> Self {
        Self::List {
            state: None,
            category: None,
            severity: None,
            owner: None,
            mine: false,
            order: None,
            store: None,
        }
    }
}

fn query(named: &[(&str, Option<&str>)]) -> String {
    let asked: Vec<String> =
        named.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}"))).collect();
    if asked.is_empty() { String::new() } else { format!("?{}", asked.join("&")) }
}

pub async fn ask(central: &CentralClient, command: ExceptionsCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        ExceptionsCommand::List { state, category, severity, owner, mine, order, store } => {
            let asked = query(&[
                ("state", state.as_deref()),
                ("category", category.as_deref()),
                ("severity", severity.as_deref()),
                ("owner", owner.as_deref()),
                ("taken_by", mine.then_some("me")),
                ("order", order.as_deref()),
                ("store", store.as_deref()),
            ]);
            write_list(&central.get(&format!("/v1/exceptions{asked}")).await?, out)
        }
        ExceptionsCommand::Show { exception, json } => {
            let told = central.get(&format!("/v1/exceptions/{exception}")).await?;
            if json {
                writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
                return Ok(());
            }
            write_one(&told, out)
        }
        ExceptionsCommand::Take { exception, from_others } => {
            let body = json!({ "from_others": from_others });
            central.send(Method::POST, &format!("/v1/exceptions/{exception}/take"), &body).await?;
            writeln!(out, "{exception} is yours")?;
            Ok(())
        }
        ExceptionsCommand::Wait { exception, on } => {
            let body = json!({ "on": on });
            central.send(Method::POST, &format!("/v1/exceptions/{exception}/wait"), &body).await?;
            match on {
                Some(on) => writeln!(out, "{exception} waits on {on}; its clock stands")?,
                None => writeln!(out, "the clock of {exception} goes on")?,
            }
            Ok(())
        }
        ExceptionsCommand::Repair { exception, repair, reason, preview, again } => {
            let body = json!({
                "repair": repair, "reason": reason.unwrap_or_default(), "preview": preview, "again": again,
            });
            let done =
                central.send(Method::POST, &format!("/v1/exceptions/{exception}/repair"), &body).await?;
            write_repair(&done, out)
        }
        ExceptionsCommand::Resolve { exceptions, reason, cause, minutes } => {
            let body = json!({
                "exceptions": exceptions, "resolution": reason, "root_cause": cause, "minutes": minutes,
            });
            let done = central.send(Method::POST, "/v1/exceptions/resolve", &body).await?;
            let named =
                |path: &str| rows(&done, path).filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
            writeln!(out, "resolved: {}", named("/resolved"))?;
            if rows(&done, "/left").next().is_some() {
                writeln!(out, "over before, or not known: {}", named("/left"))?;
            }
            Ok(())
        }
        ExceptionsCommand::Trend { from, to } => {
            let asked = query(&[("from", from.as_deref()), ("to", to.as_deref())]);
            write_trend(&central.get(&format!("/v1/exceptions/trend{asked}")).await?, out)
        }
    }
}

fn late(told: &Value) -> &'static str {
    let is = |name: &str| told.pointer(name) == Some(&Value::Bool(true));
    match (is("/clock/ended_late"), is("/clock/looked_late"), is("/clock/stands")) {
        (_, _, true) => "waits",
        (true, ..) => "LATE",
        (false, true, _) => "late to look",
        (false, false, false) => "",
    }
}

fn write_list(told: &Value, out: &mut dyn Write) -> Result<()> {
    for one in rows(told, "/exceptions") {
        let holder = Some(text(one, "/taken_by")).filter(|holder| !holder.is_empty()).unwrap_or("-");
        writeln!(
            out,
            "{:<8} {:<7} {:<8} {:<22} {:<16} {holder:<16} {:<12} {}",
            text(one, "/exception"),
            text(one, "/severity"),
            text(one, "/state"),
            text(one, "/category"),
            text(one, "/owner"),
            late(one),
            text(one, "/detail"),
        )?;
        if text(one, "/state") != "resolved" {
            writeln!(out, "    do: {}", text(one, "/suggestion"))?;
        }
    }
    if !text(told, "/next").is_empty() {
        writeln!(out, "there are more: name a state, a category or a team")?;
    }
    Ok(())
}

fn write_one(told: &Value, out: &mut dyn Write) -> Result<()> {
    let word = |path: &str| text(told, path);
    writeln!(out, "{} {} {} ({})", word("/exception"), word("/severity"), word("/category"), word("/state"))?;
    writeln!(out, "{}\n{}", word("/means"), word("/detail"))?;
    let seen = (word("/raised_at"), word("/seen_at"), number(told, "/times"));
    writeln!(out, "first {}, last {}, {} times; owner {}", seen.0, seen.1, seen.2, word("/owner"))?;
    writeln!(out, "look by {}, end by {} {}", word("/clock/look_by"), word("/clock/end_by"), late(told))?;
    if !word("/failure/code").is_empty() {
        let values = told.pointer("/failure/values").map(Value::to_string).unwrap_or_default();
        writeln!(out, "failed: {} {} {values}", word("/failure/code"), word("/failure/field"))?;
    }
    for repair in rows(told, "/repairs") {
        let mark = if repair.get("suggested") == Some(&Value::Bool(true)) { "*" } else { " " };
        writeln!(out, "{mark} {:<20} {}", text(repair, "/repair"), text(repair, "/does"))?;
        if !text(repair, "/not_now").is_empty() {
            writeln!(out, "    not now: {}", text(repair, "/not_now"))?;
        }
    }
    for event in rows(told, "/events") {
        writeln!(
            out,
            "{}  {}  {}: {}",
            text(event, "/at"),
            text(event, "/actor"),
            text(event, "/kind"),
            text(event, "/words")
        )?;
    }
    for event in rows(told, "/timeline") {
        writeln!(out, "    {}  {}", text(event, "/at"), text(event, "/words"))?;
    }
    Ok(())
}

fn write_repair(done: &Value, out: &mut dyn Write) -> Result<()> {
    if !text(done, "/does").is_empty() {
        let not_now = text(done, "/not_now");
        writeln!(out, "it would: {}", text(done, "/does"))?;
        if !not_now.is_empty() {
            writeln!(out, "not now: {not_now}")?;
        }
        return Ok(());
    }
    writeln!(out, "{}: {}", text(done, "/outcome"), text(done, "/words"))?;
    let code = text(done, "/enrolment_code");
    if !code.is_empty() {
        writeln!(out, "code: {code}")?;
    }
    Ok(())
}

fn write_trend(told: &Value, out: &mut dyn Write) -> Result<()> {
    let (from, to) = (text(told, "/from"), text(told, "/to"));
    writeln!(out, "from {from} to {to}: {} minutes of people", number(told, "/minutes"))?;
    writeln!(
        out,
        "{:<24} {:>7} {:>7} {:>10} {:>10} {:>6} {:>8}",
        "", "raised", "before", "by itself", "by people", "open", "minutes"
    )?;
    for kind in rows(told, "/kinds") {
        let count = |name: &str| number(kind, &format!("/{name}"));
        writeln!(
            out,
            "{:<24} {:>7} {:>7} {:>10} {:>10} {:>6} {:>8}",
            text(kind, "/category"),
            count("raised"),
            count("raised_before"),
            count("by_itself"),
            count("by_person"),
            count("open"),
            count("minutes")
        )?;
    }
    for cause in rows(told, "/causes") {
        let name = Some(text(cause, "/root_cause")).filter(|name| !name.is_empty()).unwrap_or("not said");
        writeln!(
            out,
            "  {:<22} {name:<16} {:>4} resolved, {} minutes",
            text(cause, "/category"),
            number(cause, "/resolved"),
            number(cause, "/minutes")
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_tells_who_has_it_and_whether_it_is_late() {
        let told = json!({ "exceptions": [{
            "exception": "x7", "severity": "high", "state": "taken", "category": "stuck", "owner": "fulfilment",
            "taken_by": "key:ann", "detail": "o-1 stands still", "suggestion": "Look.",
            "clock": { "ended_late": true, "looked_late": false, "stands": false },
        }], "next": "1f" });
        let list = shown(|out| write_list(&told, out).unwrap());
        for words in ["x7", "key:ann", "LATE", "o-1 stands still", "do: Look.", "there are more"] {
            assert!(list.contains(words), "{words}: {list}");
        }
    }

    #[test]
    fn a_repair_that_is_only_looked_at_says_so() {
        let would =
            json!({ "repair": "take_back", "does": "takes o-1-1 back", "not_now": "it is handed over" });
        let told = shown(|out| write_repair(&would, out).unwrap());
        assert!(told.contains("it would: takes o-1-1 back") && told.contains("not now: it is handed over"));
        let done = json!({ "outcome": "done", "words": "a code", "enrolment_code": "ABCD" });
        assert!(shown(|out| write_repair(&done, out).unwrap()).ends_with("code: ABCD\n"));
    }

    #[test]
    fn what_one_is_about_stands_beside_what_can_be_done() {
        let told = json!({ "exception": "x7", "means": "It stands.", "times": 3,
            "failure": { "code": "order_state", "field": "orders.state", "values": { "found": "ready" } },
            "repairs": [{ "repair": "fold_again", "does": "derives", "suggested": true }],
            "events": [{ "at": "t1", "actor": "key:ann", "kind": "taken", "words": "taken" }],
            "timeline": [{ "at": "t0", "words": "placed" }] });
        let one = shown(|out| write_one(&told, out).unwrap());
        for words in ["order_state orders.state", "ready", "* fold_again", "key:ann", "placed", "3 times"] {
            assert!(one.contains(words), "{words}: {one}");
        }
    }
}
