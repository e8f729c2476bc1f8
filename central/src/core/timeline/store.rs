//! What a store is told of an order: its own work, in the words of the shop floor. Nothing of other stores, of what
//! was decided between them, of the customer or of money.

use crate::core::order::OrderEvent;
use holdfast_shared::ids::{Actor, StoreId, TaskId};
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StoreEntry {
    pub sequence: u64,
    pub at: UtcMs,
    pub kind: String,
    pub words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// Of the store's own people and devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
}

/// What the store itself said: its words and its people are its own.
const SAID_HERE: &[&str] = &[
    "accepted",
    "declined",
    "picking_started",
    "picked",
    "short",
    "packed",
    "handed_over",
    "put_back",
    "let_go",
    "label_failed",
];

/// What others decided about the store's work. Their words may name other stores, so these are told instead.
const SAID_ELSEWHERE: &[(&str, &str)] = &[
    ("allocated", "the work was offered to this store"),
    ("offered", "the work was offered to this store"),
    ("released", "the goods may leave"),
    ("recalled", "the work was taken back: put the goods back"),
    ("taken_back", "a person took the work back: put the goods back"),
    ("readopted", "the work is this store's again"),
    ("stop_asked", "the customer cancelled: stop, and put the goods back"),
    ("another_service", "another carrier takes the parcel"),
    ("labelled", "the parcel has its label: print it"),
    ("label_voided", "the label is void: do not use it"),
    ("label_stuck", "no carrier takes the parcel: a person decides"),
];

/// Oldest first.
#[must_use]
pub fn told_to_store(events: &[OrderEvent], store: &StoreId) -> Vec<StoreEntry> {
    events.iter().filter(|event| event.store.as_ref() == Some(store)).filter_map(told).collect()
}

fn told(event: &OrderEvent) -> Option<StoreEntry> {
    let here = SAID_HERE.contains(&event.kind.as_str());
    let elsewhere = SAID_ELSEWHERE.iter().find(|(kind, _)| *kind == event.kind);
    let (words, actor) = match elsewhere {
        Some((_, words)) => ((*words).to_owned(), None),
        None if here => (event.words.clone(), Some(event.actor.clone())),
        None => return None,
    };
    let (sequence, at, kind) = (event.sequence, event.at, event.kind.clone());
    Some(StoreEntry { sequence, at, kind, words, task: event.task.clone(), actor })
}
