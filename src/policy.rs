//! Policies at a terminal: checked here, kept and taken further at central.

mod coverage;
mod trials;

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use coverage::Word;
use holdfast_central::core::steering::read_policy;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use trials::{Start, presets, rollout, start, trial};

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Tell everything that is wrong with a file. Central is not asked; it ends with 1 when something is
    Check { file: PathBuf },
    /// What central's linter says of a file, against the stores as they stand
    Lint { file: PathBuf },
    /// Keep a file as a draft
    Draft {
        file: PathBuf,
        #[arg(long)]
        reason: String,
    },
    /// Every version, newest first
    List,
    /// The text of a version, or of the one in force
    Show {
        version: Option<u32>,
        /// What was built in, with every value
        #[arg(long, conflicts_with = "version")]
        default: bool,
    },
    /// What differs between two versions, value by value
    Diff { from: u32, to: u32 },
    /// Agree to what somebody else drafted
    Approve {
        version: u32,
        #[arg(long)]
        reason: String,
    },
    /// Let an approved version begin
    Activate {
        version: u32,
        #[arg(long)]
        reason: String,
        /// When it begins, like 2026-12-01T06:00:00Z; at once when absent
        #[arg(long)]
        at: Option<String>,
        /// Every order follows it at once, although nothing was tried on a part of them
        #[arg(long)]
        big_bang: bool,
    },
    /// Go back to a version that was in force before; 0 is what was built in
    Rollback {
        version: u32,
        #[arg(long)]
        reason: String,
    },
    /// Give up a version that was not in force yet
    Withdraw {
        version: u32,
        #[arg(long)]
        reason: String,
    },
    /// No new version is approved or begins until then
    Freeze {
        #[arg(long)]
        reason: String,
        /// Like 2026-12-27T00:00:00Z
        #[arg(long)]
        until: String,
    },
    /// End the freeze
    Thaw {
        #[arg(long)]
        reason: String,
    },
    /// The newest trial of a version, and how its orders fare
    Rollout,
    /// Try an approved version on a part of the orders, by a plan in a JSON file
    RolloutStart(Start),
    /// Cohorts that are good to begin with, by name
    RolloutPresets,
    /// pause, resume, advance (with --percent), finish or rollback
    RolloutStep {
        #[arg(value_parser = ["pause", "resume", "advance", "finish", "rollback"])]
        act: String,
        #[arg(long)]
        percent: Option<u8>,
        #[arg(long)]
        reason: String,
    },
    /// Which rules, scorers, rungs and classes of a version mattered to decisions, and which never did
    Coverage {
        version: u32,
        #[arg(long, default_value_t = 30)]
        days: u32,
    },
    /// Say that a version does what was done before it, or without --role who has said so
    SignOff(Word),
    /// Who did what with policies, when and why
    History,
    /// What holds at a store, for a class of articles and for a brand, and which layer says so
    Explain {
        #[arg(long)]
        store: Option<String>,
        #[arg(long)]
        class: Option<String>,
        /// Of the order
        #[arg(long)]
        brand: Option<String>,
    },
}

/// Without asking anybody. Errors when something is wrong, after telling all of it.
pub fn check(file: &Path, out: &mut dyn Write) -> Result<()> {
    match read_policy(&text_of(file)?) {
        Ok(document) => {
            writeln!(out, "{} is sound: {}", file.display(), document.hash().short())?;
            Ok(())
        }
        Err(found) => {
            for one in &found {
                writeln!(out, "{}:{one}", file.display())?;
            }
            bail!("{} things are wrong with {}", found.len(), file.display())
        }
    }
}

fn text_of(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// Everything else is central's to say.
pub async fn ask(central: &CentralClient, command: PolicyCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        PolicyCommand::Check { file } => check(&file, out),
        PolicyCommand::Lint { file } => lint(central, &file, out).await,
        PolicyCommand::Draft { file, reason } => {
            let body = json!({ "text": text_of(&file)?, "reason": reason });
            let kept = central.send(Method::POST, "/v1/policies", &body).await?;
            advice(kept.get("advice"), out)?;
            writeln!(out, "kept as version {}; a second person approves it", number(&kept, "/version"))?;
            Ok(())
        }
        PolicyCommand::List => list(central, out).await,
        PolicyCommand::Show { version, default } => {
            let version = if default { Some(0) } else { version };
            let version = match version {
                Some(version) => u64::from(version),
                None => central
                    .get("/v1/policies?limit=1")
                    .await?
                    .get("in_force")
                    .and_then(Value::as_u64)
                    .unwrap_or_default(),
            };
            let shown = central.get(&format!("/v1/policies/{version}")).await?;
            writeln!(out, "{}", text(&shown, "/text").trim_end())?;
            Ok(())
        }
        PolicyCommand::Diff { from, to } => diff(central, from, to, out).await,
        PolicyCommand::Approve { version, reason } => {
            step(central, version, "approve", &json!({ "reason": reason }), out).await
        }
        PolicyCommand::Activate { version, reason, at, big_bang } => {
            let body = json!({ "reason": reason, "effective_at": at, "big_bang": big_bang });
            step(central, version, "activate", &body, out).await
        }
        PolicyCommand::Rollback { version, reason } => {
            step(central, version, "rollback", &json!({ "reason": reason }), out).await
        }
        PolicyCommand::Withdraw { version, reason } => {
            step(central, version, "withdraw", &json!({ "reason": reason }), out).await
        }
        PolicyCommand::Freeze { reason, until } => {
            let body = json!({ "reason": reason, "until": until });
            let frozen = central.send(Method::PUT, "/v1/policy/freeze", &body).await?;
            writeln!(out, "policies are frozen until {}", text(&frozen, "/until"))?;
            Ok(())
        }
        PolicyCommand::Thaw { reason } => {
            central.remove("/v1/policy/freeze", &[("reason", Some(&reason))]).await?;
            writeln!(out, "policies are not frozen any more")?;
            Ok(())
        }
        PolicyCommand::Rollout => rollout(&central.get("/v1/rollouts").await?, out),
        PolicyCommand::RolloutStart(wanted) => start(central, wanted, out).await,
        PolicyCommand::RolloutPresets => presets(&central.get("/v1/rollouts/presets").await?, out),
        PolicyCommand::RolloutStep { act, percent, reason } => {
            let body = json!({ "percent": percent, "reason": reason });
            trial(&central.send(Method::POST, &format!("/v1/rollouts/{act}"), &body).await?, out)
        }
        PolicyCommand::Coverage { version, days } => coverage::coverage(central, version, days, out).await,
        PolicyCommand::SignOff(word) => coverage::sign_off(central, &word, out).await,
        PolicyCommand::History => history(central, out).await,
        PolicyCommand::Explain { store, class, brand } => {
            let layers =
                [("store", store.as_deref()), ("class", class.as_deref()), ("brand", brand.as_deref())];
            explain(central, &layers, out).await
        }
    }
}

