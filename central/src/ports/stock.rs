//! What is known of stock, what was learned of it, and what caution cost.

use super::{Page, PageRequest, StoreError};
use crate::core::stock::class::{Channel, SkuClass};
use crate::core::stock::report::{Day, MissRow};
use crate::core::stock::withheld::Withheld;
use crate::core::stock::{Known, Records};
use async_trait::async_trait;
use holdfast_shared::ids::{OrderId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// One row of a listing; without a position nothing is known.
#[derive(Debug, Clone, PartialEq)]
pub struct StockRow {
    pub store: StoreId,
    pub sku: Sku,
    pub class: SkuClass,
    pub known: Option<Known>,
}

/// Units that one order went without.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderWithout {
    pub order: OrderId,
    pub channel: Channel,
    pub withheld: Vec<Withheld>,
}

#[async_trait]
pub trait Stock: Send + Sync {
    /// Of the asked SKUs, all that is known anywhere. A node without a row has never told of the SKU.
    async fn known_stock(&self, tenant: &TenantId, skus: &[Sku]) -> Result<Vec<Known>, StoreError>;
    /// One SKU at every node, by the node's id; also where nothing is known.
    async fn stock_of_sku(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        page: &PageRequest,
    ) -> Result<Page<StockRow>, StoreError>;
    /// What is known at one node, by SKU.
    async fn stock_of_store(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        page: &PageRequest,
    ) -> Result<Page<StockRow>, StoreError>;
    /// What checks found, at one store or at all.
    async fn check_records(
        &self,
        tenant: &TenantId,
        store: Option<&StoreId>,
    ) -> Result<BTreeMap<StoreId, Records>, StoreError>;
    /// Once for each order line, node and rule, however often the line is routed.
    async fn note_withheld(
        &self,
        tenant: &TenantId,
        without: &OrderWithout,
        now: UtcMs,
    ) -> Result<u64, StoreError>;
    /// From the first day to the last, both counted: most units first.
    async fn stock_report(
        &self,
        tenant: &TenantId,
        first: Day,
        last: Day,
    ) -> Result<Vec<MissRow>, StoreError>;
}
