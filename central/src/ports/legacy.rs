//! The decisions of another system that decides the same orders, until they were compared.

use super::StoreError;
use super::shadow::Cursor;
use crate::core::routing::decision::{Decision, Recorded};
use crate::core::shadow::Compared;
use crate::core::shadow::legacy::LegacyDecision;
use crate::core::shadow::words::Foreign;
use async_trait::async_trait;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{LineNo, OrderId, Sku, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    pub taken: u32,
    /// Came before, word for word.
    pub repeated: u32,
    /// Came before under the same id with other words: the first ones count.
    pub conflicting: Vec<Foreign>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenOrFull {
    Taken(Taken),
    /// Too many wait already; nothing of the batch was kept.
    Full,
}

/// All that another system said of one line, of which some was not compared yet.
#[derive(Debug, Clone, PartialEq)]
pub struct LegacyLine {
    pub tenant: TenantId,
    /// As it calls the order.
    pub order: Foreign,
    pub line: LineNo,
    pub rows: Vec<LegacyDecision>,
    /// When the first of them came.
    pub heard_at: UtcMs,
}

/// What central knows under a name for an order.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderNamed {
    One(Box<KnownOrder>),
    /// So many have the same reference.
    Several(usize),
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
pub struct KnownOrder {
    pub order: OrderId,
    pub kind: FulfilmentKind,
    pub channel: String,
    pub promised: Option<UtcMs>,
    pub skus: BTreeMap<LineNo, Sku>,
    /// Oldest first.
    pub decisions: Vec<(Decision, Option<Recorded>)>,
}

/// A tenant of which another system tells its decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    pub tenant: TenantId,
    pub first_at: UtcMs,
    pub last_at: UtcMs,
    /// Up to where central's own decisions were looked through for lines it said nothing of.
    pub looked_up_to: Cursor,
}

#[async_trait]
pub trait LegacyDecisions: Send + Sync {
    /// All of them in one transaction; each id counts once.
    async fn take_legacy(
        &self,
        tenant: &TenantId,
        batch: &[LegacyDecision],
        now: UtcMs,
    ) -> Result<TakenOrFull, StoreError>;
    /// Lines that are due for a look.
    async fn legacy_due(&self, now: UtcMs, limit: u32) -> Result<Vec<LegacyLine>, StoreError>;
    async fn order_named(&self, tenant: &TenantId, name: &Foreign) -> Result<OrderNamed, StoreError>;
    /// It is looked at again then.
    async fn put_off_legacy(&self, line: &LegacyLine, until: UtcMs) -> Result<(), StoreError>;
    /// Counts and keeps what was found, once: not when another look was quicker. It stands for what was
    /// found missing of the line before.
    async fn note_legacy(
        &self,
        line: &LegacyLine,
        compared: &Compared,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    async fn legacy_feeds(&self) -> Result<Vec<Feed>, StoreError>;
    /// Whether the other system said anything of this line, under either name of the order.
    async fn legacy_spoke_of(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        line: LineNo,
    ) -> Result<bool, StoreError>;
    /// Counts and keeps lines that the other system never decided, and moves on, in one transaction.
    async fn note_unheard(
        &self,
        feed: &Feed,
        compared: &[Compared],
        up_to: Cursor,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
}
