//! What reconciliation reads and writes: rows side by side, findings, and how far it has come.

use super::{Page, PageRequest, StoreError};
use crate::core::reconcile::book::{OrderBook, PositionBook, StoreBook};
use crate::core::reconcile::finding::{Finding, FindingId, FindingKind, FindingState, Scope};
use crate::core::reconcile::life::Step;
use crate::core::reconcile::report::DayBook;
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, OrderId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;

/// What has changed since the marks, and the marks after it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    pub scopes: Vec<(TenantId, Scope)>,
    pub marks: Marks,
    /// There may be more.
    pub more: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    pub orders: i64,
    pub positions: i64,
    pub stores: i64,
}

/// Where a sweep goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SweepPlace {
    pub order: i64,
    pub position: Option<(TenantId, Sku, StoreId)>,
    pub store: Option<(TenantId, StoreId)>,
}

/// A page of all that there is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SweepPage {
    pub orders: Vec<(TenantId, OrderId)>,
    /// Read as they are: there are many, and few differ.
    pub positions: Vec<PositionBook>,
    pub stores: Vec<(TenantId, StoreId)>,
    pub place: SweepPlace,
    /// It went to the end of all three.
    pub over: bool,
}

/// How much of each one page takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepPace {
    pub orders: u32,
    pub positions: u32,
    pub stores: u32,
}

/// What was written down of a look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Followed {
    pub found: u32,
    pub forgotten: u32,
    pub confirmed: u32,
    pub mended: u32,
    pub escalated: u32,
    pub ended: u32,
    /// Stores that are to be asked for an answer.
    pub ask: Vec<StoreId>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingFilter {
    pub states: Vec<FindingState>,
    pub kind: Option<FindingKind>,
    pub order: Option<OrderId>,
    pub store: Option<StoreId>,
    /// Also those that are over.
    pub all: bool,
}

/// Open findings of one kind and state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingCount {
    pub tenant: TenantId,
    pub kind: FindingKind,
    pub state: FindingState,
    pub open: u64,
    /// Between which states orders stand still; for no other kind.
    pub between: Option<(String, String)>,
}

#[async_trait]
pub trait Reconciling: Send + Sync {
    async fn changed(&self, limit: u32) -> Result<Changed, StoreError>;
    /// They were looked at.
    async fn pass(&self, marks: Marks) -> Result<(), StoreError>;
    async fn sweep_page(
        &self,
        tenant: Option<&TenantId>,
        from: &SweepPlace,
        pace: SweepPace,
    ) -> Result<SweepPage, StoreError>;
    /// Orders that have work at a store.
    async fn orders_at(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        limit: u32,
    ) -> Result<Vec<OrderId>, StoreError>;

    /// None: the order is not there. The open findings of it are read in the same moment.
    async fn order_book(
        &self,
        tenant: &TenantId,
        order: &OrderId,
    ) -> Result<Option<(OrderBook, Vec<Finding>)>, StoreError>;
    async fn position_book(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        sku: &Sku,
    ) -> Result<Option<(PositionBook, Vec<Finding>)>, StoreError>;
    async fn store_book(
        &self,
        tenant: &TenantId,
        store: &StoreId,
    ) -> Result<Option<(StoreBook, Vec<Finding>)>, StoreError>;

    /// One transaction: writes down what follows, and mends what is to be mended. What it mends is read anew.
    async fn follow(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        steps: Vec<Step>,
        now: UtcMs,
    ) -> Result<Followed, StoreError>;
    /// Scopes with open findings that were not looked at since then, the longest first.
    async fn due_scopes(&self, seen_before: UtcMs, limit: u32) -> Result<Vec<(TenantId, Scope)>, StoreError>;

    async fn findings(
        &self,
        tenant: &TenantId,
        filter: &FindingFilter,
        page: &PageRequest,
    ) -> Result<Page<Finding>, StoreError>;
    /// A person says that it stays. The exception that tells of it is over. Whether it was open.
    async fn accept_finding(
        &self,
        tenant: &TenantId,
        finding: FindingId,
        reason: &str,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    async fn count_findings(&self) -> Result<Vec<FindingCount>, StoreError>;
    /// What was open at some time from the beginning of the day to its end.
    async fn day_book(&self, tenant: &TenantId, begins: UtcMs, ends: UtcMs) -> Result<DayBook, StoreError>;
    async fn drop_findings(&self, ended_before: UtcMs) -> Result<usize, StoreError>;
}
