//! Those who are sent events: registered by name, each with a cursor of its own.

use super::{Page, PageRequest, StoreError};
use crate::core::events::consumer::{Consumer, ConsumerState, ConsumerTerms, From, Progress};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, ConsumerId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsumerMade {
    Made,
    /// One of that name is there; it has other terms now, and stays where it has come to.
    Changed,
    /// The tenant has as many as it may.
    TooMany,
}

/// With which what a consumer is sent is signed. Printed to nobody but whoever makes it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsumerSecret {
    pub key_id: String,
    pub secret: String,
    pub made_at: UtcMs,
}

impl fmt::Debug for ConsumerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConsumerSecret({})", self.key_id)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretAdded {
    Added,
    /// Two sign already: one has to go first.
    TooMany,
    UnknownConsumer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretDropped {
    Dropped,
    /// It is the last: without it nothing is signed.
    Last,
    Unknown,
}

/// What came of having all tried again that a consumer was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriedAgain {
    /// Of those that were put aside.
    pub events: u32,
    /// Put aside still: more than one call has tried again.
    pub left: u32,
}

/// An event that a person must look at. Those of its key wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeadLetter {
    pub sequence: u64,
    pub key: String,
    pub tries: u32,
    pub first_at: Option<UtcMs>,
    pub parked_at: UtcMs,
    pub why: String,
    /// Events of the same key that wait for it.
    pub behind: u32,
}

#[async_trait]
pub trait Consumers: Send + Sync {
    /// A new one begins at `from`; one that is there changes its terms and nothing else. `secret` is for a new one.
    async fn put_consumer(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        terms: &ConsumerTerms,
        (from, secret): (From, Option<ConsumerSecret>),
        now: UtcMs,
    ) -> Result<ConsumerMade, StoreError>;
    async fn consumer(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        now: UtcMs,
    ) -> Result<Option<(Consumer, Progress)>, StoreError>;
    /// Of one tenant, or of all.
    async fn consumers(
        &self,
        tenant: Option<&TenantId>,
        now: UtcMs,
    ) -> Result<Vec<(Consumer, Progress)>, StoreError>;
    /// Whether there was one. Its log and what waits for it go with it.
    async fn remove_consumer(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    async fn set_consumer_state(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        state: ConsumerState,
        why: &str,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    /// Goes back, or forward, to hear from there on. What is told again is marked as that. What waits from
    /// there on is read again; what is parked before stays parked. None when there is no such consumer.
    async fn replay_consumer(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        (from, rate_per_s): (From, Option<u32>),
        now: UtcMs,
    ) -> Result<Option<Consumer>, StoreError>;
    /// A consumer that fetches has done everything up to here. It never goes back by this.
    async fn acknowledge(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        up_to: u64,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    /// Newest first.
    async fn consumer_secrets(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
    ) -> Result<Vec<ConsumerSecret>, StoreError>;
    async fn add_consumer_secret(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        secret: ConsumerSecret,
    ) -> Result<SecretAdded, StoreError>;
    async fn drop_consumer_secret(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        key_id: &str,
    ) -> Result<SecretDropped, StoreError>;
    /// Newest first.
    async fn dead_letters(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        page: &PageRequest,
    ) -> Result<Page<DeadLetter>, StoreError>;
    /// Its key goes on with it. Whether it was parked.
    async fn retry_dead_letter(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        sequence: u64,
        by: &Actor,
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    /// It is not sent; its key goes on without it. On record with who and why. Whether it was parked.
    async fn skip_dead_letter(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        sequence: u64,
        (by, why): (&Actor, &str),
        now: UtcMs,
    ) -> Result<bool, StoreError>;
    /// The oldest that are put aside are tried again, and whatever waits for its time is tried now; one that is ended is
    /// sent events again. None when there is no such consumer.
    async fn deliver_again(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        by: &Actor,
        now: UtcMs,
    ) -> Result<Option<TriedAgain>, StoreError>;
}
