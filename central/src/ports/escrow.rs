//! SKUs of which central promises only what their store has ceded to it.

use super::StoreError;
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, Sku, SkuClass, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::EscrowTarget;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of the wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    Put,
    NoSuchStore,
    /// Only a store with one box, which knows of rights, can cede.
    CannotCede {
        enrolled: u32,
        able: u32,
    },
    TooMany,
}

/// A SKU in escrow at one store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Escrowed {
    pub sku: Sku,
    /// Units that central wants to have.
    pub target_units: i64,
    /// Units that the store has ceded.
    pub rights: i64,
    /// Those of them that orders hold.
    pub held: i64,
    /// Ceded units that are not there any more.
    pub overdrawn: i64,
}

/// What is in escrow at a store, and whether it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InEscrow {
    pub enrolled_replicas: u32,
    /// Those of them whose version knows of rights. While it is not one of one, nothing is promised.
    pub able_replicas: u32,
    /// Whether both sides have compared rights since one of them was restored. Until then they count as
    /// none.
    pub compared: bool,
    pub skus: Vec<Escrowed>,
}

/// A class of SKUs in escrow at one store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassInEscrow {
    #[schema(example = "hot")]
    pub class: SkuClass,
    /// Units of each of its SKUs that central wants to have.
    pub target_units: i64,
    /// SKUs that are in escrow because of it.
    pub skus: i64,
    /// SKUs that are not, because the store has as many in escrow as it may.
    pub left_out: i64,
}

#[async_trait]
pub trait Escrows: Send + Sync {
    /// From now on only ceded units of the SKU are promised; the store is asked to cede up to the target.
    async fn put_escrow(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        target: &EscrowTarget,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<PutOutcome, StoreError>;
    /// Promised like any other again; what is ceded and not promised goes back.
    async fn drop_escrow(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        sku: &Sku,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    async fn escrows(&self, tenant: &TenantId, store: &StoreId) -> Result<InEscrow, StoreError>;
    /// The same for each SKU of a class, also for one that joins it later, unless something else was said of that SKU
    /// alone.
    async fn put_class_escrow(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        of_each: (&SkuClass, i64),
        actor: &Actor,
        now: UtcMs,
    ) -> Result<PutOutcome, StoreError>;
    async fn drop_class_escrow(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        class: &SkuClass,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    async fn classes_in_escrow(
        &self,
        tenant: &TenantId,
        store: &StoreId,
    ) -> Result<Vec<ClassInEscrow>, StoreError>;
}
