//! The drill of the way back, with real processes over real HTTP: a policy that decides orders is taken back
//! by the command that an operator has, and what comes next is decided by the one before.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use anyhow::{Context, Result, ensure};
use holdfast::client::{CentralClient, http};
use holdfast::readiness::{postlaunch, preflight};
use holdfast::rollback::{RollbackCommand, ask};
use holdfast_shared::ids::{IdempotencyKey, OrderId};
use holdfast_tests::e2e::{Chain, Plan, order_of, sku, until};
use reqwest::Method;
use serde_json::{Value, json};

async fn second_person(central: &CentralClient) -> Result<CentralClient> {
    let wanted = json!({ "name": "second", "scopes": ["policy_approve"] });
    let made = central.send(Method::POST, "/v1/api-keys", &wanted).await?;
    let token = made["token"].as_str().context("no token")?;
    Ok(CentralClient::new(http()?, central.url(), token))
}

async fn begun(central: &CentralClient, second: &CentralClient, text: &str) -> Result<u64> {
    let kept =
        central.send(Method::POST, "/v1/policies", &json!({ "text": text, "reason": "drill" })).await?;
    let version = kept["version"].as_u64().context("no version")?;
    let reason = json!({ "reason": "drill" });
    second.send(Method::POST, &format!("/v1/policies/{version}/approve"), &reason).await?;
    let at_once = json!({ "reason": "drill", "big_bang": true });
    central.send(Method::POST, &format!("/v1/policies/{version}/activate"), &at_once).await?;
    Ok(version)
}

/// The version that decided it.
async fn decided(central: &CentralClient, order: &OrderId) -> Result<String> {
    let path = format!("/v1/orders/{order}/explain");
    let mut by = Value::Null;
    until("the order is decided", async || {
        by = central.get(&path).await?["decisions"][0]["policy"].clone();
        Ok(by.is_string())
    })
    .await?;
    let name = by.as_str().and_then(|name| name.split(' ').next()).context("no name")?;
    Ok(name.to_owned())
}

async fn place(central: &CentralClient, key: &str) -> Result<OrderId> {
    central.place(&IdempotencyKey::new(key)?, &order_of(&[sku(0)])).await
}

fn text(out: Vec<u8>) -> Result<String> {
    Ok(String::from_utf8(out)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_taken_back_under_pressure() -> Result<()> {
    let chain = Chain::start(Plan {
        central_config: "[launch]\ninventory = \"holdfast\"\n".to_owned(),
        ..Plan::default()
    })
    .await?;
    chain.until_standing(0, "eligible").await?;
    let central = &chain.client;
    let second = second_person(central).await?;
    let first = begun(central, &second, "[routing]\nsplits_max = 2\n").await?;
    let bad = begun(central, &second, "[routing]\nsplits_max = 5\n").await?;
    let in_flight = place(central, "before").await?;
    ensure!(decided(central, &in_flight).await? == format!("v{bad}"), "the new version decides");

    let mut out = Vec::new();
    ask(central, RollbackCommand::Plan { to: None, json: false }, &mut out).await?;
    let plan = text(out)?;
    ensure!(plan.contains(&format!("v{first}: new decisions follow v{first}")), "{plan}");
    ensure!(plan.contains("*      1 allocated") || plan.contains("*      1 accepted"), "{plan}");

    let mut out = Vec::new();
    let run = RollbackCommand::Run { reason: "drill".to_owned(), to: None, freeze_hours: 1, json: false };
    ask(central, run, &mut out).await?;
    let done = text(out)?;
    ensure!(done.contains(&format!("the next decision follows v{first}")), "{done}");
    ensure!(done.contains("     1 orders of the withdrawn version compared"), "{done}");
    let later = place(central, "after").await?;
    ensure!(decided(central, &later).await? == format!("v{first}"), "what comes next follows it");
    let report = central.get("/v1/rollback/report").await?;
    let since = report["decisions_since"].as_object().context("no decisions")?;
    ensure!(since.keys().all(|policy| policy.starts_with(&format!("v{first} "))), "{report}");

    let mut out = Vec::new();
    postlaunch(central, 7, false, &mut out).await?;
    let added_up = text(out)?;
    ensure!(added_up.contains("statuses: agrees") && added_up.contains("     2 orders\n"), "{added_up}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_looked_over_before_its_launch() -> Result<()> {
    let config = "[launch]\ninventory = \"holdfast\"\nescalation = \"ann\"\nconsumers = [\"erp\"]\n";
    let chain = Chain::start(Plan { central_config: config.to_owned(), ..Plan::default() }).await?;
    chain.until_standing(0, "eligible").await?;
    let mut told = String::new();
    until("central's own word came back, and the store is level", async || {
        let mut out = Vec::new();
        let ready = preflight(&chain.client, false, &mut out).await;
        ensure!(ready.is_err(), "one store is not enough");
        told = text(out)?;
        Ok(told.contains("ok       broker") && told.contains("ok       level"))
    })
    .await?;
    for words in [
        "ok       systems            inventory: holdfast",
        "gap      systems            nobody said which system has the last word about pricing",
        "ok       escalation         ann",
        "ok       consumers          read by erp",
        "ok       idempotent_writes",
        "ok       correlation",
        "ok       enrolled           all 1 stores have a box",
        "ok       versions",
        "gap      nodes",
        "unknown  backup",
    ] {
        ensure!(told.contains(words), "{words} is not in {told}");
    }
    Ok(())
}
