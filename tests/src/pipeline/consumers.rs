//! The consumers of events, as an operator sees them at central.

use super::receiver::Heard;
use anyhow::{Context, Result, bail, ensure};
use holdfast::client::CentralClient;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Without any progress for so long, none is expected any more.
const STILL: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const FETCHED_AT_ONCE: usize = 256;

pub(super) async fn register(client: &CentralClient, name: &str, address: SocketAddr) -> Result<()> {
    let retry = json!({ "first_ms": 50, "wait_ms_max": 200, "age_ms_max": 86_400_000, "refusals_max": 2 });
    let sink = json!({ "kind": "webhook", "url": format!("http://{address}/in") });
    let terms = json!({ "owner": name, "contact": "them@example.com", "retry": retry, "sink": sink });
    client.send(Method::PUT, &path(name, ""), &json!({ "consumer": terms })).await.map(drop)
}

fn path(name: &str, rest: &str) -> String {
    format!("/v1/consumers/{name}{rest}")
}

/// The number of the newest event.
pub(super) async fn newest(client: &CentralClient) -> Result<u64> {
    let told = client.get("/v1/events?limit=1").await?;
    told.pointer("/events/0/sequence").and_then(Value::as_u64).context("there is no event")
}

/// Waits until each of them has gone past `cut`, and nothing waits for another try.
pub(super) async fn has_all(client: &CentralClient, names: &[&str], cut: u64) -> Result<()> {
    for name in names {
        let (mut best, mut since) = ((0, 0), Instant::now());
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            let told = client.get(&path(name, "")).await?;
            let number = |at: &str| told.pointer(at).and_then(Value::as_u64).context("a number is missing");
            let (position, waiting) = (number("/position")?, number("/progress/waiting")?);
            let parked = number("/progress/parked")?;
            // Behind a parked event the others of its key wait, for a person.
            if position >= cut && (waiting == 0 || parked > 0 && only_parked_wait(client, name).await?) {
                break;
            }
            let now = (position, u64::MAX - waiting);
            if now > best {
                (best, since) = (now, Instant::now());
            }
            ensure!(since.elapsed() < STILL, "{name} gets nowhere: {told}");
        }
    }
    Ok(())
}

/// Whether all that waits is parked, or does so behind what is.
async fn only_parked_wait(client: &CentralClient, name: &str) -> Result<bool> {
    let told = client.get(&path(name, "")).await?;
    let waiting = told.pointer("/progress/waiting").and_then(Value::as_u64).unwrap_or_default();
    let parked = parked(client, name).await?;
    Ok(parked.behind + u64::try_from(parked.events.len())? == waiting)
}

#[derive(Debug, Default)]
pub(super) struct Parked {
    pub(super) keys: BTreeSet<String>,
    events: Vec<u64>,
    behind: u64,
}

pub(super) async fn parked(client: &CentralClient, name: &str) -> Result<Parked> {
    let mut parked = Parked::default();
    for letter in client.all(&path(name, "/dead-letters"), "dead_letters").await? {
        let key = letter.get("key").and_then(Value::as_str).context("a dead letter has no key")?;
        parked.keys.insert(key.to_owned());
        let number = |field: &str| letter.get(field).and_then(Value::as_u64).context("no number");
        parked.events.push(number("sequence")?);
        parked.behind += number("behind")?;
    }
    Ok(parked)
}

pub(super) async fn retry_parked(client: &CentralClient, name: &str) -> Result<()> {
    for event in parked(client, name).await?.events {
        let rest = format!("/dead-letters/{event}/retry");
        client.send(Method::POST, &path(name, &rest), &json!({})).await?;
    }
    Ok(())
}

/// Its people say that it is there again.
pub(super) async fn go_on(client: &CentralClient, name: &str) -> Result<()> {
    for act in ["/pause", "/resume"] {
        client.send(Method::POST, &path(name, act), &json!({ "reason": "its server is up again" })).await?;
    }
    Ok(())
}

/// What a consumer has that was added after the fact.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    pub(super) heard: Heard,
    first: String,
}

impl Fetched {
    /// One of the events, as bytes.
    pub(super) fn event(&self) -> String {
        self.first.clone()
    }
}

pub(super) async fn fetch_from_the_start(client: &CentralClient, name: &str) -> Result<Fetched> {
    let terms = json!({ "owner": name, "contact": "them@example.com", "sink": { "kind": "pull" } });
    let asked = json!({ "consumer": terms, "from": { "sequence": 0 } });
    client.send(Method::PUT, &path(name, ""), &asked).await?;
    let mut fetched = Fetched::default();
    loop {
        let told = client.get(&path(name, &format!("/events?limit={FETCHED_AT_ONCE}"))).await?;
        let events = told.get("events").and_then(Value::as_array).context("no events")?;
        for event in events {
            if fetched.first.is_empty() {
                fetched.first = event.to_string();
            }
            ensure!(fetched.heard.take(event)?, "an event was fetched twice: {event}");
        }
        let up_to = told.get("up_to").context("no number to acknowledge")?;
        client.send(Method::POST, &path(name, "/acknowledge"), &json!({ "up_to": up_to })).await?;
        match told.get("more").and_then(Value::as_bool) {
            Some(true) => {}
            Some(false) => return Ok(fetched),
            None => bail!("no word of more: {told}"),
        }
    }
}
