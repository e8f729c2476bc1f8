//! What an operator asks central at a terminal: stores, and work that is taken back.

use crate::client::CentralClient;
use crate::told::{rows, text};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;

/// One line a store: its standing and the first reason.
pub async fn stores(central: &CentralClient, out: &mut dyn Write) -> Result<()> {
    let told = central.get("/v1/stores").await?;
    for store in rows(&told, "/stores") {
        let standing = text(store, "/eligibility/standing");
        let why = text(store, "/eligibility/reasons/0/words");
        let open = store.get("open_tasks").and_then(Value::as_u64).unwrap_or_default();
        writeln!(out, "{:<20} {standing:<11} {open:>4} open  {why}", text(store, "/store"))?;
    }
    Ok(())
}

/// Moves a store's work because a person says so; it stands in the order's timeline and as an exception.
pub async fn take_back(central: &CentralClient, task: &str, reason: &str, out: &mut dyn Write) -> Result<()> {
    let path = format!("/v1/tasks/{task}/take-back");
    let done = central.send(Method::POST, &path, &json!({ "reason": reason })).await?;
    let store = text(&done, "/store");
    let flag = |name: &str| done.get(name).and_then(Value::as_bool).unwrap_or_default();
    if flag("already") {
        writeln!(out, "{store} was asked to stop before, and has not answered yet")?;
    } else if flag("released") {
        writeln!(
            out,
            "{store} is told to stop. Its goods were released: ask by telephone whether they left"
        )?;
    } else {
        writeln!(out, "{store} is told to stop, and puts the goods back")?;
    }
    Ok(())
}
