//! How the stores of one tenant sell what they have, as a run knows it.

use super::FlowError;
use super::in_force::Steers;
use crate::core::fleet::StoreRecord;
use crate::core::routing::decision::Shelf;
use crate::core::stock::doubts::Doubts;
use crate::core::stock::policy::{ClassPolicy, StockPolicy};
use crate::core::stock::sellable::{Asked, Sellable, sellable};
use crate::core::stock::{Known, Records};
use crate::ports::stock::Stock;
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Selling {
    /// How each store sells.
    policies: BTreeMap<StoreId, Arc<StockPolicy>>,
    policy: Arc<StockPolicy>,
    records: BTreeMap<StoreId, Records>,
    unchecked: Records,
    doubts: BTreeMap<StoreId, Doubts>,
    undoubted: Doubts,
}

/// One position, as far as it is sold to somebody.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) sold: Sellable,
    /// That the units that would be taken are there.
    confidence: f64,
}

impl Offer {
    /// As routing reads it.
    pub(super) fn shelf(&self, known: &Known) -> Shelf {
        Shelf {
            units: self.sold.units,
            confidence: Some(self.confidence),
            as_of: Some(known.last_word()),
            words: self.sold.words(),
            kept: self.sold.kept.clone(),
            markdown_permille: None,
        }
    }
}

impl Selling {
    pub(super) async fn load<S: Stock + ?Sized>(
        store: &S,
        policy: &dyn Steers,
        tenant: &TenantId,
        stores: &[StoreRecord],
        doubts: BTreeMap<StoreId, Doubts>,
    ) -> Result<Self, FlowError> {
        let policies = stores
            .iter()
            .map(|record| (record.store.store.clone(), policy.stock_at(tenant, &record.store)))
            .collect();
        let records = store.check_records(tenant, None).await?;
        let (policy, unchecked) = (policy.stock(tenant), Records::default());
        Ok(Self { policies, policy, records, unchecked, doubts, undoubted: Doubts::default() })
    }

    pub(super) fn class(&self, known: &Known) -> &ClassPolicy {
        self.policies.get(&known.store).unwrap_or(&self.policy).of(&known.class)
    }

    /// To somebody who wants so many.
    pub(super) fn offer(&self, known: &Known, asked: Asked<'_>, wanted: i64, now: UtcMs) -> Offer {
        self.offer_with(known, asked, (wanted, 0), now)
    }

    /// The same, where some units came there for the order that asks.
    pub(super) fn offer_with(
        &self,
        known: &Known,
        asked: Asked<'_>,
        (wanted, gathered): (i64, i64),
        now: UtcMs,
    ) -> Offer {
        let records = self.records.get(&known.store).unwrap_or(&self.unchecked);
        let doubts = self.doubts.get(&known.store).unwrap_or(&self.undoubted);
        let mut sold = sellable(known, records, self.class(known), doubts, asked, now);
        sold.units = known.with_gathered(sold.units, gathered);
        let units = sold.units.clamp(1, wanted.max(1));
        let confidence = known.evidence(records, now).that_free(units);
        Offer { sold, confidence }
    }
}
