//! Events in NATS JetStream: each is there once, under its own subject, whatever became of the server meanwhile.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::{self, consumer::pull, stream::Stream};
use futures::StreamExt;
use holdfast::client::{CentralClient, http};
use holdfast_central::adapters::sinks::{NatsSettings, SinkSettings};
use holdfast_central::ports::fleet::CatalogueItem;
use holdfast_central::runtime::{self, CentralConfig, Egress, Running};
use holdfast_tests::e2e::nats::Nats;
use holdfast_tests::e2e::until;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const ORDERS: usize = 20;

async fn central(folder: &Path, nats: &Nats) -> Result<(Running, CentralClient)> {
    let settings = NatsSettings { url: nats.url(), user: None, password: None, credentials_file: None };
    let sinks = SinkSettings { nats: Some(settings), ..SinkSettings::default() };
    let egress = Egress { sinks, ..Egress::default() };
    let config = CentralConfig { egress, ..CentralConfig::embedded(folder.join("central")) };
    let running = runtime::start(config, None).await?;
    let url = format!("http://{}", running.http_address());
    let client = CentralClient::new(http()?, &url, running.admin_key());
    Ok((running, client))
}

async fn place(client: &CentralClient, from: usize, to: usize) -> Result<()> {
    for n in from..to {
        let order = json!({ "channel": "web", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
            "lines": [{ "sku": "TEE-1", "quantity": 1 }] });
        client.place_json(&format!("order-{n}"), &order).await?;
    }
    Ok(())
}

async fn stream(nats: &Nats) -> Result<Stream> {
    let context = jetstream::new(async_nats::connect(nats.url()).await?);
    Ok(context.get_stream("HOLDFAST").await?)
}

/// Of each order the numbers of its events, in the order in which the stream has them.
async fn heard(stream: &mut Stream) -> Result<BTreeMap<String, Vec<u64>>> {
    let count = usize::try_from(stream.info().await?.state.messages)?;
    let consumer = stream.create_consumer(pull::Config::default()).await?;
    let mut messages = consumer.messages().await?.take(count);
    let mut heard: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    while let Some(message) = messages.next().await {
        let message = message?;
        let cloud: Value = serde_json::from_slice(&message.payload)?;
        let key = cloud["subject"].as_str().context("no subject")?.to_owned();
        let kind = cloud["type"].as_str().context("no type")?;
        let kind = kind.trim_start_matches("com.holdfast.").trim_end_matches(".v1");
        ensure!(message.subject.as_str() == format!("holdfast.default.{kind}.{key}"), "{}", message.subject);
        let number = cloud["keysequence"].as_str().context("no number")?.parse()?;
        heard.entry(key).or_default().push(number);
    }
    Ok(heard)
}

async fn has_caught_up(client: &CentralClient) -> Result<bool> {
    let told = client.get("/v1/consumers/bus").await?;
    Ok(told["progress"]["behind"] == 0 && told["progress"]["waiting"] == 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_in_the_stream_once_and_in_order_over_a_restart_of_the_server() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut nats = Nats::start(folder.path()).await?;
    let (running, client) = central(folder.path(), &nats).await?;
    client
        .put_catalogue(&[serde_json::from_value::<CatalogueItem>(json!({ "sku": "TEE-1", "name": "Tee" }))?])
        .await?;
    let retry = json!({ "first_ms": 50, "wait_ms_max": 500, "age_ms_max": 600_000 });
    let terms = json!({ "consumer": { "owner": "data", "contact": "data@example.com", "retry": retry,
        "sink": { "kind": "nats" } } });
    client.send(Method::PUT, "/v1/consumers/bus", &terms).await?;
    place(&client, 0, ORDERS / 2).await?;
    until("the first half is in the stream", async || has_caught_up(&client).await).await?;
    nats.kill()?;
    place(&client, ORDERS / 2, ORDERS).await?;
    nats.again().await?;
    until("the second half is in the stream", async || has_caught_up(&client).await).await?;
    // Sent again by hand, it is the same event, and the stream knows it.
    let again = client.send(Method::POST, "/v1/consumers/bus/events/1/redeliver", &json!({})).await?;
    ensure!(again["outcome"] == "taken", "{again}");

    let told = client.all("/v1/orders", "orders").await?;
    let events = client.get("/v1/events?limit=500").await?;
    let events = events["events"].as_array().context("no events")?.len();
    let mut stream = stream(&nats).await?;
    let heard = heard(&mut stream).await?;
    // Beside the orders it has the exceptions that they are.
    let orders = heard.keys().filter(|key| key.starts_with("o-")).count();
    ensure!(orders == told.len() && told.len() == ORDERS, "{orders} of {}", told.len());
    for (key, numbers) in &heard {
        let counted: Vec<u64> = (1..).take(numbers.len()).collect();
        ensure!(*numbers == counted, "{key}: {numbers:?}");
    }
    let there: usize = heard.values().map(Vec::len).sum();
    ensure!(there == events, "{there} in the stream, {events} told");
    running.stop().await?;
    Ok(())
}
