//! Which parts of a version mattered, and whose word there is about it.

use super::{number, rows, text};
use crate::client::CentralClient;
use anyhow::Result;
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;

/// Somebody's word about a version.
#[derive(Debug, Args)]
pub struct Word {
    version: u32,
    #[arg(long, value_parser = ["support", "analytics", "fulfilment"], requires_all = ["name", "note"])]
    role: Option<String>,
    /// Who speaks, as people know them
    #[arg(long)]
    name: Option<String>,
    /// What was looked at
    #[arg(long)]
    note: Option<String>,
}

pub(super) async fn coverage(
    central: &CentralClient,
    version: u32,
    days: u32,
    out: &mut dyn Write,
) -> Result<()> {
    let path = format!("/v1/policies/{version}/coverage?days={days}");
    write_coverage(&central.get(&path).await?, out)
}

/// Without a role only those that there are.
pub(super) async fn sign_off(central: &CentralClient, word: &Word, out: &mut dyn Write) -> Result<()> {
    let path = format!("/v1/policies/{}/sign-offs", word.version);
    let told = match &word.role {
        None => central.get(&path).await?,
        Some(role) => {
            let said = json!({ "role": role, "name": word.name, "note": word.note });
            central.send(Method::POST, &path, &said).await?
        }
    };
    write_sign_offs(&told, out)
}

fn write_coverage(told: &Value, out: &mut dyn Write) -> Result<()> {
    for part in rows(told, "/parts") {
        let name = format!("{} {}", text(part, "/part"), text(part, "/name"));
        if part.get("last_day").is_some_and(Value::is_null) {
            writeln!(out, "{name:<32} never")?;
        } else {
            let (decided, refused) = (number(part, "/decided"), number(part, "/refused"));
            writeln!(out, "{name:<32} decided {decided:>8}  refused {refused:>8}")?;
        }
    }
    let (version, days) = (number(told, "/version"), number(told, "/days"));
    writeln!(out, "v{version}, {days} days: {} parts were never put to use", number(told, "/never"))?;
    Ok(())
}

fn write_sign_offs(told: &Value, out: &mut dyn Write) -> Result<()> {
    for one in rows(told, "/sign_offs") {
        let words = [text(one, "/at"), text(one, "/role"), text(one, "/name"), text(one, "/note")];
        writeln!(out, "{}  {:<10} {}: {}", words[0], words[1], words[2], words[3])?;
    }
    let lacking: Vec<&str> = rows(told, "/lacking").filter_map(Value::as_str).collect();
    if lacking.is_empty() {
        writeln!(out, "every role has signed: what was there before v{} may go", number(told, "/version"))?;
    } else {
        writeln!(out, "lacking: {}", lacking.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::told::shown;

    #[test]
    fn what_never_mattered_is_told() {
        let told = json!({ "version": 2, "days": 30, "never": 1, "parts": [
            { "part": "rule", "name": "stock", "decided": 0, "refused": 7, "last_day": 20000 },
            { "part": "rung", "name": "closest", "decided": 0, "refused": 0, "last_day": null } ] });
        let text = shown(write_coverage, &told);
        assert!(text.contains("rung closest                     never\n"), "{text}");
        assert!(
            text.contains("refused        7") && text.ends_with("1 parts were never put to use\n"),
            "{text}"
        );
    }

    #[test]
    fn the_old_logic_goes_when_nobody_is_lacking() {
        let word = json!({ "role": "support", "name": "Ann", "note": "looked", "at": "T" });
        let one = json!({ "version": 2, "sign_offs": [word], "lacking": ["analytics", "fulfilment"] });
        assert_eq!(
            shown(write_sign_offs, &one),
            "T  support    Ann: looked\nlacking: analytics, fulfilment\n"
        );
        let all = json!({ "version": 2, "sign_offs": [], "lacking": [] });
        assert!(shown(write_sign_offs, &all).contains("may go"));
    }
}
