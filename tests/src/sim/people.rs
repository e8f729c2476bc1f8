//! What people do: customers order, staff work on tasks, tills sell what lies on the shelf.

use super::fate::Fate;
use super::head_office::HeadOffice;
use super::shop::Shop;
use anyhow::{Result, bail, ensure};
use holdfast_agent::core::command::{
    Answer, ClosureRequest, Command, Intent, MovementKind, MovementRequest, TaskAct,
};
use holdfast_central::core::fleet::Place;
use holdfast_central::core::order::{OrderLineRequest, OrderRequest};
use holdfast_central::flows::FlowError;
use holdfast_central::flows::cancel::cancel_order;
use holdfast_central::flows::place_order::{PlaceOrder, place_order};
use holdfast_central::ports::orders::Placed;
use holdfast_central::ports::work::{RecallOutcome, TaskRow, Work};
use holdfast_shared::domain::task::{FulfilmentKind, Line, Status, TaskState};
use holdfast_shared::ids::{Actor, DeviceId, FactId, IdempotencyKey, OrderId, Sku, TenantId, TraceId};
use holdfast_shared::time::Now;

/// How staff go about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// They sometimes decline, do not find what is there, and try what they may not.
    Human,
    /// They bring every task to its end.
    Diligent,
}

pub fn order(tenant: &TenantId, n: u64, skus: &[Sku], shops: &[Shop], fate: &Fate) -> Result<PlaceOrder> {
    let kind = match fate.between(0, 10) {
        0..7 => FulfilmentKind::Ship,
        7 => FulfilmentKind::Delivery,
        _ => FulfilmentKind::Pickup,
    };
    let first = fate.index(skus.len());
    let lines = (0..1 + fate.index(3)).filter_map(|k| skus.get((first + k) % skus.len()));
    let pickup = fate.pick(shops).filter(|_| kind == FulfilmentKind::Pickup);
    let latitude = 53.0 + f64::from(u32::try_from(fate.between(0, 100))?) / 100.0;
    Ok(PlaceOrder {
        tenant: tenant.clone(),
        order: OrderId::new(format!("o{n}"))?,
        request: OrderRequest {
            reference: None,
            channel: String::from("web"),
            kind,
            destination: Place { latitude, longitude: -1.5 },
            pickup_store: pickup.map(|shop| shop.identity.store.clone()),
            lines: lines
                .map(|sku| OrderLineRequest {
                    sku: sku.clone(),
                    quantity: fate.between(1, 3),
                    unit_price: None,
                })
                .collect(),
            promise_by: None,
            note: None,
        },
        key: IdempotencyKey::new(format!("key-{n}"))?,
        actor: Actor::new("storefront")?,
        trace: TraceId::new(format!("{:032x}", u128::from(n) + 1))?,
    })
}

/// Whether central took it. `again`: this wish was answered before.
pub async fn place(
    office: &HeadOffice,
    wish: &PlaceOrder,
    again: bool,
    fate: &Fate,
    now: Now,
) -> Result<bool> {
    let Some(store) = &office.store else { return Ok(false) };
    let mut wish = wish.clone();
    let first = wish.order.clone();
    if again {
        wish.order = OrderId::new(format!("{first}-again"))?;
    }
    let placed = place_order(store, wish, now.utc).await?;
    match (&placed, again) {
        (Placed::New, false) => fate.mark("order_placed"),
        (Placed::Replayed { order, .. }, true) if *order == first => fate.mark("order_retried"),
        _ => bail!("ONCE: order {first} asked for (again: {again}) came out as {placed:?}"),
    }
    fate.say(format_args!("order {first}, again: {again}"));
    Ok(true)
}

