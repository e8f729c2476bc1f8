//! The saga's facts, refunds that somebody asked for, and the inbox of webhooks.

use super::{Page, PageRequest, StoreError};
use crate::core::order::OrderLine;
use crate::core::order_terms::PaymentToken;
use crate::core::saga::fact::{CallId, SagaFact, Said, Source};
use crate::core::saga::notice::{Notice, NoticeOutcome, Received};
use crate::core::saga::refund::{BadRefund, RefundAsked, RefundRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, IdempotencyKey, OrderId, PaymentProvider, TenantId, TraceId};
use holdfast_shared::money::Currency;
use holdfast_shared::time::UtcMs;

/// Whose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SagaKey {
    pub tenant: TenantId,
    pub order: OrderId,
}

/// An order that is paid for, with all that was written about its money.
#[derive(Debug, Clone, PartialEq)]
pub struct Saga {
    pub key: SagaKey,
    pub provider: PaymentProvider,
    pub token: PaymentToken,
    /// The key under which the order was placed.
    pub root: IdempotencyKey,
    /// The order's.
    pub trace: TraceId,
    pub currency: Currency,
    pub lines: Vec<OrderLine>,
    pub facts: Vec<SagaFact>,
    pub refunds: Vec<RefundAsked>,
    /// How often something of the order had changed when it was read.
    pub changes: u32,
    pub held: bool,
}

/// A fact to be written after the newest that was read; not, when another was written meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSagaFact {
    pub key: SagaKey,
    pub after: u32,
    pub id: CallId,
    pub said: Said,
    pub source: Source,
    /// When it is looked at next.
    pub next_at: UtcMs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Yes,
    /// Somebody else was first: read it anew.
    Moved,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewRefund {
    pub key: SagaKey,
    pub request: RefundRequest,
    pub idempotency: IdempotencyKey,
    pub request_hash: [u8; 32],
    pub by: Actor,
}

#[derive(Debug, Clone, PartialEq)]
pub enum RefundTaken {
    New(RefundAsked),
    Replayed(RefundAsked),
    KeyReused,
    UnknownOrder,
    Refused(BadRefund),
}

#[async_trait]
pub trait Sagas: Send + Sync {
    /// Those of this provider at which it is time to look, the longest waiting first; also those that were told to wait
    /// by a clock that has been put back since.
    async fn due_sagas(
        &self,
        provider: &PaymentProvider,
        now: UtcMs,
        limit: u32,
    ) -> Result<Vec<SagaKey>, StoreError>;
    /// Those whose provider is none of these.
    async fn sagas_without(
        &self,
        known: &[PaymentProvider],
        now: UtcMs,
        limit: u32,
    ) -> Result<Vec<Saga>, StoreError>;
    async fn saga(&self, key: &SagaKey) -> Result<Option<Saga>, StoreError>;
    /// One transaction: the fact, the sums that follow, the order's state, events, exceptions.
    async fn write_saga(&self, fact: &NewSagaFact, now: UtcMs) -> Result<Written, StoreError>;
    /// Nothing is to be done before then, unless the order changes; none: unless it changes.
    async fn rest_saga(&self, saga: &Saga, next_at: Option<UtcMs>, now: UtcMs)
    -> Result<Written, StoreError>;
    async fn ask_refund(&self, refund: &NewRefund, now: UtcMs) -> Result<RefundTaken, StoreError>;

    /// Durable before it is acknowledged. Whether it is new.
    async fn take_in_notice(
        &self,
        tenant: &TenantId,
        provider: &PaymentProvider,
        notice: &Notice,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    async fn waiting_notices(&self, limit: u32) -> Result<Vec<Received>, StoreError>;
    async fn settle_notice(
        &self,
        notice: &Received,
        outcome: NoticeOutcome,
        now: UtcMs,
    ) -> Result<(), StoreError>;
    /// Newest first.
    async fn notices(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Received>, StoreError>;
}
