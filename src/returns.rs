//! Goods that come back, at a terminal: which there are, one with all that happened to it, and what people decide.

use crate::client::CentralClient;
use crate::told::{number, rows, text};
use anyhow::Result;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;

#[derive(Debug, Subcommand)]
pub enum ReturnsCommand {
    /// Newest first
    List {
        #[arg(long, value_parser = ["asked", "approved", "received", "restocked", "written_off", "refunded", "closed",
            "refused", "cancelled", "expired"])]
        state: Option<String>,
        /// Those of which this store took something in
        #[arg(long)]
        store: Option<String>,
        /// All of one order
        #[arg(long, conflicts_with_all = ["state", "store"])]
        order: Option<String>,
    },
    /// One, with all that happened to it
    Show { id: String },
    /// It may come back, whatever the rules say
    Approve {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// It may not come back
    Refuse {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// The customer keeps the goods
    Cancel {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// Whether the money for damaged goods goes back, too
    Damaged {
        id: String,
        /// Without it the money for them is kept
        #[arg(long)]
        refund: bool,
        #[arg(long)]
        reason: String,
    },
}

pub async fn ask(central: &CentralClient, command: ReturnsCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        ReturnsCommand::List { order: Some(order), .. } => {
            write_list(&central.get(&format!("/v1/orders/{order}/returns")).await?, out)
        }
        ReturnsCommand::List { state, store, order: None } => {
            let asked = [("state", state.as_deref()), ("store", store.as_deref())];
            write_list(&central.find("/v1/returns", &asked).await?, out)
        }
        ReturnsCommand::Show { id } => {
            let told = central.get(&format!("/v1/returns/{id}")).await?;
            write_return(&told, out)?;
            write_facts(&told, out)
        }
        ReturnsCommand::Approve { id, reason } => {
            say(central, &id, "approve", &json!({ "reason": reason }), out).await
        }
        ReturnsCommand::Refuse { id, reason } => {
            say(central, &id, "refuse", &json!({ "reason": reason }), out).await
        }
        ReturnsCommand::Cancel { id, reason } => {
            say(central, &id, "cancel", &json!({ "reason": reason }), out).await
        }
        ReturnsCommand::Damaged { id, refund, reason } => {
            say(central, &id, "damaged", &json!({ "refund": refund, "reason": reason }), out).await
        }
    }
}

async fn say(central: &CentralClient, id: &str, act: &str, body: &Value, out: &mut dyn Write) -> Result<()> {
    let path = format!("/v1/returns/{id}/{act}");
    write_return(&central.send(Method::POST, &path, body).await?, out)
}

fn write_list(told: &Value, out: &mut dyn Write) -> Result<()> {
    if rows(told, "/returns").next().is_none() {
        writeln!(out, "no returns")?;
    }
    for of in rows(told, "/returns") {
        write_return(of, out)?;
    }
    if let Some(next) = told.pointer("/next").and_then(Value::as_str) {
        writeln!(out, "more: ?cursor={next}")?;
    }
    Ok(())
}

fn write_return(of: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}  {}  order {}", text(of, "/return"), text(of, "/state"), text(of, "/order"))?;
    for line in rows(of, "/lines") {
        writeln!(
            out,
            "  {:>4}  {:<24} {} announced, {} sellable, {} damaged, {} missing",
            number(line, "/line"),
            text(line, "/sku"),
            number(line, "/asked"),
            number(line, "/sellable"),
            number(line, "/damaged"),
            number(line, "/missing"),
        )?;
    }
    for refund in rows(of, "/refunds") {
        let back = Some(text(refund, "/refunded_at")).filter(|at| !at.is_empty()).unwrap_or("on its way");
        writeln!(
            out,
            "  refund {}: {} minor units, {back}",
            number(refund, "/refund"),
            number(refund, "/amount")
        )?;
    }
    Ok(())
}

fn write_facts(of: &Value, out: &mut dyn Write) -> Result<()> {
    for fact in rows(of, "/facts") {
        let said = text(fact, "/said").replace('_', " ");
        let why = ["/reason", "/words", "/why"].map(|path| text(fact, path));
        let why = why.into_iter().find(|why| !why.is_empty()).unwrap_or_default();
        writeln!(out, "  {}  {said}  by {}  {why}", text(fact, "/at"), text(fact, "/by"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_is_told_with_its_lines_and_its_money() {
        let told = json!({ "return": "o-1-r1", "state": "restocked", "order": "o-1",
            "lines": [{ "line": 1, "sku": "TEE-1", "asked": 2, "sellable": 1, "damaged": 1, "missing": 0 }],
            "refunds": [{ "refund": 1, "amount": 500 }],
            "facts": [{ "said": "not_refunded", "at": "2026-11-22T10:00:00Z", "by": "central", "why": "worn" }] });
        let mut out = Vec::new();
        write_list(&json!({ "returns": [told], "next": "7" }), &mut out).unwrap();
        write_facts(&told, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        for words in [
            "o-1-r1  restocked  order o-1",
            "2 announced, 1 sellable, 1 damaged, 0 missing",
            "refund 1: 500 minor units, on its way",
            "more: ?cursor=7",
            "not refunded  by central  worn",
        ] {
            assert!(shown.contains(words), "{shown}");
        }
    }
}
