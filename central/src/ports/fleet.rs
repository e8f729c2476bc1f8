//! Nodes, catalogue, closures, stock and the history of eligibility.

use super::{Page, PageRequest, StoreError};
use crate::core::arranged::{Arrangement, Unfit};
use crate::core::eligibility::Eligibility;
use crate::core::exception::{Exception, NewException};
use crate::core::fleet::{Arranged, Closure, Handling, Store, StoreRecord};
use async_trait::async_trait;
use holdfast_shared::ids::{Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Stock of one SKU at one node, as central knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StorePosition {
    pub store: StoreId,
    pub sku: Sku,
    pub on_hand: i64,
    /// Held for order lines.
    pub reserved: i64,
    pub buffer: i64,
    /// On hand less reserved less buffer; of a SKU in escrow what the store has ceded and no order
    /// holds. What an order may be promised.
    pub available: i64,
    /// The store's last word about it.
    pub as_of: UtcMs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueItem {
    pub sku: Sku,
    pub name: String,
    #[serde(default)]
    pub class: Option<String>,
    /// What the goods ask of whoever handles them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub needs: BTreeSet<Handling>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EligibilityChange {
    pub at: UtcMs,
    pub store: StoreId,
    pub eligibility: Eligibility,
}

/// The records that are not as they were at an earlier reading.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChangedStores {
    pub records: Vec<StoreRecord>,
    /// Where the next reading goes on.
    pub up_to: u64,
}

#[async_trait]
pub trait Fleet: Send + Sync {
    async fn put_store(&self, tenant: &TenantId, store: &Store, now: UtcMs) -> Result<(), StoreError>;
    async fn store(&self, tenant: &TenantId, store: &StoreId) -> Result<Option<StoreRecord>, StoreError>;
    async fn stores(&self, tenant: &TenantId) -> Result<Vec<StoreRecord>, StoreError>;
    /// Those that have a store.
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError>;

    /// Of all tenants, those that were described, closed, arranged, staffed with boxes or given work since
    /// a reading went up to there; all of them from 0 on. A sync alone is no change.
    async fn changed_stores(&self, since: u64) -> Result<ChangedStores, StoreError>;

    /// What is arranged for the store then; none when it is not known. A change that does not fit leaves
    /// all as it was.
    async fn arrange(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        change: &Arrangement,
        now: UtcMs,
    ) -> Result<Option<Result<Arranged, Unfit>>, StoreError>;

    /// Adds a closure, or replaces the one of the same origin.
    async fn close(&self, tenant: &TenantId, store: &StoreId, closure: &Closure) -> Result<bool, StoreError>;
    async fn reopen(&self, tenant: &TenantId, store: &StoreId, from_store: bool) -> Result<bool, StoreError>;

    async fn put_catalogue(&self, tenant: &TenantId, items: &[CatalogueItem]) -> Result<u64, StoreError>;
    /// Those of the asked SKUs that the catalogue lacks.
    async fn unknown_skus(&self, tenant: &TenantId, skus: &[Sku]) -> Result<Vec<Sku>, StoreError>;
    /// Every node's position of the asked SKUs.
    async fn positions(&self, tenant: &TenantId, skus: &[Sku]) -> Result<Vec<StorePosition>, StoreError>;

    /// Written when it changes, with the reasons.
    async fn record_eligibility(
        &self,
        tenant: &TenantId,
        change: &EligibilityChange,
    ) -> Result<(), StoreError>;
    async fn eligibility_history(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        page: &PageRequest,
    ) -> Result<Page<EligibilityChange>, StoreError>;

    async fn raise(&self, tenant: &TenantId, exception: &NewException, now: UtcMs) -> Result<(), StoreError>;
    /// Resolves the open one of that key, when its cause is gone.
    async fn settle(
        &self,
        tenant: &TenantId,
        key: &str,
        resolution: &str,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    /// The same for many that share a reason.
    async fn settle_all(
        &self,
        tenant: &TenantId,
        keys: Vec<String>,
        resolution: &str,
        now: UtcMs,
    ) -> Result<(), StoreError> {
        for key in &keys {
            self.settle(tenant, key, resolution, now).await?;
        }
        Ok(())
    }
    async fn exceptions(
        &self,
        tenant: &TenantId,
        open_only: bool,
        page: &PageRequest,
    ) -> Result<Page<Exception>, StoreError>;
}
