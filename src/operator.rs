//! What an operator asks central at a terminal: stores, orders, one order and why, exceptions.

use crate::client::CentralClient;
use anyhow::{Context, Result};
use serde_json::Value;
use std::io::Write;

/// One line a store: its standing and the first reason.
pub async fn stores(central: &CentralClient, out: &mut dyn Write) -> Result<()> {
    let told = central.get("/v1/stores").await?;
    for store in rows(&told, "stores") {
        let standing = text(store, "/eligibility/standing");
        let why = text(store, "/eligibility/reasons/0/words");
        let open = store.get("open_tasks").and_then(Value::as_u64).unwrap_or_default();
        writeln!(out, "{:<20} {standing:<11} {open:>4} open  {why}", text(store, "/store"))?;
    }
    Ok(())
}

pub async fn orders(central: &CentralClient, state: Option<&str>, out: &mut dyn Write) -> Result<()> {
    let filter = state.map(|state| format!("&state={state}")).unwrap_or_default();
    let told = central.get(&format!("/v1/orders?limit=50{filter}")).await?;
    for order in rows(&told, "orders") {
        writeln!(
            out,
            "{:<28} {:<12} {}",
            text(order, "/order"),
            text(order, "/state"),
            text(order, "/reference")
        )?;
    }
    Ok(())
}

pub async fn exceptions(central: &CentralClient, out: &mut dyn Write) -> Result<()> {
    let told = central.get("/v1/exceptions").await?;
    for exception in rows(&told, "exceptions") {
        let words = [text(exception, "/severity"), text(exception, "/category"), text(exception, "/detail")];
        writeln!(out, "{}\n    do: {}", words.join("  "), text(exception, "/suggestion"))?;
    }
    Ok(())
}

/// What happened to an order, and for each decision what was looked at and why it was refused.
pub async fn explain(central: &CentralClient, order: &str, out: &mut dyn Write) -> Result<()> {
    let timeline = central.get(&format!("/v1/orders/{order}/timeline")).await?;
    for event in rows(&timeline, "events") {
        writeln!(out, "{:>4}  {:<16} {}", event["sequence"], text(event, "/kind"), text(event, "/words"))?;
        if let Some(clock) = event.get("store_clock") {
            writeln!(out, "{:22} at {}: {}", "", text(event, "/at"), doubt(clock))?;
        }
    }
    let explained = central.get(&format!("/v1/orders/{order}/explain")).await?;
    for decision in rows(&explained, "decisions") {
        writeln!(out, "\ndecision {}: {}", text(decision, "/decision"), text(decision, "/words"))?;
        for rung in rows(decision, "rungs") {
            writeln!(out, "  {}", text(rung, "/rung"))?;
            for candidate in rows(rung, "candidates") {
                writeln!(out, "    {}", verdict(candidate)?)?;
            }
        }
    }
    Ok(())
}

fn doubt(clock: &Value) -> String {
    let (words, said, came) = (text(clock, "/words"), text(clock, "/said_at"), text(clock, "/received_at"));
    format!("{words} and said {said}; central heard of it at {came}")
}

fn verdict(candidate: &Value) -> Result<String> {
    let km = candidate.get("distance_km").and_then(Value::as_f64).context("a candidate has no distance")?;
    let store = text(candidate, "/store");
    let said = match candidate.pointer("/verdict/score").and_then(Value::as_f64) {
        Some(score) => format!("score {score:.2}"),
        None => {
            format!("refused by {}: {}", text(candidate, "/verdict/rule"), text(candidate, "/verdict/words"))
        }
    };
    Ok(format!("{store:<20} {km:>7.1} km  {said}"))
}

fn rows<'a>(told: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    told.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(told: &'a Value, path: &str) -> &'a str {
    told.pointer(path).and_then(Value::as_str).unwrap_or_default()
}
