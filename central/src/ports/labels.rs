//! Parcels for which no label can be had: reported once, seen to once.

use super::StoreError;
use crate::core::carriers::Journey;
use crate::core::labels::{LabelFailure, LabelOutcome};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, TaskId, TenantId};
use holdfast_shared::time::UtcMs;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLabelFailure {
    pub tenant: TenantId,
    pub task: TaskId,
    /// None: the one that was planned first, as far as one was. Whichever fails after it is named.
    pub service: Option<String>,
    pub reason: String,
    pub by: Actor,
}

/// How it is seen to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settling {
    pub outcome: LabelOutcome,
    /// For the order's timeline.
    pub words: String,
    /// By which service it goes instead.
    pub journey: Option<Journey>,
}

#[async_trait]
pub trait Labels: Send + Sync {
    /// On record and in the order's timeline; the same again is what it was. None: there is no such task.
    async fn report_label(
        &self,
        failure: &NewLabelFailure,
        now: UtcMs,
    ) -> Result<Option<LabelFailure>, StoreError>;
    /// Of one task.
    async fn label_failures(&self, tenant: &TenantId, task: &TaskId)
    -> Result<Vec<LabelFailure>, StoreError>;
    /// Those that nobody has seen to, oldest first.
    async fn waiting_labels(&self, limit: u32) -> Result<Vec<LabelFailure>, StoreError>;
    /// One transaction: what became of it, the parcel's new plan, and an exception where a person decides.
    async fn settle_label(
        &self,
        failure: &LabelFailure,
        settling: &Settling,
        now: UtcMs,
    ) -> Result<(), StoreError>;
}
