//! Central's half of sync.

use super::StoreError;
use super::access::ReplicaIdentity;
use async_trait::async_trait;
use holdfast_shared::ids::{FactId, StoreId, TaskId, TenantId};
use holdfast_shared::time::{Now, UtcMs};
use holdfast_shared::wire::sync::{SyncRequest, SyncResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What one exchange changed, for those who react to it.
#[derive(Debug, Clone)]
pub struct Exchanged {
    pub response: SyncResponse,
    pub new_facts: u64,
    pub changed_tasks: Vec<TaskId>,
    /// Facts of stock came in that made units available.
    pub stock_grew: bool,
    /// From the stamp of each new fact to now, on central's clock.
    pub lags_ms: Vec<i64>,
    /// The recent pairs of root and digest as they are now, newest first; none where nothing was merged.
    pub digests: Vec<StoreDigest>,
}

impl Exchanged {
    /// An answer to somebody whose facts were not merged.
    #[must_use]
    pub const fn nothing(response: SyncResponse) -> Self {
        Self {
            response,
            new_facts: 0,
            changed_tasks: Vec::new(),
            stock_grew: false,
            lags_ms: Vec::new(),
            digests: Vec::new(),
        }
    }
}

/// The root and stock digest of a store as central has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreDigest {
    pub root: String,
    pub stock_digest: String,
    pub as_of: UtcMs,
}

#[async_trait]
pub trait Replication: Send + Sync {
    /// Merges what the replica sent, document by document; records facts; applies positions as
    /// differences in one transaction with the holds that they name; folds tasks and follows
    /// their effects (reopened lines, finished lines, releases that are due); answers with what
    /// the replica lacks. A bad document is answered as an error for that document. `address` is where
    /// the box was seen, for people.
    async fn exchange(
        &self,
        replica: &ReplicaIdentity,
        address: Option<&str>,
        request: &SyncRequest,
        now: Now,
    ) -> Result<Exchanged, StoreError>;
    /// Those of the asked intents of which central has no fact: what a device was told was done, and
    /// what its store has not sent, or lost. An intent is there when its fact or a part of it is.
    async fn missing_intents(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        intents: &[FactId],
    ) -> Result<Vec<FactId>, StoreError>;
    /// The recent pairs of root and digest, newest first, to compare a heartbeat with.
    async fn digests(&self, tenant: &TenantId, store: &StoreId) -> Result<Vec<StoreDigest>, StoreError>;
}
