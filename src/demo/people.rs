//! The people of the demo: pickers with a handheld, tills that sell, customers who order.
//!
//! Each works through the same API as a real one, and remembers what it was told was done.

use super::board::{Board, Tone};
use super::chain;
use super::dice::Dice;
use crate::client::{CentralClient, LanClient, Refused};
use anyhow::Result;
use holdfast_agent::core::command::{MovementKind, MovementRequest};
use holdfast_central::core::fleet::Place;
use holdfast_central::core::order::{OrderLineRequest, OrderRequest};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{IdempotencyKey, Sku, StoreId, TaskId};
use serde_json::{Value, json};
use std::time::Duration;

/// Where the parcels go.
const DOORSTEP: [&str; 4] = ["1 Station Road", "Leeds", "LS1 4DY", "GB"];

/// Does the next thing for each open task, as someone with a handheld would.
pub async fn pick(handheld: &LanClient, store: &StoreId, board: &Board) -> Result<()> {
    for task in handheld.open_tasks().await? {
        let Some((id, act, body)) = next_act(&task) else { continue };
        let key = handheld.intent();
        match handheld.task_act(&id, act, &key, &body).await {
            Ok(_) => {
                let mut state = board.lock();
                state.acknowledge(store, key);
                state.transitions = state.transitions.saturating_add(1);
            }
            // Central or a colleague was faster; the next look shows what is left to do.
            Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.status == 409) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn next_act(task: &Value) -> Option<(TaskId, &'static str, Value)> {
    let id: TaskId = task.get("task")?.as_str()?.parse().ok()?;
    let (act, body) = match task.get("status")?.as_str()? {
        "offered" => ("accept", json!({})),
        "accepted" => ("start-picking", json!({})),
        "picking" => match open_line(task) {
            Some((line, open)) => ("pick", json!({ "line": line, "quantity": open })),
            None => ("pack", json!({})),
        },
        "ready" => ("hand-over", json!({ "to": "carrier" })),
        "putting_back" => ("put-back", json!({})),
        _ => return None,
    };
    Some((id, act, body))
}

fn open_line(task: &Value) -> Option<(i64, i64)> {
    task.get("lines")?.as_array()?.iter().find_map(|line| {
        let number = |field: &str| line.get(field).and_then(Value::as_i64);
        let open = number("quantity")? - number("picked")? - number("short")?;
        (open > 0).then_some((number("line")?, open))
    })
}

/// Sells one unit of something that the till thinks is there.
pub(super) async fn sell(
    till: &LanClient,
    store: &StoreId,
    skus: &[Sku],
    dice: &mut Dice,
    board: &Board,
) -> Result<()> {
    let Some(sku) = dice.choose(skus) else { return Ok(()) };
    let position = till.get(&format!("/v1/skus/{sku}")).await?;
    if position.get("available").and_then(Value::as_i64).unwrap_or_default() < 1 {
        return Ok(());
    }
    sell_units(till, store, sku, 1, board).await
}

async fn sell_units(
    till: &LanClient,
    store: &StoreId,
    sku: &Sku,
    quantity: i64,
    board: &Board,
) -> Result<()> {
    let sale =
        MovementRequest { kind: MovementKind::Sale, sku: sku.clone(), quantity, peer: None, note: None };
    let key = till.intent();
    till.movements(&key, &[sale]).await?;
    let mut state = board.lock();
    state.acknowledge(store, key);
    state.sales = state.sales.saturating_add(1);
    Ok(())
}

/// Sells all that is left of the article of which the least is left: central may still think
/// that it can promise it.
pub(super) async fn sell_last(till: &LanClient, skus: &[Sku], store: &StoreId, board: &Board) -> Result<()> {
    let found = till.positions(skus).await?;
    let fewest = found.iter().filter_map(|position| {
        let available = position.get("available")?.as_i64().filter(|units| *units > 0)?;
        Some((available, position.get("sku")?.as_str()?.parse::<Sku>().ok()?))
    });
    let Some((units, sku)) = fewest.min() else {
        board.tell(Tone::Plain, format!("{store} has nothing left to sell"));
        return Ok(());
    };
    sell_units(till, store, &sku, units, board).await?;
    board.tell(Tone::Warn, format!("{store} sold its last {units} of {sku} at the till"));
    Ok(())
}

/// One customer's order, paid by card: one to three articles, to somewhere near a store. Now and then the
/// answer "is lost" and the same order is sent again: it must stay one.
pub(super) async fn order(
    central: &CentralClient,
    n: u64,
    skus: &[Sku],
    places: &[Place],
    dice: &mut Dice,
    board: &Board,
) -> Result<()> {
    let Some(near) = dice.choose(places) else { return Ok(()) };
    let mut lines: Vec<OrderLineRequest> = Vec::new();
    for _ in 0..dice.units(3) {
        let Some(sku) = dice.choose(skus) else { continue };
        if lines.iter().all(|line| line.sku != *sku) {
            let unit_price = chain::price(skus, sku);
            lines.push(OrderLineRequest { unit_price, ..OrderLineRequest::of(sku.clone(), dice.units(2)) });
        }
    }
    let request = OrderRequest::of("web", FulfilmentKind::Ship, *near, lines);
    let mut request = serde_json::to_value(request)?;
    // Put in here: central's own types never write down who somebody is, or how they pay.
    let of_customer = [
        ("reference", json!(format!("demo-{n}"))),
        ("payment", json!({ "provider": "simulator", "token": "tok_visa" })),
        ("customer", json!({ "name": format!("Customer {n}"), "address": DOORSTEP })),
    ];
    if let Value::Object(fields) = &mut request {
        fields.extend(of_customer.map(|(field, value)| (field.to_owned(), value)));
    }
    let key = IdempotencyKey::new(format!("demo-{n}"))?;
    let placed = central.place(&key, &request).await?;
    if dice.chance(5) {
        let again = central.place(&key, &request).await?;
        anyhow::ensure!(again == placed, "one key became two orders: {placed} and {again}");
    }
    board.lock().placed.push(placed);
    Ok(())
}

/// How often each of them acts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub order_every: Duration,
    pub look_every: Duration,
    pub sale_every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            order_every: Duration::from_millis(700),
            look_every: Duration::from_millis(600),
            sale_every: Duration::from_millis(2_500),
        }
    }
}
