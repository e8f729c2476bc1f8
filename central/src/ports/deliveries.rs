//! What a consumer is sent next, and what became of it.

use super::outbox::OutboxEvent;
use super::{Page, PageRequest, StoreError};
use crate::core::events::consumer::Consumer;
use async_trait::async_trait;
use holdfast_shared::ids::{ConsumerId, TenantId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// An event on its way to one consumer, with what is known of its tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub event: OutboxEvent,
    /// It did not get through before, or stood behind one that did not.
    pub waited: bool,
    pub tries: u32,
    pub refusals: u32,
    pub first_at: Option<UtcMs>,
}

/// What a step has before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// Those that failed before, whose time has come: one of each key.
    pub again: Vec<Due>,
    /// What comes after the consumer's position, wanted or not.
    pub next: Vec<OutboxEvent>,
    /// Keys of which something waits: what comes of them waits behind it.
    pub keys_waiting: BTreeSet<String>,
    /// How many wait, due or not.
    pub waiting: u32,
    /// When the next of those that failed is due, beyond those of `again`.
    pub next_due: Option<UtcMs>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeliveryOutcome)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The receiver has it.
    Taken,
    /// The receiver does not want it as it is.
    Refused,
    /// It did not get through, and may later.
    Failed,
    /// The receiver is gone for good.
    Gone,
    /// A person let it be.
    Skipped,
}

impl Outcome {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Gone => "gone",
            Self::Skipped => "skipped",
        }
    }
}

/// One line of the delivery log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Delivery {
    pub delivery: u64,
    pub sequence: u64,
    pub event: String,
    pub kind: String,
    pub key: String,
    /// Counted from one.
    #[serde(rename = "try")]
    pub try_number: u32,
    pub outcome: Outcome,
    pub at: UtcMs,
    pub took_ms: i64,
    /// What an HTTP receiver answered with.
    pub status: Option<u16>,
    pub why: Option<String>,
    /// The head of what was sent.
    pub asked: Option<String>,
    /// The head of the answer, and how its body begins.
    pub answered: Option<String>,
    pub backfill: bool,
    /// Who had it sent by hand.
    pub by_hand: Option<String>,
}

/// Where an event goes that did not get through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stays {
    /// Tried again then.
    Until(UtcMs),
    /// Behind an earlier one of its key.
    Behind,
    /// Until a person has looked at it.
    Parked(UtcMs),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    pub sequence: u64,
    pub key: String,
    pub tries: u32,
    pub refusals: u32,
    pub first_at: Option<UtcMs>,
    pub stays: Stays,
    pub why: Option<String>,
}

/// What a step has done. Written in one transaction, after the sending: whatever comes between is sent again, with
/// the same ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Of `Work::next`, everything up to here was sent, waits, or is not wanted.
    pub position: Option<u64>,
    /// Number and key of those that waited and have gone.
    pub gone: Vec<(u64, String)>,
    pub waits: Vec<Waits>,
    pub log: Vec<Delivery>,
    /// What the receiver said when it said that it is gone.
    pub ended: Option<String>,
    pub delivered: bool,
}

#[async_trait]
pub trait Deliveries: Send + Sync {
    /// `rows` of each sort at most; nothing of `next` when as much waits as may.
    async fn work_of(&self, consumer: &Consumer, rows: u32, now: UtcMs) -> Result<Work, StoreError>;
    /// False when somebody changed the consumer meanwhile: then nothing is written, and all of it is sent again.
    async fn note_deliveries(&self, consumer: &Consumer, done: Done, now: UtcMs) -> Result<bool, StoreError>;
    /// A delivery that a person asked for. It moves nothing.
    async fn note_redelivery(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        line: Delivery,
    ) -> Result<(), StoreError>;
    /// Newest first; those of one event, or all.
    async fn delivery_log(
        &self,
        tenant: &TenantId,
        consumer: &ConsumerId,
        of: Option<u64>,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, StoreError>;
    /// A person is told that nothing has got through for long, or that it gets through again.
    async fn note_silence(
        &self,
        consumer: &Consumer,
        since: Option<UtcMs>,
        now: UtcMs,
    ) -> Result<(), StoreError>;
    /// A person is told that as much waits as may and nothing new is read, or that there is room again.
    async fn note_full(&self, consumer: &Consumer, full: bool, now: UtcMs) -> Result<(), StoreError>;
}
