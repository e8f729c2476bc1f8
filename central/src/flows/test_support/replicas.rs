//! What replicas of central share: leases, and their words about silence.

use super::{Ram, Result};
use crate::core::health::StoreKey;
use crate::ports::leases::Leases;
use crate::ports::vetoes::{Peer, Vetoes};
use async_trait::async_trait;

#[async_trait]
impl Vetoes for Ram {
    async fn say(&self, peer: &Peer) -> Result<()> {
        self.done(|done| done.said.push(peer.clone()));
        Ok(())
    }
    async fn peers(&self, _: &str) -> Result<Vec<Peer>> {
        Ok(self.told(|told| told.peers.clone()))
    }
}

#[async_trait]
impl Leases for Ram {
    async fn grant(&self, store: &StoreKey, granted_ms: i64) -> Result<()> {
        self.done(|done| done.leases.push((store.clone(), granted_ms)));
        Ok(())
    }
    async fn granted(&self) -> Result<Vec<(StoreKey, i64)>> {
        Ok(self.told(|told| told.leases.clone()))
    }
}
