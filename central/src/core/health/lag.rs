//! How far what central knows of a store's stock is behind what the store knows.

use super::StoreKey;
use super::observatory::Observatory;
use super::signals::{View, feed};
use super::spoken;
use holdfast_shared::time::Now;

/// Facts wait at the store, the oldest of them for that long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    pub facts: u64,
    pub age_ms: i64,
}

impl Lag {
    /// For people, with the limit that a policy sets.
    #[must_use]
    pub fn words(self, limit_ms: i64) -> String {
        format!(
            "its stock is known as of {} ago (limit {}), and {} facts about it wait there",
            spoken(self.age_ms),
            spoken(limit_ms),
            self.facts
        )
    }
}

/// None when all is synced, or nothing is known.
#[must_use]
pub fn lag_of(observatory: &Observatory, key: &StoreKey, now: Now) -> Option<Lag> {
    let (record, health) = (observatory.record(key)?, observatory.book.store(key)?);
    let policy = observatory.policy_of(key);
    let view = View { record, health, policy: &policy, physically_open: false, now };
    feed::waiting(&view).map(|(facts, age_ms)| Lag { facts, age_ms })
}
