//! Stock as it was told: nothing was learned of it.

use super::{Ram, Result, not_here};
use crate::core::stock::report::{Day, MissRow};
use crate::core::stock::{Known, Records};
use crate::ports::fleet::StorePosition;
use crate::ports::stock::{OrderWithout, Stock, StockRow};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

#[async_trait]
impl Stock for Ram {
    async fn known_stock(&self, _: &TenantId, _: &[Sku]) -> Result<Vec<Known>> {
        self.done(|done| done.stock_reads += 1);
        let (positions, class) = self.told(|told| (told.positions.clone(), told.class.clone()));
        let known = |position: StorePosition| Known {
            store: position.store,
            sku: position.sku,
            class: class.clone().unwrap_or_default(),
            on_hand: position.on_hand,
            reserved: position.reserved,
            ceded: None,
            store_buffer: position.buffer,
            as_of: position.as_of,
            level_at: None,
            recovering: false,
            learned: None,
        };
        Ok(positions.into_iter().map(known).collect())
    }
    async fn stock_of_sku(&self, _: &TenantId, _: &Sku, _: &PageRequest) -> Result<Page<StockRow>> {
        not_here()
    }
    async fn stock_of_store(&self, _: &TenantId, _: &StoreId, _: &PageRequest) -> Result<Page<StockRow>> {
        not_here()
    }
    async fn check_records(&self, _: &TenantId, _: Option<&StoreId>) -> Result<BTreeMap<StoreId, Records>> {
        Ok(BTreeMap::new())
    }
    async fn note_withheld(&self, _: &TenantId, without: &OrderWithout, _: UtcMs) -> Result<u64> {
        let units = without.withheld.iter().map(|withheld| withheld.units.unsigned_abs()).sum();
        self.done(|done| done.without.push(without.clone()));
        Ok(units)
    }
    async fn stock_report(&self, _: &TenantId, _: Day, _: Day) -> Result<Vec<MissRow>> {
        not_here()
    }
}
