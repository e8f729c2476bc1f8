//! Versions that are tried on a part of the orders. One trial per tenant at a time; each step is
//! decided again in the transaction that writes it.

use super::{Page, PageRequest, StoreError};
use crate::core::order::OrderRequest;
use crate::core::policy::version::{PolicyState, PolicyVersion};
use crate::core::rollout::guardrails::Reading;
use crate::core::rollout::{Plan, Refusal, Rollout, Wish};
use async_trait::async_trait;
use holdfast_shared::ids::{OrderId, SkuClass, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeSet;

/// A trial that runs, with what its orders follow.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    pub tenant: TenantId,
    pub rollout: Rollout,
    pub canonical: String,
}

/// An order with open units, as far as a cohort asks.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenOrder {
    pub order: OrderId,
    pub request: OrderRequest,
    pub classes: BTreeSet<SkuClass>,
    /// An article of it has no class that could be named.
    pub unclassed: bool,
    /// Each article lies free at some node, as many as are open.
    pub in_stock: bool,
    /// It is shipped, and no article asks for special handling.
    pub simple_shipping: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Tried {
    Done(Box<Rollout>),
    Refused(Refusal),
    /// Only what a second person approved is tried.
    NotApproved(PolicyState),
    /// Another trial is not over.
    Another(PolicyVersion),
    Unknown,
}

#[async_trait]
pub trait Rollouts: Send + Sync {
    async fn start_rollout(
        &self,
        tenant: &TenantId,
        version: PolicyVersion,
        plan: &Plan,
        wish: &Wish,
        now: UtcMs,
    ) -> Result<Tried, StoreError>;
    /// A step of the newest trial.
    async fn step_rollout(&self, tenant: &TenantId, wish: &Wish, now: UtcMs) -> Result<Tried, StoreError>;
    /// Each with its number, newest first.
    async fn rollouts(
        &self,
        tenant: &TenantId,
        page: &PageRequest,
    ) -> Result<Page<(u64, Rollout)>, StoreError>;
    /// The trial of this number, and whether it is the newest.
    async fn rollout_by_number(
        &self,
        tenant: &TenantId,
        number: u64,
    ) -> Result<Option<(Rollout, Reading, bool)>, StoreError>;
    /// The newest trial, with what its orders are like.
    async fn rollout(&self, tenant: &TenantId) -> Result<Option<(Rollout, Reading)>, StoreError>;
    /// Of every tenant that has one.
    async fn rollouts_running(&self) -> Result<Vec<Running>, StoreError>;
    /// The tenant's orders that have open units.
    async fn open_orders(&self, tenant: &TenantId) -> Result<Vec<OpenOrder>, StoreError>;
}