/// A customer changes their mind, maybe too late.
pub async fn cancel(office: &HeadOffice, wish: &PlaceOrder, fate: &Fate, now: Now) -> Result<()> {
    let Some(store) = &office.store else { return Ok(()) };
    let (tenant, order) = (&wish.tenant, &wish.order);
    let asked = cancel_order(store, &office.pokes, tenant, order, "changed my mind", &wish.actor, now.utc);
    match asked.await {
        Ok(done) => {
            fate.say(format_args!("{order} is to be cancelled: {done:?}"));
            fate.mark(if done.asked_stores > 0 { "cancel_asked_a_store" } else { "cancelled_at_once" });
        }
        Err(FlowError::Refused { what, .. }) => {
            fate.say(what);
            fate.mark("cancelled_too_late");
        }
        Err(FlowError::Store(error)) => return Err(error.into()),
    }
    Ok(())
}

/// A second central that decides on what it saw a while ago takes work back: the row decides.
pub async fn rival(office: &HeadOffice, seen: &TaskRow, fate: &Fate, now: Now) -> Result<()> {
    let Some(store) = &office.store else { return Ok(()) };
    let task = &seen.state;
    let outcome = store.recall(&seen.tenant, &task.task, task.fence, "a rival decided so", now).await?;
    fate.say(format_args!("a rival recalls {}: {outcome:?}", task.task));
    fate.mark(match outcome {
        RecallOutcome::Recalled => "rival_recalled",
        RecallOutcome::ReleasedAlready => "rival_met_a_release",
        RecallOutcome::Moot => "rival_came_late",
    });
    Ok(())
}

fn intent(shop: &mut Shop, device: &str, fate: &Fate) -> Result<Intent> {
    shop.intents += 1;
    let n = shop.intents;
    let device = DeviceId::new(format!("{device}-{}", shop.name()))?;
    let mut request_hash = [0; 32];
    request_hash[..8].copy_from_slice(&n.to_le_bytes());
    // Some devices name their wish as a fact, others just send a key.
    let fact_id = if fate.happens(500) { Some(FactId::new(&device, 1, n)?) } else { None };
    let key = fact_id.as_ref().map_or_else(|| format!("k{n}"), ToString::to_string);
    let key = IdempotencyKey::new(key)?;
    Ok(Intent { device, actor: Actor::new("amy")?, key, request_hash, fact_id, trace: None })
}

/// The till, or the goods-in: only what is really there can be sold.
pub async fn movement(shop: &mut Shop, skus: &[Sku], fate: &Fate, now: Now) -> Result<()> {
    let Some(sku) = fate.pick(skus).cloned() else { return Ok(()) };
    let shelf = shop.shelf.get(&sku).copied().unwrap_or(0);
    let totes: i64 = shop.totes.values().filter_map(|tote| tote.get(&sku)).sum();
    let (kind, quantity) = match fate.between(0, 20) {
        0..13 if shelf > 0 => (MovementKind::Sale, fate.between(1, shelf.min(2) + 1)),
        13..16 => (MovementKind::Receipt, fate.between(1, 4)),
        16 => (MovementKind::Return, 1),
        // Cycle counts are what mends books that a short pick left wrong.
        17..19 => (MovementKind::Count, shelf + totes),
        _ => return Ok(()),
    };
    let intent = intent(shop, "till", fate)?;
    let command =
        Command::Move(vec![MovementRequest { kind, sku: sku.clone(), quantity, peer: None, note: None }]);
    let Some(answer) = shop.say(intent, command, fate, now).await? else { return Ok(()) };
    let Answer::Moved { positions, .. } = answer else { bail!("a movement was answered as something else") };
    let moved = match kind {
        MovementKind::Sale => {
            if positions.iter().any(|position| position.available < 0) {
                fate.mark("sold_reserved");
            }
            -quantity
        }
        MovementKind::Receipt | MovementKind::Return => quantity,
        MovementKind::Count
        | MovementKind::Adjustment
        | MovementKind::TransferIn
        | MovementKind::TransferOut => 0,
    };
    *shop.shelf.entry(sku).or_default() += moved;
    Ok(())
}