async fn lint(central: &CentralClient, file: &Path, out: &mut dyn Write) -> Result<()> {
    let told = central.send(Method::POST, "/v1/policies/lint", &json!({ "text": text_of(file)? })).await?;
    advice(Some(&told), out)
}

fn advice(told: Option<&Value>, out: &mut dyn Write) -> Result<()> {
    for one in told.and_then(Value::as_array).into_iter().flatten() {
        writeln!(out, "{:<5} {}: {}", text(one, "/weight"), text(one, "/at"), text(one, "/what"))?;
        writeln!(out, "      do: {}", text(one, "/remedy"))?;
    }
    Ok(())
}

async fn list(central: &CentralClient, out: &mut dyn Write) -> Result<()> {
    let told = central.get("/v1/policies").await?;
    writeln!(out, "in force: v{}", number(&told, "/in_force"))?;
    for one in rows(&told, "/policies") {
        let words = [text(one, "/state"), text(one, "/author"), text(one, "/reason")];
        writeln!(out, "v{:<5} {:<10} {:<20} {}", one["version"], words[0], words[1], words[2])?;
    }
    Ok(())
}

async fn diff(central: &CentralClient, from: u32, to: u32, out: &mut dyn Write) -> Result<()> {
    let told = central.get(&format!("/v1/policy/diff?from={from}&to={to}")).await?;
    for one in rows(&told, "/differences") {
        let side = |name: &str| {
            one.get(name).filter(|value| !value.is_null()).map_or("nothing".to_owned(), Value::to_string)
        };
        writeln!(out, "{}: {} -> {}", text(one, "/path"), side("before"), side("after"))?;
    }
    Ok(())
}

async fn step(
    central: &CentralClient,
    version: u32,
    act: &str,
    body: &Value,
    out: &mut dyn Write,
) -> Result<()> {
    let done = central.send(Method::POST, &format!("/v1/policies/{version}/{act}"), body).await?;
    for warning in rows(&done, "/warnings").filter_map(Value::as_str) {
        writeln!(out, "warning: {warning}")?;
    }
    let state = done.pointer("/record/state").and_then(Value::as_str).unwrap_or("built in");
    writeln!(out, "version {version} is {state}; v{} is in force", number(&done, "/in_force"))?;
    Ok(())
}

async fn history(central: &CentralClient, out: &mut dyn Write) -> Result<()> {
    for event in central.all("/v1/policy/history", "events").await? {
        let version = event
            .get("version")
            .and_then(Value::as_u64)
            .map(|version| format!("v{version}"))
            .unwrap_or_default();
        let words =
            [text(&event, "/at"), text(&event, "/act"), text(&event, "/actor"), text(&event, "/reason")];
        writeln!(out, "{}  {version:<5} {:<10} {}: {}", words[0], words[1], words[2], words[3])?;
    }
    Ok(())
}

async fn explain(
    central: &CentralClient,
    layers: &[(&str, Option<&str>)],
    out: &mut dyn Write,
) -> Result<()> {
    let told = central.find("/v1/policy/explain", layers).await?;
    writeln!(out, "v{} {}", number(&told, "/version"), text(&told, "/hash"))?;
    for one in rows(&told, "/values") {
        let covers: Vec<String> = rows(one, "/covers")
            .map(|below| format!("{} says {}", text(below, "/layer"), below["value"]))
            .collect();
        let covers = if covers.is_empty() { String::new() } else { format!(" ({})", covers.join(", ")) };
        writeln!(out, "{} = {}  by {}{covers}", text(one, "/path"), one["value"], text(one, "/layer"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> (bool, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.toml");
        std::fs::write(&file, text).unwrap();
        let mut out = Vec::new();
        let sound = check(&file, &mut out).is_ok();
        let told = String::from_utf8(out).unwrap();
        (sound, told.replace(&file.display().to_string(), "policy.toml"))
    }

    #[test]
    fn a_file_is_checked_without_asking_anybody() {
        let (sound, told) = checked("[routing]\nsplits_max = 2\n");
        assert!(sound && told.starts_with("policy.toml is sound: "), "{told}");
        let (sound, told) = checked("[routing]\nsplit_max = 2\nsplits_max = 0\n");
        assert!(!sound);
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(told.starts_with("policy.toml:2:1: routing.split_max: "), "{told}");
    }
}
