//! Ways out: one event to one receiver.

use crate::core::events::cloud::CloudEvent;
use crate::core::events::consumer::Consumer;
use crate::ports::consumers::ConsumerSecret;
use async_trait::async_trait;
use holdfast_shared::time::Now;
use std::sync::Arc;

/// What the receiver made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendEnd {
    Taken,
    /// This event, as it is, is not wanted. Others may be.
    Refused {
        why: String,
    },
    /// May get through later, and not before so long when the receiver said so.
    Failed {
        why: String,
        asked_ms: Option<i64>,
    },
    /// Nothing must be sent there any more.
    Gone {
        why: String,
    },
}

/// For the delivery log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spoken {
    pub status: Option<u16>,
    pub asked: Option<String>,
    pub answered: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub end: SendEnd,
    pub spoken: Spoken,
    pub began: Now,
    pub ended: Now,
}

#[async_trait]
pub trait Sink: Send + Sync {
    /// The same event may come again, under the same id.
    async fn send(&self, id: &str, key: &str, kind: &str, event: &CloudEvent) -> Sent;
    /// Whether each event that gets through is worth a line of the log.
    fn logs_what_went(&self) -> bool;
}

/// Makes the way that a consumer asks for.
#[async_trait]
pub trait Sinks: Send + Sync {
    /// What cannot be sent this way on this machine, in words for whoever registers it.
    fn check(&self, consumer: &crate::core::events::consumer::ConsumerTerms) -> Result<(), String>;
    async fn open(&self, consumer: &Consumer, secrets: &[ConsumerSecret]) -> Result<Arc<dyn Sink>, String>;
}
