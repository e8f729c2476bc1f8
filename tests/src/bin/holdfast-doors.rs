//! Opens the doors of a real central and a real agent to a tester: see `tests/scripts/schemathesis.sh`.

#![allow(clippy::print_stderr, reason = "it is a command line")]

use anyhow::{Context, Result};
use clap::Parser;
use holdfast_agent::ports::ledger::Role;
use holdfast_shared::ids::IdempotencyKey;
use holdfast_tests::e2e::{Chain, Plan, order_of, sku, until};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Starts a central and an agent on free loopback ports, with a store, stock, orders, a policy and keys, and runs a
/// command beside them.
///
/// The command finds them in its environment: HOLDFAST_CENTRAL and HOLDFAST_AGENT are addresses, HOLDFAST_KEY an API
/// key that may do everything and HOLDFAST_KEY_ID its id, HOLDFAST_DEVICE the token of a manager's device and
/// HOLDFAST_DEVICE_ID its id. Both processes end when it ends, and its exit status is ours.
#[derive(Debug, Parser)]
#[command(name = "holdfast-doors", version)]
struct Options {
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let Options { command } = Options::parse();
    let chain = Chain::start(Plan::default()).await?;
    chain.until_standing(0, "eligible").await?;
    fill(&chain).await?;
    let (program, arguments) = command.split_first().context("no command was given")?;
    let status = tokio::process::Command::new(program)
        .args(arguments)
        .envs(credentials(&chain).await?)
        .status()
        .await
        .with_context(|| format!("{program} does not start"))?;
    if !status.success() {
        tell_troubles(&chain);
    }
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Something of each kind that an operation may ask for.
async fn fill(chain: &Chain) -> Result<()> {
    let client = &chain.client;
    for n in 0..3 {
        let key = IdempotencyKey::new(format!("door-{n}"))?;
        client.place(&key, &order_of(&[sku(n), sku(n + 1)])).await?;
    }
    until("the orders are at the store", async || {
        let told = client.get("/v1/stores/leeds/tasks").await?;
        Ok(told.get("tasks").and_then(Value::as_array).is_some_and(|tasks| tasks.len() == 3))
    })
    .await?;
    let policy = json!({ "text": "[routing]\n", "reason": "a version to look at" });
    client.send(Method::POST, "/v1/policies", &policy).await?;
    let erp = json!({ "owner": "accounting", "contact": "them@example.com", "sink": { "kind": "pull" } });
    client.send(Method::PUT, "/v1/consumers/erp", &json!({ "consumer": erp })).await?;
    // More than there is: it waits, and is an exception.
    let mut too_much = order_of(&[sku(9)]);
    for line in &mut too_much.lines {
        line.quantity = 1_000;
    }
    client.place(&IdempotencyKey::new("door-too-much")?, &too_much).await?;
    until("somebody must look at it", async || {
        let told = client.get("/v1/exceptions").await?;
        Ok(told.get("exceptions").and_then(Value::as_array).is_some_and(|open| !open.is_empty()))
    })
    .await?;
    let closure = json!({ "hard": false, "cause": "staffing" });
    client.send(Method::PUT, "/v1/stores/leeds/closure", &closure).await?;
    client.send(Method::DELETE, "/v1/stores/leeds/closure", &json!({})).await?;
    Ok(())
}

async fn credentials(chain: &Chain) -> Result<Vec<(&'static str, String)>> {
    let asked = json!({ "name": "tester", "scopes": ["admin"] });
    let key = chain.client.send(Method::POST, "/v1/api-keys", &asked).await?;
    let store = chain.stores.first().context("the chain has no store")?;
    let code = store.pairing_code(Role::Manager).await?;
    let pair = json!({ "code": code, "name": "tester" });
    let answer = holdfast::client::http()?.post(format!("{}/v1/pair", store.lan_url())).json(&pair).send();
    let device: Value = answer.await?.error_for_status()?.json().await?;
    let word = |from: &Value, field: &str| -> Result<String> {
        let text = from.get(field).and_then(Value::as_str);
        Ok(text.with_context(|| format!("the answer holds no {field}"))?.to_owned())
    };
    Ok(vec![
        ("HOLDFAST_CENTRAL", chain.client.url().to_owned()),
        ("HOLDFAST_KEY", word(&key, "token")?),
        ("HOLDFAST_KEY_ID", word(&key, "key")?),
        ("HOLDFAST_AGENT", store.lan_url()),
        ("HOLDFAST_DEVICE", word(&device, "token")?),
        ("HOLDFAST_DEVICE_ID", word(&device, "device")?),
    ])
}

/// What the processes themselves have to say of what they could not do.
fn tell_troubles(chain: &Chain) {
    for log in ["central/central.log", "leeds/agent.log"] {
        let text = std::fs::read_to_string(chain.folder.path().join(log)).unwrap_or_default();
        let bad: Vec<&str> = text.lines().filter(|line| line.contains("ERROR")).collect();
        for line in bad.iter().take(40) {
            eprintln!("{log}: {line}");
        }
    }
}
