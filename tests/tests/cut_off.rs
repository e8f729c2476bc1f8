//! CONVERGE with real processes: a store that was cut off for a day comes back level.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use anyhow::{Context, Result, ensure};
use holdfast::client::LanClient;
use holdfast::demo::{Board, pick};
use holdfast_agent::core::command::{MovementKind, MovementRequest};
use holdfast_agent::ports::ledger::Role;
use holdfast_shared::ids::{IdempotencyKey, StoreId};
use holdfast_tests::e2e::{Chain, Plan, order_of, sku, until};
use serde_json::Value;

const MOVEMENTS: u32 = 5_000;
const PER_REQUEST: u32 = 50;
const SKUS: u32 = 200;
const ORDERS: u32 = 40;

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_work_offline_is_level_after_one_conversation() -> Result<()> {
    // Short of a release nothing moves away from the store while it is cut off.
    let config =
        "[health]\nsuspect_after = \"1h\"\nineligible_after = \"2h\"\n\n[offers]\naccept_within = \"1h\"\n";
    let plan = Plan { skus: SKUS, units: 1_000, central_config: config.to_owned(), ..Plan::default() };
    let chain = Chain::start(plan).await?;
    let store = &chain.stores[0];
    chain.until_standing(0, "eligible").await?;
    for n in 0..ORDERS {
        chain
            .client
            .place(&IdempotencyKey::new(format!("day-{n}"))?, &order_of(&[sku(n), sku(n + 1)]))
            .await?;
    }
    let handheld = store.pair(Role::Picker, "handheld").await?;
    until("every offer arrived", async || Ok(handheld.open_tasks().await?.len() == ORDERS as usize)).await?;

    store.cut_uplink();
    let till = store.pair(Role::Pos, "till").await?;
    sell_all_day(&till).await?;
    let board = Board::default();
    // Accept, start, pick twice, pack: 200 transitions. Nothing leaves, for want of a release.
    for _ in 0..5 {
        pick(&handheld, &store.store.store, &board).await?;
    }
    ensure!(board.lock().transitions == u64::from(ORDERS) * 5, "{} transitions", board.lock().transitions);
    let waiting = handheld.open_tasks().await?;
    ensure!(waiting.iter().all(|task| task["status"] == "awaiting_release"), "{waiting:?}");

    let before = status(&handheld).await?;
    ensure!(before["unsynced"].as_u64() > Some(u64::from(MOVEMENTS)), "{before}");
    store.restore_uplink();
    let back = tokio::time::Instant::now();
    until("central has the same root and stock", async || level(&chain, &handheld, &store.store.store).await)
        .await?;
    println!(
        "level after {:?}; last conversation: {}",
        back.elapsed(),
        status(&handheld).await?["last_sync"]
    );
    until("everything is released", async || {
        let tasks = handheld.open_tasks().await?;
        Ok(tasks.iter().all(|task| task["status"] == "ready"))
    })
    .await?;
    pick(&handheld, &store.store.store, &board).await?;
    until("every order went out", async || {
        let orders = chain.client.all("/v1/orders", "orders").await?;
        Ok(orders.iter().all(|order| order["state"] == "shipped"))
    })
    .await?;
    until("level again", async || level(&chain, &handheld, &store.store.store).await).await
}

async fn sell_all_day(till: &LanClient) -> Result<()> {
    for request in 0..MOVEMENTS / PER_REQUEST {
        let sales: Vec<_> = (0..PER_REQUEST)
            .map(|n| MovementRequest {
                kind: MovementKind::Sale,
                sku: sku((request * PER_REQUEST + n) % SKUS),
                quantity: 1,
                peer: None,
                note: None,
            })
            .collect();
        till.movements(&till.intent(), &sales).await?;
    }
    Ok(())
}

async fn status(device: &LanClient) -> Result<Value> {
    device.get("/v1/status").await
}

async fn level(chain: &Chain, device: &LanClient, store: &StoreId) -> Result<bool> {
    let here = status(device).await?;
    let there = chain.client.get(&format!("/v1/stores/{store}")).await?;
    let digest = there.get("digest").context("central tells no digest")?;
    Ok(here["unsynced"] == 0
        && here["root"] == digest["root"]
        && here["stock_digest"] == digest["stock_digest"])
}
