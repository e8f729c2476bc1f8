//! Drills: stores declared dark on purpose. Beginning one closes them hard for a while, ending it
//! opens them again; everything between is the ordinary machinery.

use super::StoreError;
use crate::core::failover::drill::Drill;
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, DrillId, StoreId, TenantId};
use holdfast_shared::time::UtcMs;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDrill {
    pub tenant: TenantId,
    pub stores: Vec<StoreId>,
    pub reason: String,
    pub author: Actor,
    pub until: UtcMs,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrillBegun {
    Begun(Box<Drill>),
    UnknownStore(StoreId),
    /// It is closed by somebody, and what a drill would show happens already.
    Closed(StoreId),
    /// Another drill has it.
    InDrill(StoreId),
}

#[async_trait]
pub trait Drills: Send + Sync {
    /// All of its stores, or none.
    async fn begin_drill(&self, drill: &NewDrill, now: UtcMs) -> Result<DrillBegun, StoreError>;
    /// Opens its stores again, unless somebody else closed them meanwhile. Ending one again changes
    /// nothing; none when there is no such drill.
    async fn end_drill(
        &self,
        tenant: &TenantId,
        drill: &DrillId,
        by: &Actor,
        now: UtcMs,
    ) -> Result<Option<Drill>, StoreError>;
    async fn drill(&self, tenant: &TenantId, drill: &DrillId) -> Result<Option<Drill>, StoreError>;
    /// Newest first.
    async fn drills(&self, tenant: &TenantId, limit: u32) -> Result<Vec<Drill>, StoreError>;
    /// Those whose time is over and that nobody has ended.
    async fn drills_over(&self, now: UtcMs) -> Result<Vec<(TenantId, DrillId)>, StoreError>;
}
