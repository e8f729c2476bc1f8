//! Real processes: the database of central is put back from a copy, and its stores tell what it lost.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use anyhow::{Context, Result, ensure};
use holdfast_agent::ports::ledger::Role;
use holdfast_shared::ids::{IdempotencyKey, TaskId};
use holdfast_tests::e2e::{Chain, Plan, order_of, sku, status_of, until};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn a_central_put_back_from_a_copy_adopts_what_its_store_was_doing() -> Result<()> {
    let mut chain = Chain::start(Plan { stores: &["leeds", "york"], ..Plan::default() }).await?;
    chain.until_standing(0, "eligible").await?;
    chain.until_standing(1, "eligible").await?;
    let data = chain.central.data_folder();
    let copy = chain.folder.path().join("copy.db");
    central(&["backup", &copy.to_string_lossy()], &data)?;

    // york is away, so that leeds gets the order, and nobody can tell of york after the restore.
    chain.stores[1].cut_uplink();
    chain.until_standing(1, "ineligible").await?;
    let key: IdempotencyKey = "web-1".parse()?;
    let order = chain.client.place(&key, &order_of(&[sku(1)])).await?;
    let task: TaskId = format!("{order}-1").parse()?;
    let handheld = chain.stores[0].pair(Role::Picker, "handheld").await?;
    until("the offer reached leeds", async || Ok(status_of(&handheld, task.as_str()).await.is_ok())).await?;
    handheld.task_act(&task, "accept", &handheld.intent(), &json!({})).await?;
    let shown = format!("/v1/orders/{order}");
    let state = async |wanted: &str| -> Result<bool> {
        let told = chain.client.get(&shown).await;
        Ok(told.is_ok_and(|told| told["state"] == wanted))
    };
    until("central knows that it is accepted", async || state("accepted").await).await?;

    chain.central.stop().await?;
    for suffix in ["-wal", "-shm"] {
        let _absent = std::fs::remove_file(data.join(format!("central.db{suffix}")));
    }
    std::fs::copy(&copy, data.join("central.db"))?;
    chain.central.start().await?;

    let recovery = async || -> Result<Value> {
        Ok(chain.client.get("/v1/recovery").await?.get("recovery").cloned().unwrap_or(Value::Null))
    };
    let told = recovery().await?;
    ensure!(told["incarnation"] == 2 && told["over"] == false, "the witness did not tell: {told}");
    until("leeds brought the order back", async || state("accepted").await).await?;
    let adopted = chain.client.get(&shown).await?;
    ensure!(adopted["request_lost"] == true, "{adopted}");
    let again = chain.client.place(&key, &order_of(&[sku(1)])).await?;
    ensure!(again == order, "the repeated request became {again}");

    let override_york = json!({ "reason": "the line is cut; its parcels were counted by telephone" });
    chain.client.send(Method::POST, "/v1/recovery/stores/york", &override_york).await?;
    until("the recovery is over", async || Ok(recovery().await?["over"] == true)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_says_that_central_was_restored() -> Result<()> {
    let mut chain = Chain::start(Plan::default()).await?;
    let data = chain.central.data_folder();
    let refused = central(&["restored"], &data);
    ensure!(refused.is_err_and(|error| error.to_string().contains("in use")), "it runs still");
    chain.central.stop().await?;
    let told = central(&["restored"], &data)?;
    ensure!(told.contains("works on as incarnation"), "{told}");
    chain.central.start().await?;
    until("leeds has told all", async || {
        let told = chain.client.get("/v1/recovery").await?;
        Ok(told["recovery"]["over"] == true)
    })
    .await
}

fn central(arguments: &[&str], data: &std::path::Path) -> Result<String> {
    let program = holdfast::launch::Program::beside_this("holdfast-central")?;
    let mut command: Command = Command::new(program.path());
    let done = command.arg("--data-dir").arg(data).args(arguments).output().context("holdfast-central")?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
