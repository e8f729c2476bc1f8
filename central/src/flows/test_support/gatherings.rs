//! Gatherings of the store in memory: what was begun and ended is kept.

use super::Ram;
use crate::core::gathering::{Gathering, GatheringNow};
use crate::ports::StoreError;
use crate::ports::gatherings::{GatherOutcome, Gatherings, GatheringsEnded, NewGathering};
use async_trait::async_trait;
use holdfast_shared::ids::{OrderId, StoreId, TenantId};
use holdfast_shared::time::UtcMs;

type Result<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl Gatherings for Ram {
    async fn gather(&self, new: &NewGathering, _: UtcMs) -> Result<GatherOutcome> {
        self.done(|done| done.gathered.push(new.clone()));
        let child = format!("{}-g", new.demand.order).parse().unwrap();
        Ok(self.told(|told| told.gather.pop_front()).unwrap_or(GatherOutcome::Begun { child }))
    }
    async fn gathering(&self, _: &TenantId, _: &OrderId) -> Result<Option<Gathering>> {
        super::not_here()
    }
    async fn gatherings_now(&self, _: &TenantId, _: Option<&StoreId>, _: UtcMs) -> Result<Vec<GatheringNow>> {
        super::not_here()
    }
    async fn end_gatherings_over(&self, _: UtcMs) -> Result<GatheringsEnded> {
        Ok(self.told(|told| told.gatherings_over.pop_front()).unwrap_or_default())
    }
    async fn gathering_stores(&self) -> Result<Vec<(TenantId, StoreId)>> {
        Ok(self.told(|told| told.gathering_stores.clone()))
    }
    async fn end_gatherings_at(&self, _: &TenantId, store: &StoreId, _: UtcMs) -> Result<GatheringsEnded> {
        self.done(|done| done.gatherings_lost.push(store.clone()));
        Ok(GatheringsEnded { ended: 1, more: false })
    }
}
