//! Other goods in place of those that cannot be had: what may stand in for what, and what became of it.

use super::StoreError;
use super::promises::CartUnits;
use crate::core::substitution::{Passed, Substitute, Substitution, Terms};
use async_trait::async_trait;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Actor, LineNo, OrderId, Sku, TenantId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;

/// A substitute that a node can send, with the units to be set aside for it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSubstitution {
    pub tenant: TenantId,
    pub order: OrderId,
    pub kind: FulfilmentKind,
    /// As read with the demand.
    pub assignments: u32,
    pub line: LineNo,
    pub sku: Sku,
    pub instead: Sku,
    pub quantity: i64,
    pub unit_price: Option<Money>,
    pub units: Vec<CartUnits>,
    /// By when the customer is to answer; none: nobody need be asked.
    pub answer_by: Option<UtcMs>,
    pub passed: Vec<Passed>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubstituteOutcome {
    /// The units are those of this line of the order.
    Made { line: LineNo },
    /// The customer is asked.
    Proposed,
    /// The position no longer allows it: nothing was written.
    StockGone { sku: Sku },
    /// The order moved on since the demand was read, or has no room for another line.
    OrderMoved,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerOutcome {
    /// The same answer again changes nothing.
    Answered {
        substitution: Substitution,
        replayed: bool,
    },
    /// It had ended otherwise.
    Over(Substitution),
    /// Stores are to tell first what they did before a restore.
    Held,
    Unknown,
}

/// How many substitutions ended so, for the counters.
pub type Ended = BTreeMap<TenantId, u32>;

#[async_trait]
pub trait Substitutions: Send + Sync {
    /// Replaces what was said of the SKU before.
    async fn put_substitutes(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        substitutes: &[Substitute],
    ) -> Result<(), StoreError>;
    /// The first choice first.
    async fn substitutes(&self, tenant: &TenantId, sku: &Sku) -> Result<Vec<Substitute>, StoreError>;
    /// Of the lines of the order that may be replaced and of which nobody was asked before.
    async fn substitution_terms(&self, tenant: &TenantId, order: &OrderId) -> Result<Terms, StoreError>;
    /// One transaction: sets the units aside, and either asks the customer or moves them to a line of
    /// their own.
    async fn substitute(&self, new: &NewSubstitution, now: UtcMs) -> Result<SubstituteOutcome, StoreError>;
    async fn answer_substitution(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        number: u32,
        accept: bool,
        by: &Actor,
        now: UtcMs,
    ) -> Result<AnswerOutcome, StoreError>;
    /// Oldest first.
    async fn substitutions(
        &self,
        tenant: &TenantId,
        order: &OrderId,
    ) -> Result<Vec<Substitution>, StoreError>;
    /// Ends those that nobody answered in time. One bounded step; doing it again does no harm.
    async fn expire_substitutions(&self, now: UtcMs) -> Result<Ended, StoreError>;
}
