//! What central does once it was restored from a backup: what it knows to be behind, whom it waits
//! for, and what is lost.

use super::StoreError;
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, ReplicaId, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The window after a restore, as one tenant sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recovery {
    /// Grows with each restore.
    pub incarnation: u32,
    pub began_at: UtcMs,
    /// How central found out.
    pub cause: String,
    /// Every store has replayed or was overridden: orders move as usual.
    pub over: bool,
    pub stores: Vec<RecoveringStore>,
    /// Open orders of before the restore, which wait.
    pub held_orders: u64,
    /// Orders that are known from a store's task alone.
    pub adopted_orders: u64,
    pub lost: Lost,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecoveringStore {
    pub store: StoreId,
    pub replica: ReplicaId,
    /// When central had all that it has.
    pub replayed_at: Option<UtcMs>,
    /// A person said not to wait for it.
    pub overridden_at: Option<UtcMs>,
    pub overridden_by: Option<Actor>,
    pub reason: Option<String>,
}

impl RecoveringStore {
    #[must_use]
    pub const fn is_waited_for(&self) -> bool {
        self.replayed_at.is_none() && self.overridden_at.is_none()
    }
}

/// Numbers that were given out before the restore and that no store brought back, over all tenants.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Lost {
    /// Ranges of fences: assignments that no store heard of, or whose store has not replayed.
    #[schema(example = json!(["1.7 to 1.9"]))]
    pub fences: Vec<String>,
    /// Ranges of central's own facts.
    pub facts: Vec<String>,
    /// Orders that were placed and that no store reported: as many after a first restore, at most so many
    /// after another. None when no marker tells how many.
    pub orders: Option<u64>,
    /// What cannot be known, in words.
    pub unknowable: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverrideOutcome {
    Overridden {
        replicas: u32,
    },
    /// Nobody waits for this store.
    NotWaitedFor,
}

#[async_trait]
pub trait Recoveries: Send + Sync {
    /// Somebody says that central was restored. Raises the incarnation, so that no fence or fact is
    /// given twice, and waits for every store. Tells the new incarnation.
    async fn begin_recovery(&self, cause: &str, now: UtcMs) -> Result<u32, StoreError>;
    /// The newest; none when there never was one.
    async fn recovery(&self, tenant: &TenantId) -> Result<Option<Recovery>, StoreError>;
    /// A person takes it on themselves: central no longer waits for this store.
    async fn override_recovery(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        reason: &str,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<OverrideOutcome, StoreError>;
}
