//! A version in shadow, at a terminal: put there, watched, taken out; and what differs, settled.

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::{Context, Result};
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum ShadowCommand {
    /// Ask a version about each decision from now on, without anything coming of it
    Start {
        version: u32,
        #[arg(long)]
        reason: String,
        /// Who reads its report and answers for it, like key:ann
        #[arg(long)]
        owner: String,
        /// When it ends by itself, like 2026-12-27T00:00:00Z
        #[arg(long)]
        until: String,
    },
    /// Take the version out of shadow
    Stop {
        #[arg(long)]
        reason: String,
    },
    /// How it stands, and what a day has shown
    Report {
        /// Like 2026-12-01; today when absent
        #[arg(long)]
        day: Option<String>,
    },
    /// The differences, newest first
    Diffs {
        #[arg(long)]
        day: Option<String>,
        /// v3, or legacy
        #[arg(long)]
        against: Option<String>,
        #[arg(long, value_parser = ["data", "rules", "mapping", "timing", "missing_here", "missing_there", "unclassified"])]
        class: Option<String>,
        #[arg(long, value_parser = ["none", "minor", "major", "critical"])]
        severity: Option<String>,
        #[arg(long, value_parser = ["open", "defect", "policy_difference", "acceptable_drift"])]
        triage: Option<String>,
    },
    /// Say what a difference is
    Triage {
        diff: u64,
        #[arg(value_parser = ["open", "defect", "policy_difference", "acceptable_drift"])]
        triage: String,
        #[arg(long)]
        reason: String,
        /// And of all open ones of the same side, class and rule
        #[arg(long)]
        alike: bool,
    },
    /// What a version would decide of an order now, be it a draft; nothing comes of it
    Try {
        version: u32,
        /// An order that was placed
        #[arg(long, required_unless_present = "demand", conflicts_with = "demand")]
        order: Option<String>,
        /// A JSON file with an order as it would be placed
        #[arg(long)]
        demand: Option<PathBuf>,
    },
}

pub async fn ask(central: &CentralClient, command: ShadowCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        ShadowCommand::Start { version, reason, owner, until } => {
            let body = json!({ "version": version, "reason": reason, "owner": owner, "ends_at": until });
            let begun = central.send(Method::POST, "/v1/shadow", &body).await?;
            writeln!(out, "v{version} is in shadow until {}", text(&begun, "/ends_at"))?;
            Ok(())
        }
        ShadowCommand::Stop { reason } => {
            let ended = central.remove("/v1/shadow", &[("reason", Some(&reason))]).await?;
            writeln!(out, "v{} is not in shadow any more", number(&ended, "/version"))?;
            Ok(())
        }
        ShadowCommand::Report { day } => report(central, day.as_deref(), out).await,
        ShadowCommand::Diffs { day, against, class, severity, triage } => {
            let pairs = [
                ("limit", Some("100")),
                ("day", day.as_deref()),
                ("against", against.as_deref()),
                ("class", class.as_deref()),
                ("severity", severity.as_deref()),
                ("triage", triage.as_deref()),
            ];
            let told = central.find("/v1/shadow/diffs", &pairs).await?;
            rows(&told, "/diffs").try_for_each(|diff| tell(diff, out))
        }
        ShadowCommand::Triage { diff, triage, reason, alike } => {
            let body = json!({ "triage": triage, "reason": reason, "alike": alike });
            let done = central.send(Method::POST, &format!("/v1/shadow/diffs/{diff}/triage"), &body).await?;
            writeln!(out, "{} settled", number(&done, "/settled"))?;
            Ok(())
        }
        ShadowCommand::Try { version, order, demand } => {
            let body = match (order, demand) {
                (Some(order), _) => json!({ "order": order }),
                (None, Some(file)) => {
                    let name = file.display().to_string();
                    let read =
                        std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
                    let demand: Value =
                        serde_json::from_str(&read).with_context(|| format!("{name} is not JSON"))?;
                    json!({ "demand": demand })
                }
                (None, None) => json!({}),
            };
            let path = format!("/v1/policies/{version}/dry-run");
            let told = central.send(Method::POST, &path, &body).await?;
            tried(&told, out)
        }
    }
}

async fn report(central: &CentralClient, day: Option<&str>, out: &mut dyn Write) -> Result<()> {
    standing(&central.get("/v1/shadow").await?, out)?;
    let told = central.find("/v1/shadow/report", &[("day", day)]).await?;
    sides(&told, out)
}

