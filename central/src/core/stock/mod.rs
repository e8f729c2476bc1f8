//! How sure a number of units is, and how many of them may be sold.
//!
//! [`learned`] keeps what facts teach: how fast a SKU sells at a store, and how often checks found
//! units missing. [`confidence`] turns that, and the age of the store's last word, into the
//! probability that units are still there. [`policy`] says per SKU class what that has to be, and
//! [`sellable`] applies it. [`withheld`] tells what was kept back while an order went elsewhere, so
//! that caution is seen beside oversell. `docs/confidence.md` has the model in words.

pub mod class;
pub mod confidence;
pub mod doubts;
pub mod learned;
pub mod policy;
pub mod report;
pub mod sellable;
pub mod view;
pub mod withheld;

use self::class::SkuClass;
use self::confidence::Evidence;
use self::learned::{CheckRecord, Errors, Learned};
use holdfast_shared::domain::rights::Ceded;
use holdfast_shared::ids::{Sku, StoreId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// What central knows of one SKU at one node, before any policy. A SKU that no fact ever named has
/// none of these: that is unknown, and not nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub store: StoreId,
    pub sku: Sku,
    pub class: SkuClass,
    pub on_hand: i64,
    /// Held for order lines.
    pub reserved: i64,
    /// Of a SKU in escrow the rights that count: none while they are in doubt. None: it is not in escrow.
    pub ceded: Option<Ceded>,
    /// Units that the store keeps back of every SKU.
    pub store_buffer: i64,
    /// When the newest fact about it happened.
    pub as_of: UtcMs,
    /// When the store last had nothing more to tell; none if never since this is noted.
    pub level_at: Option<UtcMs>,
    /// Its store has not told yet what it did before central was restored.
    pub recovering: bool,
    /// None while nothing but its opening was told.
    pub learned: Option<Learned>,
}

impl Known {
    /// Units that no order holds. Of a SKU in escrow only those that the store has ceded: all others
    /// are its till's.
    #[must_use]
    pub fn free(&self) -> i64 {
        let there = self.there();
        self.ceded.map_or(there, |ceded| ceded.unheld().min(there))
    }

    /// Units that may be taken by the order that so many of them came for: those, beside what is sold to
    /// any order, and never more than are there.
    #[must_use]
    pub fn with_gathered(&self, sold: i64, gathered: i64) -> i64 {
        sold.saturating_add(gathered).min(self.there()).max(sold)
    }

    /// Units on the books that no order holds, ceded or not.
    const fn there(&self) -> i64 {
        self.on_hand.saturating_sub(self.reserved)
    }

    /// Units of it that are kept back of what is free. Of a SKU in escrow none: what its store did not
    /// cede is kept back already, and what it ceded its till does not sell.
    #[must_use]
    pub fn buffer(&self, of_class: i64) -> i64 {
        if self.ceded.is_some() { 0 } else { self.store_buffer.max(of_class).max(0) }
    }

    /// Without a hold of so many units, which were promised out of rights or not.
    pub fn release(&mut self, units: i64, out_of_rights: bool) {
        self.reserved = self.reserved.saturating_sub(units);
        if let Some(ceded) = self.ceded.as_mut().filter(|_| out_of_rights) {
            // Of rights in doubt nothing is held either: they stay none.
            ceded.held = ceded.held.saturating_sub(units).max(0);
        }
    }

    /// The store's last word about it: a movement, or that there was none to tell.
    #[must_use]
    pub fn last_word(&self) -> UtcMs {
        self.level_at.map_or(self.as_of, |level_at| level_at.max(self.as_of))
    }

    /// Never negative: a clock that was put back makes nothing younger than now.
    #[must_use]
    pub fn age_ms(&self, now: UtcMs) -> i64 {
        now.since(self.last_word()).max(0)
    }

    /// All that the confidence in these units rests on.
    #[must_use]
    pub fn evidence(&self, records: &Records, now: UtcMs) -> Evidence {
        let since = self.learned.as_ref().map_or(self.as_of, |learned| learned.since);
        // Up to the last word: in the silence since, nothing was heard of, which is not nothing sold.
        let until = self.last_word().min(now);
        let sales = self
            .learned
            .as_ref()
            .map_or_else(|| Learned::nothing_since(since).rate(until), |learned| learned.rate(until));
        let checked_at = self.learned.as_ref().and_then(|learned| learned.counted_at).unwrap_or(since);
        let errors = records.errors(&self.class, Some(now.since(checked_at)), now);
        let evidence = Evidence::new(self.on_hand, self.reserved, self.age_ms(now), sales, errors);
        match self.ceded {
            Some(_) => evidence.with_ceded(self.free()),
            None => evidence,
        }
    }
}

/// What checks found at one store, by SKU class.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    by_class: BTreeMap<SkuClass, CheckRecord>,
}

impl Records {
    pub fn put(&mut self, class: SkuClass, record: CheckRecord) {
        self.by_class.insert(class, record);
    }

    /// How likely books of this class are wrong here, `checked_ms_ago` after they were last counted.
    #[must_use]
    pub fn errors(&self, class: &SkuClass, checked_ms_ago: Option<i64>, now: UtcMs) -> Errors {
        let mut store = CheckRecord::default();
        for record in self.by_class.values() {
            store.join(record, now);
        }
        let of_class = self.by_class.get(class).cloned().unwrap_or_default();
        Errors::judge(&store, &of_class, checked_ms_ago, now)
    }
}

#[cfg(test)]
mod calibration;
