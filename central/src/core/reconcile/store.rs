//! A store's positions against what it told, and the age of its last word against the orders that rest on it.

use super::book::{StoreBook, UnequalPosition};
use super::finding::{Difference, FindingKind};
use super::policy::ReconcilePolicy;
use crate::core::exception::clock::moment;
use holdfast_shared::time::UtcMs;

pub(super) fn differences(book: &StoreBook, policy: &ReconcilePolicy, now: UtcMs) -> Vec<Difference> {
    let mut all: Vec<Difference> = book.unequal.iter().map(|position| unequal(book, position)).collect();
    all.extend(stale(book, policy, now));
    all
}

fn unequal(book: &StoreBook, position: &UnequalPosition) -> Difference {
    let UnequalPosition { sku, on_hand, told, rights, rights_told } = position;
    let store = &book.store;
    let (field, expected, found) = match on_hand == told {
        true => ("position.rights", rights_told, rights),
        false => ("position.on_hand", told, on_hand),
    };
    Difference {
        kind: FindingKind::OnHand,
        subject: format!("position/{store}/{sku}"),
        order: None,
        task: None,
        store: Some(store.clone()),
        sku: Some(sku.clone()),
        field,
        expected: expected.to_string(),
        found: found.to_string(),
        words: format!(
            "what {store} told of {sku} adds up to {expected}, and its position has {found}. Count the SKU there"
        ),
        decide_by: None,
        harm: false,
    }
}

fn stale(book: &StoreBook, policy: &ReconcilePolicy, now: UtcMs) -> Option<Difference> {
    let level_at = book.level_at.filter(|_| book.held_skus > 0)?;
    let age_ms = now.since(level_at);
    if age_ms <= policy.stale_ms {
        return None;
    }
    let store = &book.store;
    let hours = age_ms.checked_div(3_600_000).unwrap_or_default();
    Some(Difference {
        kind: FindingKind::StaleStock,
        subject: format!("store/{store}"),
        order: None,
        task: None,
        store: Some(store.clone()),
        sku: None,
        field: "replication.level_at",
        // The age grows at each look; the finding is the same.
        expected: format!("a word within {} h", policy.stale_ms.checked_div(3_600_000).unwrap_or_default()),
        found: format!("none since {}", moment(level_at)),
        words: format!(
            "orders rest on {} SKUs of {store}, which last had told all {hours} h ago: the units may be gone",
            book.held_skus
        ),
        decide_by: None,
        harm: false,
    })
}