/// Staff close the store to orders, or open it again.
pub async fn closure(shop: &mut Shop, open: bool, fate: &Fate, now: Now) -> Result<()> {
    let hard = fate.happens(500);
    let wanted = ClosureRequest { hard, cause: String::from("burst pipe"), until: None };
    let request = (!open).then_some(wanted);
    let intent = intent(shop, "handheld", fate)?;
    if shop.say(intent, Command::Close(request), fate, now).await?.is_some() {
        shop.closed = !open;
        fate.mark(if open { "opened" } else { "closed" });
    }
    Ok(())
}

/// The next act on one of the store's open tasks.
pub async fn work(shop: &mut Shop, mood: Mood, fate: &Fate, now: Now) -> Result<bool> {
    let tasks = shop.open_tasks().await?;
    let Some(task) = fate.pick(&tasks) else { return Ok(false) };
    let act = match mood {
        Mood::Human if fate.happens(40) => {
            fate.mark("tried_to_hand_over_early");
            TaskAct::HandOver { to: None }
        }
        Mood::Human | Mood::Diligent => next_act(shop, task, mood, fate),
    };
    let intent = intent(shop, "handheld", fate)?;
    let command = Command::Task { task: task.task.clone(), act: act.clone() };
    if let Some(answer) = shop.say(intent, command, fate, now).await? {
        let Answer::Task { state } = answer else { bail!("an act was answered as something else") };
        ensure!(state.task == task.task, "an act on {} was answered for {}", task.task, state.task);
        handle_goods(shop, task, &act, fate)?;
    }
    Ok(true)
}

fn next_act(shop: &Shop, task: &TaskState, mood: Mood, fate: &Fate) -> TaskAct {
    let unwilling = mood == Mood::Human && fate.happens(60);
    let reason = || String::from("too busy");
    match task.status() {
        Status::Offered | Status::Accepted if unwilling => TaskAct::Decline { reason: reason() },
        // The ended ones are not among the open.
        Status::Offered | Status::HandedOver | Status::Declined | Status::PutBack => TaskAct::Accept,
        Status::Accepted => TaskAct::StartPicking,
        Status::Picking => match task.lines.iter().find(|line| line.open() > 0) {
            Some(line) => pick_or_short(shop, line, unwilling, fate),
            None if task.lines.iter().any(|line| line.picked > 0) => TaskAct::Pack,
            None => TaskAct::PutBack,
        },
        Status::PuttingBack => TaskAct::PutBack,
        Status::AwaitingRelease | Status::Ready => TaskAct::HandOver { to: None },
    }
}

fn pick_or_short(shop: &Shop, line: &Line, unwilling: bool, fate: &Fate) -> TaskAct {
    let shelf = shop.shelf.get(&line.sku).copied().unwrap_or(0);
    let there = shelf.min(line.open());
    if there < 1 || unwilling {
        TaskAct::Short { line: line.line, missing: line.open().saturating_sub(there).max(1) }
    } else {
        TaskAct::Pick { line: line.line, quantity: fate.between(1, there + 1) }
    }
}

/// What an act that was allowed does to the goods.
fn handle_goods(shop: &mut Shop, task: &TaskState, act: &TaskAct, fate: &Fate) -> Result<()> {
    match act {
        TaskAct::Pick { line, quantity } => {
            let Some(line) = task.line(*line) else { bail!("a line that is not there was picked") };
            *shop.shelf.entry(line.sku.clone()).or_default() -= quantity;
            let tote = shop.totes.entry(task.task.clone()).or_default();
            *tote.entry(line.sku.clone()).or_default() += quantity;
        }
        TaskAct::Short { .. } => fate.mark("short_pick"),
        TaskAct::HandOver { .. } => {
            fate.mark("handed_over");
            shop.totes.remove(&task.task);
        }
        TaskAct::PutBack => {
            fate.mark("put_back");
            for (sku, units) in shop.totes.remove(&task.task).unwrap_or_default() {
                *shop.shelf.entry(sku).or_default() += units;
            }
        }
        TaskAct::Decline { .. } => fate.mark("declined"),
        TaskAct::Accept | TaskAct::StartPicking | TaskAct::Pack | TaskAct::LetGo { .. } => {}
    }
    Ok(())
}
