//! NO_LOST_ACK with real processes: kill -9 at random moments under load, again and again.
//! `HOLDFAST_KILLS=500` kills each side that often.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use anyhow::{Result, ensure};
use holdfast::client::{CentralClient, LanClient};
use holdfast::demo::{Board, pick};
use holdfast_agent::core::command::{MovementKind, MovementRequest};
use holdfast_agent::ports::ledger::Role;
use holdfast_central::core::order::OrderState;
use holdfast_platform::random;
use holdfast_shared::ids::{IdempotencyKey, OrderId};
use holdfast_tests::e2e::{Chain, Plan, insist, order_of, sku, until};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const KILLS: u32 = 50;
/// At the most so much is acknowledged between two kills; at least one, so that each meets work.
const ACKNOWLEDGED_BETWEEN_MAX: u64 = 16;
/// Then the blow falls anywhere within the next requests.
const BLOW_WITHIN_US: u64 = 3_000;
const CLIENTS: u32 = 4;
const SHELF: i64 = 100_000;

type Count = Arc<watch::Sender<u64>>;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_agent_loses_no_movement_it_acknowledged() -> Result<()> {
    let mut chain = Chain::start(Plan { units: SHELF, ..Plan::default() }).await?;
    let stop = CancellationToken::new();
    let count: Count = Arc::new(watch::channel(0).0);
    let mut tills = JoinSet::new();
    for n in 0..CLIENTS {
        let till = chain.stores[0].pair(Role::Pos, &format!("till {n}")).await?;
        tills.spawn(sell(till, n, Arc::clone(&count), stop.clone()));
    }
    for _ in 0..kills()? {
        some_more(&count).await?;
        chain.stores[0].crash()?;
        chain.stores[0].start().await?;
    }
    stop.cancel();
    let reader = chain.stores[0].pair(Role::Manager, "reader").await?;
    for done in tills.join_all().await {
        let (till, n, keys) = done?;
        for key in &keys {
            let again = till.movements(key, &[sale(n)]).await?;
            ensure!(again.replayed, "{key} was acknowledged and is gone");
        }
        let left = SHELF - i64::try_from(keys.len())?;
        ensure!(reader.on_hand(&sku(n)).await? == left, "each sale counts once");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_central_loses_no_order_and_no_transition() -> Result<()> {
    let mut chain = Chain::start(Plan { units: SHELF, ..Plan::default() }).await?;
    chain.until_standing(0, "eligible").await?;
    let (stop, done_picking) = (CancellationToken::new(), CancellationToken::new());
    let count: Count = Arc::new(watch::channel(0).0);
    let mut shops = JoinSet::new();
    for n in 0..CLIENTS {
        shops.spawn(shop(chain.client.clone(), n, Arc::clone(&count), stop.clone()));
    }
    let handheld = chain.stores[0].pair(Role::Picker, "handheld").await?;
    let picker = tokio::spawn(pick_until(handheld, done_picking.clone()));
    for _ in 0..kills()? {
        some_more(&count).await?;
        chain.central.crash()?;
        chain.central.start().await?;
    }
    stop.cancel();
    for done in shops.join_all().await {
        for (key, order) in done? {
            let again = chain.client.place(&key, &order_of(&[sku(0)])).await?;
            ensure!(again == order, "{key} was {order} and is now {again}");
        }
    }
    let mut left = waiting(&chain.client).await?;
    while left > 0 {
        until("another order goes out", async || Ok(waiting(&chain.client).await? < left)).await?;
        left = waiting(&chain.client).await?;
    }
    let orders = chain.client.all("/v1/orders", "orders").await?;
    ensure!(orders.iter().all(|order| order["state"] == "shipped"), "an order went back meanwhile");
    done_picking.cancel();
    picker.await??;
    let audit = chain.client.get("/v1/audit").await?;
    for invariant in ["double_shipped", "oversold", "reserved_mismatch", "orphaned_holds"] {
        ensure!(audit[invariant] == 0, "{invariant}: {audit}");
    }
    Ok(())
}

/// Orders that have not gone out.
async fn waiting(central: &CentralClient) -> Result<usize> {
    let mut waiting = 0;
    for state in OrderState::ALL.into_iter().filter(|state| *state != OrderState::Shipped) {
        waiting += central.all(&format!("/v1/orders?state={}", state.as_str()), "orders").await?.len();
    }
    Ok(waiting)
}

fn kills() -> Result<u32> {
    Ok(std::env::var("HOLDFAST_KILLS").map_or(Ok(KILLS), |told| told.parse())?)
}

/// Waits until work went on since the last look, and then for a moment that nobody can foresee.
#[expect(clippy::disallowed_methods, reason = "nothing is waited for: chance says when the blow falls")]
async fn some_more(count: &Count) -> Result<()> {
    let drawn = |below: u64| Ok::<_, anyhow::Error>(u64::from_le_bytes(random::bytes()?) % below);
    let mut seen = count.subscribe();
    let enough = *seen.borrow_and_update() + 1 + drawn(ACKNOWLEDGED_BETWEEN_MAX)?;
    seen.wait_for(|now| *now >= enough).await?;
    tokio::time::sleep(Duration::from_micros(drawn(BLOW_WITHIN_US)?)).await;
    Ok(())
}

fn sale(n: u32) -> MovementRequest {
    MovementRequest { kind: MovementKind::Sale, sku: sku(n), quantity: 1, peer: None, note: None }
}

async fn sell(
    till: LanClient,
    n: u32,
    count: Count,
    stop: CancellationToken,
) -> Result<(LanClient, u32, Vec<String>)> {
    let (mut keys, one) = (Vec::new(), [sale(n)]);
    while !stop.is_cancelled() {
        let key = till.intent();
        insist(|| till.movements(&key, &one)).await?;
        keys.push(key);
        count.send_modify(|count| *count += 1);
    }
    Ok((till, n, keys))
}

async fn shop(
    central: CentralClient,
    n: u32,
    count: Count,
    stop: CancellationToken,
) -> Result<Vec<(IdempotencyKey, OrderId)>> {
    let (mut placed, one) = (Vec::new(), order_of(&[sku(0)]));
    while !stop.is_cancelled() {
        let key = IdempotencyKey::new(format!("shop-{n}-{}", placed.len()))?;
        let order = insist(|| central.place(&key, &one)).await?;
        placed.push((key, order));
        count.send_modify(|count| *count += 1);
    }
    Ok(placed)
}

async fn pick_until(handheld: LanClient, done: CancellationToken) -> Result<()> {
    let (board, store) = (Board::default(), "leeds".parse()?);
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while !done.is_cancelled() {
        looks.tick().await;
        pick(&handheld, &store, &board).await?;
    }
    Ok(())
}
