//! Watches the chain through central's API, as an operator's screen would, and keeps the board true.

use super::board::{Board, State, Tone};
use crate::client::CentralClient;
use anyhow::Result;
use holdfast_shared::ids::StoreId;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Entries of one look; what comes faster is left out of the feed.
const ENTRIES_PER_LOOK: u64 = 100;

/// Looks until told to stop. A look that gets no answer leaves the board as it is.
pub(super) async fn watch(central: CentralClient, board: Board, since: Instant, end: CancellationToken) {
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
    let activity = central.get(&format!("/v1/activity?limit={ENTRIES_PER_LOOK}")).await?;
    let mut turned = Vec::new();
    let mut state = board.lock();
    for store in stores.get("stores").and_then(Value::as_array).into_iter().flatten() {
        turned.extend(note_store(&mut state, store));
    }
    state.orders = counts(summary.get("orders"));
    state.exceptions_open = summary.get("exceptions_open").and_then(Value::as_u64).unwrap_or_default();
    drop(state);
    for (tone, words) in turned {
        board.tell(tone, words);
    }
    let entries = activity.get("entries").and_then(Value::as_array).cloned().unwrap_or_default();
    for happened in entries.iter().rev() {
        let entry = happened.get("entry").and_then(Value::as_u64).unwrap_or_default();
        if entry > *told {
            *told = entry;
            tell(board, happened);
        }
    }
    Ok(())
}

fn counts(told: Option<&Value>) -> BTreeMap<String, u64> {
    let states = told.and_then(Value::as_object).into_iter().flatten();
    states.filter_map(|(state, count)| Some((state.clone(), count.as_u64()?))).collect()
}

/// Takes over how a store is; what it turned to, when it turned.
fn note_store(state: &mut State, told: &Value) -> Option<(Tone, String)> {
    let id: StoreId = told.get("store")?.as_str()?.parse().ok()?;
    let running_for = state.running_for;
    let row = state.row(&id);
    let word = |path: &str| told.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    row.why = word("/eligibility/reasons/0/words");
    row.open_tasks = told.get("open_tasks").and_then(Value::as_u64).unwrap_or_default();
    let standing = word("/eligibility/standing");
    if row.standing == standing {
        return None;
    }
    row.turned.entry(standing.clone()).or_default().push(running_for);
    row.standing = standing;
    let tone = match row.standing.as_str() {
        "eligible" => Tone::Good,
        "suspect" => Tone::Warn,
        _ => Tone::Bad,
    };
    let because = if row.why.is_empty() { String::new() } else { format!(": {}", row.why) };
    Some((tone, format!("{id} is {}{because}", row.standing)))
}

/// What a newcomer wants to see of orders, in central's own words.
fn tell(board: &Board, happened: &Value) {
    let text = |name: &str| happened.get(name).and_then(Value::as_str).unwrap_or_default();
    let tone = match text("kind") {
        "allocated" | "assigned" => Tone::Plain,
        "handed_over" | "shipped" | "collected" => Tone::Good,
        "short" | "declined" | "backordered" => Tone::Warn,
        "recalled" | "put_back" => Tone::Bad,
        _ => return,
    };
    let order: String = text("order").chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
    board.tell(tone, format!("order ..{order}: {}", text("words")));
}
