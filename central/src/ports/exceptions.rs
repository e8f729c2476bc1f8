//! The queue of exceptions as people work it. Each act is conditional, so that of two people one has it.

use super::{Page, PageRequest, StoreError};
use crate::core::exception::causes::RootCause;
use crate::core::exception::clock::Breach;
use crate::core::exception::repairs::{Attempt, RepairKind, RepairOutcome};
use crate::core::exception::trend::{CauseTrend, KindTrend};
use crate::core::exception::{Category, Exception, ExceptionEvent, ExceptionState, Resolution, Severity};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, ExceptionId, OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;

/// What is asked for; absent is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueFilter {
    pub states: Vec<ExceptionState>,
    pub categories: Vec<Category>,
    pub severity: Option<Severity>,
    pub root_cause: Option<RootCause>,
    pub taken_by: Option<Actor>,
    pub order: Option<OrderId>,
    pub task: Option<TaskId>,
    pub store: Option<StoreId>,
    /// Stands in its detail or its suggestion, whatever the case of letters.
    pub words: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeOutcome {
    Taken,
    /// The same person had it.
    Already,
    /// Somebody else has it.
    HeldBy(Actor),
    Over,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitOutcome {
    Done,
    /// It waits already, or does not wait.
    Already,
    Over,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginOutcome {
    /// It is this person's to carry out.
    Begun {
        attempt: u32,
    },
    /// It was done before, and nobody asked for it anew.
    Before(Attempt),
    /// Somebody is at it since a moment ago.
    Busy(Attempt),
    /// It was over before.
    Over,
    TooMany,
    Unknown,
}

/// A repair that a person asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairWish {
    pub exception: ExceptionId,
    pub repair: RepairKind,
    pub actor: Actor,
    pub reason: String,
    /// Also where it was done before.
    pub again: bool,
    /// One that began before then, and did not end, is nobody's any more.
    pub lost_before: UtcMs,
}

/// Open exceptions of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCount {
    pub tenant: TenantId,
    pub category: Category,
    pub severity: Severity,
    pub open: u64,
    pub late: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrendRows {
    pub kinds: Vec<KindTrend>,
    pub causes: Vec<CauseTrend>,
}

#[async_trait]
pub trait ExceptionQueue: Send + Sync {
    /// Newest first.
    async fn exception_page(
        &self,
        tenant: &TenantId,
        filter: &QueueFilter,
        page: &PageRequest,
    ) -> Result<Page<Exception>, StoreError>;
    async fn exception(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
    ) -> Result<Option<Exception>, StoreError>;
    /// What was done about it, oldest first, and the repairs that were tried.
    async fn exception_record(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
    ) -> Result<(Vec<ExceptionEvent>, Vec<Attempt>), StoreError>;
    /// `from_others`: also from somebody else who has it.
    async fn take_exception(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
        actor: &Actor,
        from_others: bool,
        now: UtcMs,
    ) -> Result<TakeOutcome, StoreError>;
    /// Its clock stands from now on, or goes on when nobody is named.
    async fn wait_exception(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
        on: Option<&str>,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<WaitOutcome, StoreError>;
    /// One transaction; those that were open, and are resolved now.
    async fn resolve_exceptions(
        &self,
        tenant: &TenantId,
        exceptions: &[(ExceptionId, Resolution)],
        now: UtcMs,
    ) -> Result<Vec<ExceptionId>, StoreError>;
    async fn begin_repair(
        &self,
        tenant: &TenantId,
        wish: &RepairWish,
        now: UtcMs,
    ) -> Result<BeginOutcome, StoreError>;
    async fn end_repair(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
        attempt: u32,
        outcome: (RepairOutcome, &str),
        now: UtcMs,
    ) -> Result<(), StoreError>;
    /// Open ones of all tenants that were not told late to end, after this number.
    async fn untold_exceptions(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, TenantId, Exception)>, StoreError>;
    /// Whether this call is the one that told.
    async fn tell_breach(
        &self,
        tenant: &TenantId,
        exception: &ExceptionId,
        breach: Breach,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    async fn count_open(&self) -> Result<Vec<OpenCount>, StoreError>;
    async fn exception_trend(
        &self,
        tenant: &TenantId,
        from: UtcMs,
        until: UtcMs,
    ) -> Result<TrendRows, StoreError>;

    /// Clears what its open units wait for. Whether there are any.
    async fn route_again(&self, tenant: &TenantId, order: &OrderId, now: UtcMs) -> Result<bool, StoreError>;
    /// Derives its state anew. Whether it differed.
    async fn fold_again(&self, tenant: &TenantId, order: &OrderId, now: UtcMs) -> Result<bool, StoreError>;
    /// Units that are held for a task although it has ended.
    async fn stuck_units(&self, tenant: &TenantId, task: &TaskId) -> Result<i64, StoreError>;
    /// Frees them. How many.
    async fn release_hold(&self, tenant: &TenantId, task: &TaskId, now: UtcMs) -> Result<i64, StoreError>;
}
