//! What is on record of an order's trace.

use super::StoreError;
use crate::core::trace::record::{Call, OnRecord};
use async_trait::async_trait;
use holdfast_shared::ids::{OrderId, PromiseId, TenantId};
use std::fmt;

/// What a request was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Order(OrderId),
    Promise(PromiseId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(order) => write!(f, "order/{order}"),
            Self::Promise(promise) => write!(f, "promise/{promise}"),
        }
    }
}

/// How far a collector was told, and how far it could be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ToldUpTo {
    pub entry: u64,
    pub newest: u64,
}

/// One entry of some order's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub entry: u64,
    pub tenant: TenantId,
    pub order: OrderId,
}

#[async_trait]
pub trait Traces: Send + Sync {
    /// A request was heeded. Beyond some hundreds about one subject nothing more is kept.
    async fn note_call(&self, tenant: &TenantId, subject: &Subject, call: &Call) -> Result<(), StoreError>;
    async fn on_record(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<OnRecord>, StoreError>;
    async fn told_up_to(&self) -> Result<ToldUpTo, StoreError>;
    async fn tell_up_to(&self, entry: u64) -> Result<(), StoreError>;
    /// In the order in which they were written.
    async fn entries_after(&self, entry: u64, limit: u32) -> Result<Vec<Entry>, StoreError>;
}
