//! Goods that come back: asked for, decided upon, brought on.

use super::{Page, PageRequest, StoreError};
use crate::core::returns::fact::ReturnFact;
use crate::core::returns::policy::{ReturnPolicy, ReturnRules};
use crate::core::returns::request::{BadReturn, ReturnRequest};
use crate::core::returns::state::{Act, Illegal, Return, ReturnState};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, IdempotencyKey, OrderId, ReturnId, StoreId, TenantId};
use holdfast_shared::time::UtcMs;

#[derive(Debug, Clone, PartialEq)]
pub struct NewReturn {
    pub tenant: TenantId,
    pub order: OrderId,
    pub request: ReturnRequest,
    pub idempotency: IdempotencyKey,
    pub request_hash: [u8; 32],
    pub by: Actor,
    /// Which say whether it is approved at once.
    pub rules: ReturnRules,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ReturnTaken {
    New(Box<Return>),
    Replayed(Box<Return>),
    KeyReused,
    UnknownOrder,
    Refused(BadReturn),
}

#[derive(Debug, Clone, PartialEq)]
pub enum ActOutcome {
    Done(Box<Return>),
    Unknown,
    Illegal(Illegal),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReturnFilter {
    pub state: Option<ReturnState>,
    /// That took some of it in.
    pub store: Option<StoreId>,
}

#[async_trait]
pub trait Returns: Send + Sync {
    /// One transaction: the units are announced, or nothing is.
    async fn ask_return(&self, new: &NewReturn, now: UtcMs) -> Result<ReturnTaken, StoreError>;
    async fn act_on_return(
        &self,
        tenant: &TenantId,
        id: &ReturnId,
        act: &Act,
        by: &Actor,
        now: UtcMs,
    ) -> Result<ActOutcome, StoreError>;
    /// With its facts, oldest first.
    async fn return_of(
        &self,
        tenant: &TenantId,
        id: &ReturnId,
    ) -> Result<Option<(Return, Vec<ReturnFact>)>, StoreError>;
    async fn returns_of(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Return>, StoreError>;
    /// Newest first.
    async fn returns(
        &self,
        tenant: &TenantId,
        filter: &ReturnFilter,
        page: &PageRequest,
    ) -> Result<Page<Return>, StoreError>;
    /// Those at which it is time to look; also those that wait until after `beyond`, which only a clock that was put
    /// back since can have given.
    async fn due_returns(
        &self,
        now: UtcMs,
        beyond: UtcMs,
        limit: u32,
    ) -> Result<Vec<(TenantId, ReturnId)>, StoreError>;
    /// All that is to be done about it now, in one transaction. Whether anything was.
    async fn advance_return(
        &self,
        tenant: &TenantId,
        id: &ReturnId,
        policy: &ReturnPolicy,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
}
