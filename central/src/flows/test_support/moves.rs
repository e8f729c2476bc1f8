//! Moves and drills of the store in memory.

use super::{Ram, Result, not_here};
use crate::core::failover::drill::Drill;
use crate::core::failover::plan::{Lately, too_fast};
use crate::core::failover::policy::Pace;
use crate::core::failover::record::Moved;
use crate::core::routing::decision::Demand;
use crate::ports::drills::{DrillBegun, Drills, NewDrill};
use crate::ports::moves::{Departure, MoveOutcome, Moves, MovesOf};
use crate::ports::work::{RecallOutcome, TaskRow, Work};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, DrillId, OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::time::{Now, UtcMs};

#[async_trait]
impl Moves for Ram {
    async fn move_away(&self, departure: &Departure, pace: Pace, _: Now) -> Result<MoveOutcome> {
        let leaving = &departure.leaving;
        if let Some(why) = self.told(|told| too_fast(&told.lately, &leaving.store, pace)) {
            return Ok(MoveOutcome::Waits(why));
        }
        self.done(|done| {
            done.recalled.push((leaving.task.clone(), leaving.reason()));
            done.departed.push(departure.clone());
        });
        Ok(match self.told(|told| told.recall.pop_front()).unwrap_or(RecallOutcome::Recalled) {
            RecallOutcome::Recalled => MoveOutcome::Moved,
            RecallOutcome::ReleasedAlready => MoveOutcome::ReleasedAlready,
            RecallOutcome::Moot => MoveOutcome::Moot,
        })
    }
    async fn movable(&self, tenant: &TenantId, store: &StoreId, limit: u32) -> Result<Vec<TaskRow>> {
        self.open_tasks(Some(tenant), Some(store), limit).await
    }
    async fn moved_lately(&self, _: &TenantId, _: UtcMs) -> Result<Lately> {
        Ok(self.told(|told| told.lately.clone()))
    }
    async fn open_demand(&self, _: &TenantId, order: &OrderId) -> Result<Option<Demand>> {
        Ok(self.told(|told| told.demands.iter().find(|demand| demand.order == *order).cloned()))
    }
    async fn demand_if_moved(&self, tenant: &TenantId, task: &TaskId) -> Result<Option<Demand>> {
        let row = self.told(|told| told.tasks.iter().find(|row| row.state.task == *task).cloned()).unwrap();
        let mut demand = self.open_demand(tenant, &row.state.order).await?.unwrap();
        demand.tried.insert(row.state.store);
        Ok(Some(demand))
    }
    async fn refuse_plan_b(&self, _: &TenantId, _: &TaskId, why: &str) -> Result<()> {
        self.done(|done| done.plan_b_refused.push(why.to_owned()));
        Ok(())
    }
    async fn moves(&self, _: &TenantId, _: &MovesOf, _: u32) -> Result<Vec<Moved>> {
        not_here()
    }
}

#[async_trait]
impl Drills for Ram {
    async fn begin_drill(&self, drill: &NewDrill, _: UtcMs) -> Result<DrillBegun> {
        self.done(|done| done.drills.push(drill.clone()));
        Ok(self.told(|told| told.begun.clone()).unwrap())
    }
    async fn end_drill(&self, _: &TenantId, _: &DrillId, _: &Actor, _: UtcMs) -> Result<Option<Drill>> {
        Ok(None)
    }
    async fn drill(&self, _: &TenantId, _: &DrillId) -> Result<Option<Drill>> {
        not_here()
    }
    async fn drills(&self, _: &TenantId, _: u32) -> Result<Vec<Drill>> {
        not_here()
    }
    async fn drills_over(&self, _: UtcMs) -> Result<Vec<(TenantId, DrillId)>> {
        not_here()
    }
}
