//! Storefronts that ask, some of them more than once.

use super::Volume;
use crate::e2e::sku;
use anyhow::{Context, Result, bail, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use holdfast::client::{CentralClient, Refused};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// One request in twenty is repeated, in turn by each of the ways.
const REPEATED_EVERY: usize = 20;
/// Before an order that central turns away counts as lost.
const TRIES_MAX: u32 = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    Once,
    /// The same request twice, beside each other.
    AtTheSameTime,
    /// The same request again, when it was answered.
    Later,
    /// Another order under the key of this one.
    OtherBody,
}

const fn habit(n: usize) -> Habit {
    if !n.is_multiple_of(REPEATED_EVERY) {
        return Habit::Once;
    }
    match n / REPEATED_EVERY % 3 {
        0 => Habit::AtTheSameTime,
        1 => Habit::Later,
        _ => Habit::OtherBody,
    }
}

#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) orders: BTreeSet<String>,
    pub(super) waits: Vec<Duration>,
    pub(super) took: Duration,
    pub(super) replayed: usize,
    pub(super) conflicts: usize,
    pub(super) turned_away: u64,
    /// One of the bodies.
    pub(super) body: String,
}

/// How one order went.
struct One {
    order: String,
    wait: Duration,
    replayed: usize,
    conflicts: usize,
}

pub(super) async fn ask_all(client: &CentralClient, volume: Volume) -> Result<Asked> {
    let away = AtomicU64::new(0);
    let began = Instant::now();
    let asking = stream::iter(0..volume.orders).map(|n| ask(client, n, &away));
    let all: Vec<One> = asking.buffer_unordered(volume.clients).try_collect().await?;
    let mut asked = Asked { took: began.elapsed(), body: body(0, 1).to_string(), ..Asked::default() };
    asked.turned_away = away.into_inner();
    for one in all {
        ensure!(asked.orders.insert(one.order), "two keys were given one order");
        asked.waits.push(one.wait);
        asked.replayed += one.replayed;
        asked.conflicts += one.conflicts;
    }
    asked.waits.sort_unstable();
    Ok(asked)
}

fn body(n: usize, quantity: u32) -> Value {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    json!({
        "channel": "web", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": sku(n % super::SKUS), "quantity": quantity },
            { "sku": sku((n + 7) % super::SKUS), "quantity": 1 }],
    })
}

async fn ask(client: &CentralClient, n: usize, away: &AtomicU64) -> Result<One> {
    let (key, order) = (format!("volume-{n}"), body(n, 1));
    let began = Instant::now();
    match habit(n) {
        Habit::Once => {
            let (order, replayed) = taken(client, &key, &order, away).await?;
            ensure!(!replayed, "{key} was asked for once, and is told to be a repetition");
            Ok(One { order, wait: began.elapsed(), replayed: 0, conflicts: 0 })
        }
        Habit::AtTheSameTime => {
            let (one, other) =
                tokio::join!(taken(client, &key, &order, away), taken(client, &key, &order, away));
            let ((one, first), (other, second)) = (one?, other?);
            ensure!(one == other, "{key} became {one} and {other}");
            ensure!(first != second, "of two equal requests one is the repetition: {first}, {second}");
            Ok(One { order: one, wait: began.elapsed(), replayed: 1, conflicts: 0 })
        }
        Habit::Later => {
            let (first, _) = taken(client, &key, &order, away).await?;
            let wait = began.elapsed();
            let (again, replayed) = taken(client, &key, &order, away).await?;
            ensure!(first == again && replayed, "{key} became {first} and {again}");
            Ok(One { order: first, wait, replayed: 1, conflicts: 0 })
        }
        Habit::OtherBody => {
            let (order, _) = taken(client, &key, &order, away).await?;
            let wait = began.elapsed();
            let other = taken(client, &key, &body(n, 2), away).await;
            let Err(refused) = other else { bail!("{key} was taken with another body") };
            let status = refused.downcast_ref::<Refused>().map(|refused| refused.status);
            ensure!(status == Some(409), "{key} with another body: {refused}");
            Ok(One { order, wait, replayed: 0, conflicts: 1 })
        }
    }
}

/// The order, and whether it was there before. Who is told to come back comes back, with the same key.
async fn taken(client: &CentralClient, key: &str, order: &Value, away: &AtomicU64) -> Result<(String, bool)> {
    let mut pauses = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..TRIES_MAX {
        match client.place_json(key, order).await {
            Ok(told) => {
                let order = told.get("order").and_then(Value::as_str).context("the answer names no order")?;
                let replayed = told.get("replayed").and_then(Value::as_bool).context("no word of replay")?;
                return Ok((order.to_owned(), replayed));
            }
            Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.status == 503) => {
                away.fetch_add(1, Ordering::Relaxed);
                pauses.tick().await;
            }
            Err(error) => return Err(error),
        }
    }
    bail!("{key} was turned away {TRIES_MAX} times")
}
