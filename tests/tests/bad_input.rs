//! Each bad input is answered in words, and nothing of it is kept. Against the real processes.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use anyhow::{Context, Result, ensure};
use holdfast::client::{LanClient, Refused};
use holdfast_agent::ports::ledger::Role;
use holdfast_shared::ids::IdempotencyKey;
use holdfast_tests::e2e::{Chain, Plan, order_of, sku, until};
use serde_json::{Value, json};

/// Status and code of a refusal; an answer that is none fails the test.
fn refusal<T>(answer: Result<T>) -> Result<(u16, String)> {
    let error = answer.err().context("it was accepted")?;
    let refused = error.downcast::<Refused>()?;
    ensure!(!refused.detail.is_empty() && !refused.hint.is_empty(), "no words: {refused:?}");
    Ok((refused.status, refused.code))
}

async fn moved(till: &LanClient, body: &Value) -> Result<(u16, String)> {
    refusal(till.send("/v1/movements", &till.intent(), body).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_answers_every_bad_movement_in_words() -> Result<()> {
    let chain = Chain::start(Plan::default()).await?;
    let till = chain.stores[0].pair(Role::Pos, "till").await?;
    let sale = |field: &str, value: Value| {
        let mut movement = json!({ "kind": "sale", "sku": "SKU-00000", "quantity": 1 });
        movement[field] = value;
        json!({ "movements": [movement] })
    };
    for (body, status, code) in [
        (sale("sku", json!("NO-SUCH")), 404, "unknown_sku"),
        (sale("sku", json!("no/such")), 400, "invalid_request"),
        (sale("quantity", json!(-1)), 422, "invalid_quantity"),
        (sale("quantity", json!(0)), 422, "invalid_quantity"),
        (sale("quantity", json!(1_000_001)), 422, "invalid_quantity"),
        (sale("quantity", json!(1.5)), 400, "invalid_request"),
        (sale("quantity", json!("one")), 400, "invalid_request"),
        (sale("color", json!("red")), 400, "unknown_field"),
        (sale("note", json!("x".repeat(300_000))), 413, "body_too_large"),
    ] {
        let told = moved(&till, &body).await?;
        let short: String = body.to_string().chars().take(120).collect();
        ensure!(told == (status, code.to_owned()), "{short} was answered {told:?}");
    }
    let key = till.intent();
    till.send("/v1/movements", &key, &sale("quantity", json!(1))).await?;
    let other = refusal(till.send("/v1/movements", &key, &sale("quantity", json!(2))).await)?;
    ensure!(other == (409, "idempotency_key_reused".to_owned()), "{other:?}");
    let reader = chain.stores[0].pair(Role::Manager, "reader").await?;
    ensure!(reader.on_hand(&sku(0)).await? == 99, "only the one good sale counts");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_changes_state_is_open() -> Result<()> {
    let chain = Chain::start(Plan::default()).await?;
    let http = holdfast::client::http()?;
    let lan = chain.stores[0].lan_url();
    for path in ["/v1/movements", "/v1/tasks/o-1/accept", "/v1/pairings", "/v1/import"] {
        let answer = http.post(format!("{lan}{path}")).json(&json!({})).send().await?;
        ensure!(answer.status() == 401, "{path} of the agent answered {}", answer.status());
    }
    let central = chain.client.url();
    for path in ["/v1/orders", "/v1/sync", "/v1/api-keys", "/v1/stores/leeds/enrolments"] {
        let answer = http.post(format!("{central}{path}")).json(&json!({})).send().await?;
        ensure!(answer.status() == 401, "{path} of central answered {}", answer.status());
    }
    let till = chain.stores[0].pair(Role::Pos, "till").await?;
    let refused = refusal(till.send("/v1/pairings", &till.intent(), &json!({ "role": "manager" })).await)?;
    ensure!(refused == (403, "forbidden".to_owned()), "a till made itself a manager: {refused:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn central_answers_every_bad_order_in_words() -> Result<()> {
    let chain = Chain::start(Plan::default()).await?;
    let good = serde_json::to_value(order_of(&[sku(0)]))?;
    let with = |path: &str, value: Value| -> Result<Value> {
        let mut order = good.clone();
        *order.pointer_mut(path).context("no such place")? = value;
        Ok(order)
    };
    for (n, (body, statuses)) in [
        (with("/lines", json!([]))?, [400, 422]),
        (with("/lines/0/quantity", json!(0))?, [400, 422]),
        (with("/lines/0/quantity", json!(-3))?, [400, 422]),
        (with("/lines/0/quantity", json!(0.5))?, [400, 422]),
        (with("/lines/0/sku", json!("NO-SUCH"))?, [404, 422]),
        (with("/kind", json!("teleport"))?, [400, 422]),
        (with("/destination/latitude", json!(123.0))?, [400, 422]),
        (with("/pickup_store", json!("nowhere"))?, [400, 404]),
        (with("/note", json!("card 4111 1111 1111 1111"))?, [400, 422]),
    ]
    .into_iter()
    .enumerate()
    {
        let (status, code) = refusal(chain.client.place_json(&format!("bad-{n}"), &body).await)?;
        ensure!(statuses.contains(&status), "{body} was answered {status} {code}");
    }
    let key = IdempotencyKey::new("once")?;
    chain.client.place(&key, &order_of(&[sku(0)])).await?;
    let other = refusal(chain.client.place(&key, &order_of(&[sku(1)])).await)?;
    ensure!(other == (409, "idempotency_key_reused".to_owned()), "{other:?}");
    let unknown = refusal(chain.client.get("/v1/stores/atlantis").await)?;
    ensure!(unknown == (404, "unknown_store".to_owned()), "{unknown:?}");
    let orders = chain.client.all("/v1/orders", "orders").await?;
    ensure!(orders.len() == 1, "only the one good order was taken: {orders:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_sync_bytes_are_refused_and_counted() -> Result<()> {
    let chain = Chain::start(Plan::default()).await?;
    let identity = std::fs::read_to_string(chain.stores[0].data_folder().join("identity.json"))?;
    let identity: Value = serde_json::from_str(&identity)?;
    let secret = identity["secret"].as_str().context("no secret")?;
    let http = holdfast::client::http()?;
    let unknown = "unsupported_media_type";
    let damaged = "damaged_sync";
    for (body, code) in [
        (b"HFS1".to_vec(), damaged),
        ([b"HFS1".as_slice(), &[0xff; 4096]].concat(), damaged),
        (b"junk".to_vec(), unknown),
        (Vec::new(), unknown),
    ] {
        let request = http.post(format!("{}/v1/sync", chain.client.url())).bearer_auth(secret);
        let answer =
            request.header("Content-Type", "application/vnd.holdfast.sync").body(body).send().await?;
        ensure!(answer.status().is_client_error(), "answered {}", answer.status());
        let problem: Value = answer.json().await?;
        ensure!(problem["code"] == code, "{problem}");
    }
    chain.until_standing(0, "eligible").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_kept_aside_and_the_store_sells_on() -> Result<()> {
    let mut chain = Chain::start(Plan { skus: 2_000, ..Plan::default() }).await?;
    chain.stores[0].stop().await?;
    let folder = chain.stores[0].data_folder();
    damage(&folder)?;
    chain.stores[0].start().await?;
    // It is found at the start or at the first use; what is sound is saved, the rest central has.
    let sale = json!({ "movements": [{ "kind": "sale", "sku": "SKU-00000", "quantity": 1 }] });
    until("the till sells again", async || {
        let Ok(till) = chain.stores[0].pair(Role::Pos, "till").await else { return Ok(false) };
        Ok(till.send("/v1/movements", &till.intent(), &sale).await.is_ok())
    })
    .await?;
    until("the damaged file is kept aside", async || {
        let names = std::fs::read_dir(&folder)?.filter_map(Result::ok).map(|entry| entry.file_name());
        Ok(names.into_iter().any(|name| name.to_string_lossy().contains(".damaged-")))
    })
    .await
}

/// Overwrites the middle of every page but the first few, as a dying disk might.
fn damage(folder: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::FileExt;
    let database = std::fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "sqlite"))
        .context("no database in the data folder")?;
    let file = std::fs::File::options().write(true).open(&database)?;
    let pages = file.metadata()?.len() / 4096;
    for page in pages / 2..pages {
        file.write_at(&[0xa5; 64], page * 4096 + 8)?;
    }
    Ok(())
}
