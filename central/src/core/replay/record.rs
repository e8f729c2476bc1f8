//! What is on record of orders: their decisions, and what was found when somebody went to the shelf.

use crate::core::routing::decision::{Decision, Recorded};
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{OrderId, Sku, StoreId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// A pick tells of decisions that are no farther away than this.
const TELLS_MS: i64 = 24 * 60 * 60 * 1_000;

/// One decision of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    pub decision: Decision,
    /// What it was made from; absent of old ones, and of work that went to a plan B.
    pub inputs: Option<Recorded>,
}

/// Units of one SKU that one store looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pick {
    /// When the store was given the work.
    pub at: UtcMs,
    pub order: OrderId,
    pub store: StoreId,
    pub sku: Sku,
    /// Those that were not there.
    pub short: i64,
}

impl Pick {
    /// Of a task, as far as its shelves were looked at.
    pub fn of(task: &TaskState) -> impl Iterator<Item = Self> {
        let looked = task.lines.iter().filter(|line| line.picked.saturating_add(line.short) > 0);
        looked.map(|line| Self {
            at: task.offered_at.wall,
            order: task.order.clone(),
            store: task.store.clone(),
            sku: line.sku.clone(),
            short: line.short,
        })
    }
}

/// Picks, to be asked by store and SKU.
#[derive(Debug, Default)]
pub struct Picks(BTreeMap<(StoreId, Sku), Vec<Pick>>);

impl Picks {
    #[must_use]
    pub fn of(picks: impl IntoIterator<Item = Pick>) -> Self {
        let mut known: BTreeMap<(StoreId, Sku), Vec<Pick>> = BTreeMap::new();
        for pick in picks {
            known.entry((pick.store.clone(), pick.sku.clone())).or_default().push(pick);
        }
        known.values_mut().for_each(|of_shelf| of_shelf.sort());
        Self(known)
    }

    /// What was found at that shelf: by the order itself, else by the one nearest in time.
    #[must_use]
    pub fn near(&self, store: &StoreId, sku: &Sku, order: &OrderId, at: UtcMs) -> Option<&Pick> {
        let of_shelf = self.0.get(&(store.clone(), sku.clone()))?;
        let apart = |pick: &&Pick| (pick.order != *order, pick.at.since(at).saturating_abs());
        of_shelf.iter().filter(|pick| pick.at.since(at).saturating_abs() <= TELLS_MS).min_by_key(apart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(order: &str, at: i64, short: i64) -> Pick {
        let (store, sku) = ("leeds".parse().unwrap(), "TEA".parse().unwrap());
        Pick { at: UtcMs(at), order: order.parse().unwrap(), store, sku, short }
    }

    #[test]
    fn an_orders_own_pick_tells_first_then_the_nearest_and_none_of_another_day() {
        let picks = Picks::of([pick("o1", 0, 0), pick("o2", 1_000, 1), pick("o3", 5_000, 2)]);
        let near = |order: &str, at: i64| {
            let (store, sku) = ("leeds".parse().unwrap(), "TEA".parse().unwrap());
            picks.near(&store, &sku, &order.parse().unwrap(), UtcMs(at)).map(|pick| pick.short)
        };
        assert_eq!((near("o3", 900), near("o9", 900), near("o9", 4_000)), (Some(2), Some(1), Some(2)));
        assert_eq!(near("o9", 5_001 + TELLS_MS), None);
        let elsewhere = "york".parse().unwrap();
        assert_eq!(picks.near(&elsewhere, &"TEA".parse().unwrap(), &"o1".parse().unwrap(), UtcMs(0)), None);
    }
}
