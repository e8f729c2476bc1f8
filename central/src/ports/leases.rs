//! How long central left work with a store, as it promised. Written down before it is answered, so
//! that a central that starts again, or is configured anew, waits for what was promised.

use super::StoreError;
use crate::core::health::StoreKey;
use async_trait::async_trait;

#[async_trait]
pub trait Leases: Send + Sync {
    async fn grant(&self, store: &StoreKey, granted_ms: i64) -> Result<(), StoreError>;
    /// The newest of every store.
    async fn granted(&self) -> Result<Vec<(StoreKey, i64)>, StoreError>;
}
