//! Work at stores: demands without a node, assignments, recalls. Each write is conditional, so
//! that of two that race one wins, always.

use super::{Page, PageRequest, StoreError};
use crate::core::carriers::Journey;
use crate::core::routing::decision::{Decision, Demand, DemandLine};
use async_trait::async_trait;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint, Status, TaskState};
use holdfast_shared::ids::{Actor, OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::time::{Now, UtcMs};
use std::collections::BTreeSet;

/// A decision to give lines of an order to a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    pub tenant: TenantId,
    pub order: OrderId,
    pub store: StoreId,
    pub kind: FulfilmentKind,
    pub release_point: ReleasePoint,
    pub lines: Vec<DemandLine>,
    /// As read with the demand; the task is `{order}-{assignments + 1}`.
    pub assignments: u32,
    pub accept_by: UtcMs,
    pub promise_by: Option<UtcMs>,
    pub note: Option<String>,
    pub decision: Decision,
    /// When it should leave and arrive; none when no date could be told.
    pub journey: Option<Journey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignOutcome {
    Assigned {
        task: TaskId,
        fence: Fence,
    },
    /// The position no longer allows it: route again with fresh stock.
    StockGone {
        sku: holdfast_shared::ids::Sku,
    },
    /// The order moved on since the demand was read.
    OrderMoved,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecallOutcome {
    /// The lines are open again; the hold at the store stays until it answers.
    Recalled,
    /// Central released the goods before: they can only be answered by the store.
    ReleasedAlready,
    /// Ended, recalled before, or under another fence.
    Moot,
}

/// What became of a person's wish to take work back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeBackOutcome {
    /// The lines are open again, the store is told to stop, and the override is on record.
    TakenBack {
        store: StoreId,
        released: bool,
    },
    /// It was asked to stop before; asking again changes nothing.
    Stopping {
        store: StoreId,
    },
    /// Nothing is left there that could be taken back.
    Ended(Status),
    Unknown,
}

/// A task with what the reconcilers go by.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    pub tenant: TenantId,
    pub state: TaskState,
}

#[async_trait]
pub trait Work: Send + Sync {
    /// Orders with open units that are due for routing, oldest first. Backordered ones come back
    /// when stock of one of their SKUs has grown somewhere since, or a node became eligible
    /// (`retry_backorders_before` is the age at which they are tried anyway).
    async fn demands(
        &self,
        limit: u32,
        retry_backorders_before: UtcMs,
        now: UtcMs,
    ) -> Result<Vec<Demand>, StoreError>;
    /// One transaction: reserve every line if the position allows, take the units out of `open`,
    /// save the decision, the task and its offer in the task's document, event and outbox.
    async fn assign(&self, assignment: &Assignment, now: Now) -> Result<AssignOutcome, StoreError>;
    /// The same for many at once, in this order: each is written, refused or failed for itself, and the
    /// outcomes come in the same order. Of one order's assignments none is written after one that was not.
    async fn assign_all(
        &self,
        assignments: Vec<Assignment>,
        now: Now,
    ) -> Vec<Result<AssignOutcome, StoreError>> {
        let mut stopped: BTreeSet<(TenantId, OrderId)> = BTreeSet::new();
        let mut outcomes = Vec::with_capacity(assignments.len());
        for assignment in assignments {
            let order = (assignment.tenant.clone(), assignment.order.clone());
            let outcome = match stopped.contains(&order) {
                true => Ok(AssignOutcome::OrderMoved),
                false => self.assign(&assignment, now).await,
            };
            if !matches!(outcome, Ok(AssignOutcome::Assigned { .. })) {
                stopped.insert(order);
            }
            outcomes.push(outcome);
        }
        outcomes
    }
    /// Saves the decision and leaves the units open until then, unless the order has moved on. It comes
    /// back earlier when a node became eligible.
    async fn hold(
        &self,
        demand: &Demand,
        decision: &Decision,
        until: UtcMs,
        now: Now,
    ) -> Result<(), StoreError>;
    /// Saves the decision and marks the open units as backordered.
    async fn backorder(&self, demand: &Demand, decision: &Decision, now: Now) -> Result<(), StoreError>;

    /// Decides on the same row as a release.
    async fn recall(
        &self,
        tenant: &TenantId,
        task: &TaskId,
        fence: Fence,
        reason: &str,
        now: Now,
    ) -> Result<RecallOutcome, StoreError>;
    /// Moves work that is released, or a pickup, because a person says so. On record as an exception.
    async fn take_back(
        &self,
        tenant: &TenantId,
        task: &TaskId,
        reason: &str,
        actor: &Actor,
        now: Now,
    ) -> Result<TakeBackOutcome, StoreError>;
    /// Raises an exception, once, for each cancel asked for before `asked_before` that its store has
    /// not answered. How many.
    async fn tell_unanswered_cancels(
        &self,
        asked_before: UtcMs,
        limit: u32,
        now: Now,
    ) -> Result<u32, StoreError>;
    /// Open tasks of one store, or of all.
    async fn open_tasks(
        &self,
        tenant: Option<&TenantId>,
        store: Option<&StoreId>,
        limit: u32,
    ) -> Result<Vec<TaskRow>, StoreError>;
    /// Offers whose deadline has passed and that nobody accepted or recalled; also those whose
    /// deadline lies after `beyond`, which only a clock that was put back since can have given.
    async fn expired_offers(&self, now: UtcMs, beyond: UtcMs, limit: u32)
    -> Result<Vec<TaskRow>, StoreError>;
    async fn task(&self, tenant: &TenantId, task: &TaskId) -> Result<Option<TaskState>, StoreError>;
    async fn tasks_of_store(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        page: &PageRequest,
    ) -> Result<Page<TaskState>, StoreError>;
    /// What must hold, counted straight from the tables, of one tenant or of all; for the demo's
    /// summary and for tests.
    async fn audit(&self, tenant: Option<&TenantId>) -> Result<Audit, StoreError>;
}

/// Each of the first five must be 0.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct Audit {
    /// Order lines of which more units left than were ordered, and no person answers for it.
    pub double_shipped: u64,
    /// Units promised beyond what the positions allowed when they were promised.
    pub oversold: u64,
    /// Positions whose `reserved` is not the sum of their holds.
    pub reserved_mismatch: u64,
    /// Holds whose task has ended.
    pub orphaned_holds: u64,
    /// Positions that are not the sum of their baseline and of the facts that are not sealed.
    pub baseline_mismatch: u64,
    /// Tasks that central took back from a store, not counting cancellations.
    pub recalled_tasks: u64,
    /// Order lines of which more units left than were ordered, with a person's override on record.
    #[serde(default)]
    pub overridden: u64,
    pub open_holds: u64,
    pub open_tasks: u64,
}
