//! How each replica of central sees the stores. One that suspects its own ear vetoes the failovers of
//! all: the others may share its trouble and not have noticed yet.

use super::StoreError;
use async_trait::async_trait;
use holdfast_shared::time::UtcMs;

/// Another replica of central, as it last spoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    pub replica: String,
    pub frozen: bool,
    pub said_at: UtcMs,
}

#[async_trait]
pub trait Vetoes: Send + Sync {
    /// Puts this word of a replica in the place of its last one.
    async fn say(&self, peer: &Peer) -> Result<(), StoreError>;
    /// All but this replica.
    async fn peers(&self, but: &str) -> Result<Vec<Peer>, StoreError>;
}
