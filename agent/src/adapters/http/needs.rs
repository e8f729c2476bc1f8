//! What the LAN API needs of whoever starts it, besides the ports.

use crate::core::central_time::CentralTime;
use crate::ports::ledger::ImportItem;
use async_trait::async_trait;
use holdfast_shared::error::Problem;
use holdfast_shared::ids::{ReplicaId, StoreId, TenantId};
use holdfast_shared::time::MonoMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the runtime knows and the ledger does not: who this is, and what is connected.
pub trait Standing: Send + Sync {
    fn standing(&self) -> StandingNow;
}

/// Who this installation is at central.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    pub tenant: TenantId,
    pub store: StoreId,
    pub store_name: String,
    pub replica: ReplicaId,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StandingNow {
    pub enrolled: Option<Enrolled>,
    pub central_url: String,
    /// None before the first try.
    pub central_reachable: Option<bool>,
    /// Why the last sync did not work.
    pub central_trouble: Option<String>,
    /// When the lease ends that central granted last; none before it has granted one to this process.
    pub lease_until: Option<MonoMs>,
    pub last_sync: Option<MonoMs>,
    pub central_time: Option<CentralTime>,
    pub broker: Option<String>,
    pub broker_connected: bool,
    pub started_at: MonoMs,
}

/// Gets this installation an identity at central.
#[async_trait]
pub trait Enroller: Send + Sync {
    async fn enrol(&self, wish: EnrolWish) -> Result<NowEnrolled, Problem>;
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolWish {
    #[schema(example = "https://central.example")]
    pub central: String,
    pub code: String,
    /// What people call this box.
    #[serde(default)]
    pub box_name: Option<String>,
    /// Of a box that is kept apart: go on although central has not all of its records.
    #[serde(default)]
    pub leave_unsent: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NowEnrolled {
    pub store: StoreId,
    pub store_name: String,
    pub replica: ReplicaId,
    /// What the box recorded under the identity of another is set aside, and it begins anew.
    pub begins_anew: bool,
}

/// How the bytes of a file become items. The runtime gives the reader of import files, because
/// one adapter does not know another.
pub type ReadFile = dyn Fn(&[u8], FileFormat) -> Result<Vec<ImportItem>, String> + Send + Sync;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    Csv,
    Jsonl,
}
