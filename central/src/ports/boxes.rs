//! The boxes that speak as replicas: which starts of them central has heard, and those that are
//! kept apart because two of them share one identity.

use super::{Page, PageRequest, StoreError};
use crate::core::lineage::Standing;
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, BootId, DocumentId, FactId, ReplicaId, StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A replica with the boots of it that central remembers, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplicaSeen {
    pub replica: ReplicaId,
    pub enrolled_as: Option<String>,
    pub enrolled_at: UtcMs,
    pub boots: Vec<BootSeen>,
    pub quarantines: Vec<Quarantine>,
}

/// One start of a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BootSeen {
    pub boot: BootId,
    /// How often its database had been started; 0 when it does not count.
    pub number: u64,
    pub standing: Standing,
    /// What the box calls itself.
    pub box_name: Option<String>,
    /// Where central saw it.
    #[schema(example = "10.20.0.17")]
    pub address: Option<String>,
    /// Up to which of central's changes it said to have all.
    pub cursor: u64,
    /// Of a quarantined one: the boot by which its box is known.
    pub copy: Option<BootId>,
    pub first_heard_at: UtcMs,
    pub heard_at: UtcMs,
}

/// A box that is kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quarantine {
    /// The first of its boots that was kept apart.
    pub copy: BootId,
    pub since: UtcMs,
    pub why: String,
    /// Facts in its branch, and those of them that wait for a decision.
    pub facts: u64,
    pub waiting: u64,
    /// The last decision; what was recorded after it waits for the next.
    pub decision: Option<Decision>,
    pub reason: Option<String>,
    pub decided_by: Option<String>,
    pub decided_at: Option<UtcMs>,
}

/// What becomes of a box that is kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = QuarantineDecision)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Its stock facts count; its words about tasks become exceptions.
    Merge,
    /// Its facts stay in the branch, and count for nothing.
    Discard,
    /// It is the real one: its branch is merged whole, and the other box is kept apart.
    TradePlaces,
}

impl Decision {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Discard => "discard",
            Self::TradePlaces => "trade_places",
        }
    }
}

/// Who decides, and why.
#[derive(Debug, Clone)]
pub struct Decided {
    pub decision: Decision,
    pub reason: String,
    pub by: Actor,
}

/// What a decision changed, for those who react to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionDone {
    pub merged_facts: u64,
    pub changed_tasks: Vec<TaskId>,
}

/// A fact in the branch of a box that is kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BranchFact {
    pub fact: FactId,
    #[schema(value_type = String)]
    pub document: DocumentId,
    /// As its box wrote it.
    pub text: String,
    pub outcome: BranchOutcome,
    pub kept_at: UtcMs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BranchOutcome {
    /// Waits for a decision.
    Kept,
    /// The ledger has it already, under the same id.
    InLedger,
    Merged,
    Discarded,
    /// A word about a task, which stays here for the record; an exception tells of it.
    Recorded,
}

impl BranchOutcome {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::InLedger => "in_ledger",
            Self::Merged => "merged",
            Self::Discarded => "discarded",
            Self::Recorded => "recorded",
        }
    }
}

/// A boot whose signals do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApartBoot {
    pub tenant: TenantId,
    pub store: StoreId,
    pub replica: ReplicaId,
    pub boot: BootId,
}

#[async_trait]
pub trait Boxes: Send + Sync {
    async fn replicas(&self, tenant: &TenantId, store: &StoreId) -> Result<Vec<ReplicaSeen>, StoreError>;
    /// Every boot that is kept apart, of all tenants.
    async fn apart(&self) -> Result<Vec<ApartBoot>, StoreError>;
    /// Decides about the box of this boot. None when it is not kept apart.
    async fn decide_quarantine(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        replica: &ReplicaId,
        boot: &BootId,
        decided: Decided,
        now: UtcMs,
    ) -> Result<Option<DecisionDone>, StoreError>;
    /// The branch of a box, newest first.
    async fn branch(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        replica: &ReplicaId,
        copy: &BootId,
        page: &PageRequest,
    ) -> Result<Page<BranchFact>, StoreError>;
}
