//! Watches the chain through central's API, as an operator's screen would, and keeps the board true.

use super::board::{Board, State, Tone};
use crate::client::CentralClient;
use anyhow::Result;
use holdfast_shared::ids::StoreId;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Events of one look; more than that in a quarter of a second is only counted.
const EVENTS_PER_LOOK: u64 = 100;

/// Looks until told to stop. A look that gets no answer leaves the board as it is.
pub async fn watch(central: CentralClient, board: Board, since: Instant, end: CancellationToken) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut told = 0;
    loop {
        tokio::select! {
            () = end.cancelled() => return,
            _ = looks.tick() => {}
        }
        board.lock().running_for = since.elapsed();
        if let Err(error) = look(&central, &board, &mut told).await {
            tracing::debug!(?error, "central gave no answer");
        }
    }
}

async fn look(central: &CentralClient, board: &Board, told: &mut u64) -> Result<()> {
    let stores = central.get("/v1/stores").await?;
    let summary = central.get("/v1/summary").await?;
    let events = central.get(&format!("/v1/events?limit={EVENTS_PER_LOOK}")).await?;
    let mut state = board.lock();
    for store in stores.get("stores").and_then(Value::as_array).into_iter().flatten() {
        note_store(&mut state, store);
    }
    state.orders = counts(summary.get("orders"));
    state.exceptions_open = summary.get("exceptions_open").and_then(Value::as_u64).unwrap_or_default();
    drop(state);
    let events = events.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
    for event in events.iter().rev() {
        let sequence = event.get("sequence").and_then(Value::as_u64).unwrap_or_default();
        if sequence > *told {
            *told = sequence;
            tell(board, event);
        }
    }
    Ok(())
}

fn counts(told: Option<&Value>) -> BTreeMap<String, u64> {
    let states = told.and_then(Value::as_object).into_iter().flatten();
    states.filter_map(|(state, count)| Some((state.clone(), count.as_u64()?))).collect()
}

fn note_store(state: &mut State, told: &Value) {
    let Some(id) = told.get("store").and_then(Value::as_str).and_then(|id| id.parse::<StoreId>().ok()) else {
        return;
    };
    let running_for = state.running_for;
    let row = state.row(&id);
    let word = |path: &str| told.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let standing = word("/eligibility/standing");
    if row.standing != standing {
        row.turned.entry(standing.clone()).or_default().push(running_for);
        row.standing = standing;
    }
    row.why = word("/eligibility/reasons/0/words");
    row.open_tasks = told.get("open_tasks").and_then(Value::as_u64).unwrap_or_default();
}

/// The events that a newcomer understands, in central's own words.
fn tell(board: &Board, event: &Value) {
    let words = event.pointer("/body/words").and_then(Value::as_str).unwrap_or_default();
    let tone = match event.get("kind").and_then(Value::as_str).unwrap_or_default() {
        "OrderShipped" | "OrderCollected" => Tone::Good,
        "OrderPlaced" | "OrderAllocated" | "StoreEligible" => Tone::Plain,
        "OrderBackordered" | "StoreSuspect" => Tone::Warn,
        "OrderRecalled" | "StoreIneligible" | "ExceptionRaised" => Tone::Bad,
        _ => return,
    };
    if !words.is_empty() {
        board.tell(tone, words);
    }
}