fn standing(told: &Value, out: &mut dyn Write) -> Result<()> {
    let Some(shadow) = told.get("shadow").filter(|shadow| !shadow.is_null()) else {
        writeln!(out, "no version was ever in shadow")?;
        return Ok(());
    };
    let version = number(shadow, "/version");
    match shadow.pointer("/ended/at").and_then(Value::as_str) {
        Some(at) => writeln!(out, "v{version} was in shadow until {at}: {}", text(shadow, "/ended/reason"))?,
        None => writeln!(out, "v{version} is in shadow until {}", text(shadow, "/ends_at"))?,
    }
    let unseen: Vec<&str> = rows(told, "/not_compared").filter_map(Value::as_str).collect();
    if !unseen.is_empty() {
        writeln!(out, "it also differs in what no comparison shows: {}", unseen.join(", "))?;
    }
    Ok(())
}

fn sides(told: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}", text(told, "/day"))?;
    for side in rows(told, "/sides") {
        let permille = |path: &str| {
            let of = number(side, path);
            format!("{}.{} %", of / 10, of % 10)
        };
        writeln!(
            out,
            "{:<8} {} lines, {} differ; mismatch {}, understood {}",
            text(side, "/against"),
            number(side, "/compared"),
            number(side, "/different"),
            permille("/mismatch_permille"),
            permille("/classified_permille"),
        )?;
        for (what, path) in [("why", "/by_class"), ("how bad", "/by_severity"), ("triage", "/by_triage")] {
            let counts = side.pointer(path).and_then(Value::as_object).into_iter().flatten();
            let counts: Vec<String> =
                counts.map(|(name, lines)| format!("{lines} {}", name.replace('_', " "))).collect();
            if !counts.is_empty() {
                writeln!(out, "  {what}: {}", counts.join(", "))?;
            }
        }
        for (what, path) in [("SKUs", "/tops/skus"), ("nodes", "/tops/nodes"), ("rules", "/tops/rules")] {
            let tops = side.pointer(path).and_then(Value::as_array).into_iter().flatten();
            let tops: Vec<String> =
                tops.map(|top| format!("{} ({})", text(top, "/name"), number(top, "/lines"))).collect();
            if !tops.is_empty() {
                writeln!(out, "  {what}: {}", tops.join(", "))?;
            }
        }
    }
    Ok(())
}

fn tell(diff: &Value, out: &mut dyn Write) -> Result<()> {
    let class = text(diff, "/class").replace('_', " ");
    let triage = text(diff, "/triage").replace('_', " ");
    writeln!(
        out,
        "{:<6} {:<7} {class:<13} {:<8} {triage}",
        number(diff, "/diff"),
        text(diff, "/against"),
        text(diff, "/severity")
    )?;
    writeln!(
        out,
        "       {} line {}: {}",
        text(diff, "/order"),
        number(diff, "/line"),
        text(diff, "/words")
    )?;
    Ok(())
}

fn tried(told: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "by {}, nothing of it is done:", text(told, "/policy"))?;
    for decision in rows(told, "/decisions") {
        writeln!(out, "{}", text(decision, "/words"))?;
        let parcels = decision.pointer("/choice/parcels").and_then(Value::as_array).into_iter().flatten();
        for parcel in parcels {
            let lines: Vec<String> = rows(parcel, "/lines")
                .map(|line| format!("{} x {}", number(line, "/quantity"), text(line, "/sku")))
                .collect();
            writeln!(out, "  {} sends {}", text(parcel, "/store"), lines.join(", "))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_told_in_a_few_lines() {
        let told = json!({ "day": "2026-12-01", "sides": [{
            "against": "v3", "compared": 200, "different": 10, "mismatch_permille": 45, "classified_permille": 900,
            "by_class": { "missing_here": 1, "rules": 9 }, "by_severity": {}, "by_triage": { "open": 10 },
            "tops": { "skus": [{ "name": "TEA", "lines": 7 }], "nodes": [], "rules": [] }
        }] });
        let mut out = Vec::new();
        sides(&told, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "2026-12-01\nv3       200 lines, 10 differ; mismatch 4.5 %, understood 90.0 %\n  why: 1 missing here, \
             9 rules\n  triage: 10 open\n  SKUs: TEA (7)\n"
        );
    }
}
