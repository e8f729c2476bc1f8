//! The same chain over the embedded broker and over a real Mosquitto.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use anyhow::{Context, Result, ensure};
use holdfast::demo::{Board, pick};
use holdfast_agent::ports::ledger::Role;
use holdfast_shared::ids::IdempotencyKey;
use holdfast_shared::wire::signal::Heartbeat;
use holdfast_tests::e2e::mosquitto::{Mosquitto, subscribe_once};
use holdfast_tests::e2e::{Chain, Plan, order_of, sku, until};
use serde_json::Value;

const PASSWORD: &str = "only-for-this-test";

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_client_reads_heartbeats_from_the_embedded_broker() -> Result<()> {
    let plan = Plan { mqtt_config: format!("observer_password = \"{PASSWORD}\"\n"), ..Plan::default() };
    let chain = Chain::start(plan).await?;
    let heard = subscribe_once(
        chain.central.addresses().mqtt,
        "observer",
        PASSWORD,
        "holdfast/v1/default/leeds/heartbeat",
    )
    .await?;
    let beat: Heartbeat = serde_json::from_str(&heard)?;
    ensure!(beat.store == chain.stores[0].store.store && beat.vitals.database_ok != Some(false), "{heard}");
    let wrong = subscribe_once(chain.central.addresses().mqtt, "observer", "guessed", "#").await;
    ensure!(wrong.is_err(), "a guessed password was let in");
    a_day_goes_well(&chain).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_chain_runs_over_mosquitto() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut broker = Mosquitto::set_up(folder.path())?;
    broker.allow("central", PASSWORD, "topic read holdfast/v1/+/+/heartbeat\ntopic read holdfast/v1/+/+/freshness\ntopic read holdfast/v1/+/+/presence\ntopic write holdfast/v1/+/+/poke");
    broker.start().await?;
    let plan = Plan { external_broker: Some((broker.address, PASSWORD.to_owned())), ..Plan::default() };
    let chain = Chain::start(plan).await?;
    let identity = std::fs::read_to_string(chain.stores[0].data_folder().join("identity.json"))?;
    let identity: Value = serde_json::from_str(&identity)?;
    let word = |name: &str| identity.get(name).and_then(Value::as_str).context("not in the identity");
    let own = "topic write holdfast/v1/default/leeds/heartbeat\ntopic write holdfast/v1/default/leeds/freshness\ntopic write holdfast/v1/default/leeds/presence\ntopic read holdfast/v1/default/leeds/poke";
    broker.allow(word("replica")?, word("secret")?, own);
    broker.start().await?;
    let heard =
        subscribe_once(broker.address, "central", PASSWORD, "holdfast/v1/default/leeds/heartbeat").await?;
    let beat: Heartbeat = serde_json::from_str(&heard)?;
    ensure!(beat.store == chain.stores[0].store.store, "{heard}");
    a_day_goes_well(&chain).await
}

/// The store is heard, an order comes in and goes out, and a silent store is noticed.
async fn a_day_goes_well(chain: &Chain) -> Result<()> {
    let store = &chain.stores[0];
    chain.until_standing(0, "eligible").await?;
    chain.client.place(&IdempotencyKey::new("day")?, &order_of(&[sku(0), sku(1)])).await?;
    let (handheld, board) = (store.pair(Role::Picker, "handheld").await?, Board::default());
    until("the order went out", async || {
        pick(&handheld, &store.store.store, &board).await?;
        let orders = chain.client.all("/v1/orders", "orders").await?;
        Ok(orders.iter().all(|order| order["state"] == "shipped"))
    })
    .await?;
    store.cut_uplink();
    chain.until_standing(0, "ineligible").await?;
    store.restore_uplink();
    chain.until_standing(0, "eligible").await
}
