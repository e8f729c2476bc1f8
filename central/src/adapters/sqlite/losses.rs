//! What a store's disk lost: written down as an exception, before the store is told that it is.

use super::Result;
use super::exceptions::raise;
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::limits::LOSSES_TOLD_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::Loss;
use rusqlite::Connection;

/// Characters of what a store says of its own damage.
const DETAIL_CHARS_MAX: usize = 500;

pub(super) fn note(conn: &Connection, from: &ReplicaIdentity, losses: &[Loss], now: UtcMs) -> Result<()> {
    for loss in losses.iter().take(LOSSES_TOLD_MAX) {
        raise(conn, &from.tenant, &exception(from, loss), now)?;
    }
    Ok(())
}

fn exception(from: &ReplicaIdentity, loss: &Loss) -> NewException {
    let short = |text: &str, chars: usize| text.chars().take(chars).collect::<String>();
    let (severity, how_many) = match loss.facts {
        Some(0) => (Severity::Low, "No fact".to_owned()),
        Some(facts) => (Severity::High, format!("Up to {facts} facts")),
        None => (Severity::High, "An unknown number of facts".to_owned()),
    };
    NewException {
        key: format!("loss/{}/{}", from.replica, short(&loss.id, 64)),
        category: Category::LostFacts,
        severity,
        order: None,
        task: None,
        store: Some(from.store.clone()),
        detail: format!(
            "{how_many} of store {} (replica {}) are lost: {}",
            from.store,
            from.replica,
            short(&loss.detail, DETAIL_CHARS_MAX)
        ),
        suggestion:
            "Count what was sold, received or handed over there since its last sync before the damage; \
            replace the disk when it happens again."
                .to_owned(),
    }
}

/// What was written down of what was told.
pub(super) fn noted(losses: &[Loss]) -> Vec<String> {
    losses.iter().take(LOSSES_TOLD_MAX).map(|loss| loss.id.clone()).collect()
}
