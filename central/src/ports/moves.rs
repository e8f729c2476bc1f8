//! Work that leaves a store which may no longer have it: no faster than the pace allows, whoever
//! moves it, and on record from beginning to end.

use super::StoreError;
use super::work::TaskRow;
use crate::core::failover::plan::{Lately, Leaving};
use crate::core::failover::policy::Pace;
use crate::core::failover::record::Moved;
use crate::core::failover::telling::Telling;
use crate::core::routing::decision::Demand;
use async_trait::async_trait;
use holdfast_shared::ids::{DrillId, OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::time::{Now, UtcMs};

/// The length of time that a pace speaks of.
pub const PACE_MS: i64 = 60_000;

/// A task that is to leave its store, with all that is written down of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    pub leaving: Leaving,
    /// For the order's timeline.
    pub words: String,
    /// Who is asked before all others.
    pub plan_b: Vec<StoreId>,
    pub telling: Telling,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveOutcome {
    /// The lines are open again; the hold at the store stays until it answers.
    Moved,
    /// As much has moved within a minute as may.
    Waits(String),
    /// Central released the goods before: they can only be answered by the store.
    ReleasedAlready,
    /// Ended, recalled before, or under another fence.
    Moot,
}

/// Which moves are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MovesOf {
    All,
    Drill(DrillId),
}

#[async_trait]
pub trait Moves: Send + Sync {
    /// One transaction: the pace is looked up, the task recalled on the row that a release decides on,
    /// and what happened written down and told.
    async fn move_away(&self, departure: &Departure, pace: Pace, now: Now)
    -> Result<MoveOutcome, StoreError>;
    /// Open work of a store that nobody has taken from it: what may leave first, then what is released.
    async fn movable(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        limit: u32,
    ) -> Result<Vec<TaskRow>, StoreError>;
    /// What moved within the minute before `now`, by the store that it left.
    async fn moved_lately(&self, tenant: &TenantId, now: UtcMs) -> Result<Lately, StoreError>;
    /// What is open of one order; none when nothing is, or when nothing of it may be routed now.
    async fn open_demand(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<Demand>, StoreError>;
    /// What would be open of a task's lines if it left its store now.
    async fn demand_if_moved(&self, tenant: &TenantId, task: &TaskId) -> Result<Option<Demand>, StoreError>;
    /// Why who stood second did not get it.
    async fn refuse_plan_b(&self, tenant: &TenantId, task: &TaskId, why: &str) -> Result<(), StoreError>;
    /// Newest first.
    async fn moves(&self, tenant: &TenantId, of: &MovesOf, limit: u32) -> Result<Vec<Moved>, StoreError>;
}
