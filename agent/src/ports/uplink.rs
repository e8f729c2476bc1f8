//! The MQTT side: signals out, pokes in. Losing any of it may delay, never corrupt.

use async_trait::async_trait;
use holdfast_shared::wire::signal::{Freshness, Heartbeat};

#[derive(Debug, thiserror::Error)]
#[error("the signal was not sent: {why}")]
pub struct NotSent {
    pub why: String,
}

#[async_trait]
pub trait Uplink: Send + Sync {
    async fn heartbeat(&self, beat: &Heartbeat) -> Result<(), NotSent>;
    async fn freshness(&self, freshness: &Freshness) -> Result<(), NotSent>;
    fn connected(&self) -> bool;
}
