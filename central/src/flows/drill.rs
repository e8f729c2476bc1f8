//! Drills. Dry: what would move, where to, and what would stay, without any effect. Live: the stores
//! are declared dark for a while and the ordinary machinery acts; nothing is shortened by it.

use super::FlowError;
use super::cancel::check_reason;
use super::fleet_view::{FleetView, Taken};
use super::route_orders::Router;
use crate::core::failover::drill::Drill;
use crate::core::failover::plan::{Cause, Exposed, Lately, Step, plan};
use crate::core::failover::policy::{FailoverPolicy, Pace, When};
use crate::core::failover::standby::{standby, still_holds};
use crate::core::routing::Guide;
use crate::core::routing::decision::{Choice, Decision, Demand, Parcel};
use crate::ports::drills::{DrillBegun, Drills, NewDrill};
use crate::ports::fleet::Fleet;
use crate::ports::moves::Moves;
use crate::ports::orders::Orders;
use crate::ports::poke::Poke;
use crate::ports::promises::Promises;
use crate::ports::stock::Stock;
use crate::ports::work::{TaskRow, Work};
use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, DrillId, OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::limits::{DRILL_MS_MAX, DRILL_STORES_MAX, DRILL_TASKS_MAX};
use holdfast_shared::time::{Now, UtcMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Begins a live drill.
pub async fn begin<S: Drills + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    new: NewDrill,
    now: UtcMs,
) -> Result<Drill, FlowError> {
    let new = NewDrill { reason: new.reason.trim().to_owned(), ..new };
    check_reason(&new.reason)?;
    check_stores(&new.stores)?;
    let for_ms = new.until.since(now);
    if !(1..=DRILL_MS_MAX).contains(&for_ms) {
        let hours = DRILL_MS_MAX / 3_600_000;
        let what = format!("until lies in the future, and not more than {hours} h ahead");
        return Err(FlowError::refused(Code::InvalidRequest, what));
    }
    match store.begin_drill(&new, now).await? {
        DrillBegun::Begun(drill) => {
            poke_all(poke, &new.tenant, &drill, "drill");
            Ok(*drill)
        }
        DrillBegun::UnknownStore(store) => Err(unknown(&store)),
        DrillBegun::Closed(store) => {
            let what = format!("{store} is closed already; open it first, or look at what moves now");
            Err(FlowError::refused(Code::AlreadyExists, what))
        }
        DrillBegun::InDrill(store) => Err(FlowError::refused(
            Code::AlreadyExists,
            format!("{store} is in a drill already; end that first"),
        )),
    }
}

/// Ends it before its time. What has moved meanwhile has moved.
pub async fn end<S: Drills + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    tenant: &TenantId,
    drill: &DrillId,
    by: &Actor,
    now: UtcMs,
) -> Result<Drill, FlowError> {
    let ended = store.end_drill(tenant, drill, by, now).await?;
    let ended = ended.ok_or_else(|| {
        FlowError::refused(Code::NotFound, format!("there is no drill {drill}; GET /v1/drills lists them"))
    })?;
    poke_all(poke, tenant, &ended, "drill over");
    Ok(ended)
}

/// Ends those whose time is over. How many.
pub async fn end_those_over<S: Drills + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    central: &Actor,
    now: Now,
) -> Result<u32, FlowError> {
    let mut ended: u32 = 0;
    for (tenant, drill) in store.drills_over(now.utc).await? {
        end(store, poke, &tenant, &drill, central, now.utc).await?;
        ended = ended.saturating_add(1);
    }
    Ok(ended)
}

fn poke_all(poke: &dyn Poke, tenant: &TenantId, drill: &Drill, why: &str) {
    for store in &drill.stores {
        poke.poke(tenant, &store.store, why);
    }
}

fn check_stores(stores: &[StoreId]) -> Result<(), FlowError> {
    let distinct: BTreeSet<&StoreId> = stores.iter().collect();
    if stores.is_empty() || stores.len() > DRILL_STORES_MAX || distinct.len() < stores.len() {
        let what = format!("a drill names 1 to {DRILL_STORES_MAX} stores, each once");
        return Err(FlowError::refused(Code::InvalidRequest, what));
    }
    Ok(())
}

fn unknown(store: &StoreId) -> FlowError {
    FlowError::refused(Code::UnknownStore, format!("store {store} is not known"))
}

/// What a dry drill shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rehearsal {
    pub tasks: Vec<Rehearsed>,
    /// Open tasks that it did not look at, because there are more than it looks at.
    pub left_out: u32,
    /// How long the pace of the policy alone would take for all that moves.
    pub paced_minutes: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rehearsed {
    pub task: TaskId,
    pub order: OrderId,
    pub store: StoreId,
    pub phase: Phase,
    pub promise_by: Option<UtcMs>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DrillOutcome)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Moves {
        leaves: Option<When>,
        /// Nobody, when nobody could take it now.
        to: Vec<StoreId>,
        /// They stood second when the work was given.
        plan_b: bool,
        /// Another node would have it in time; none without a promise.
        promise_kept: Option<bool>,
        words: String,
    },
    Stays {
        words: String,
    },
}

/// What a dry drill supposes of its stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Supposing {
    /// They are dark, for so long that all leases are over.
    #[default]
    Dark,
    /// They work, and central does not know their stock any more.
    StaleStock,
}

impl Supposing {
    const fn cause(self) -> Cause {
        match self {
            Self::Dark => Cause::StoreFails,
            Self::StaleStock => Cause::StaleStock,
        }
    }

    const fn why(self) -> &'static str {
        match self {
            Self::Dark => "it would be dark, by the drill",
            Self::StaleStock => "its stock would not be known any more, by the drill",
        }
    }

    const fn when(self, policy: &FailoverPolicy, task: &TaskState) -> Option<When> {
        match self {
            Self::Dark => policy.when_failing(task.kind, task.phase),
            Self::StaleStock => policy.when_stale(task.kind, task.phase),
        }
    }
}

/// A dry drill: only reads. Each task is decided about as it would be, one after the other, with the
/// stock that those before it leave, and with none of these stores.
pub async fn rehearse<S: Work + Fleet + Orders + Moves + Stock + Promises + ?Sized>(
    store: &S,
    router: &Router<'_>,
    (tenant, stores, supposing): (&TenantId, &[StoreId], Supposing),
    now: Now,
) -> Result<Rehearsal, FlowError> {
    check_stores(stores)?;
    let mut open: Vec<TaskRow> = Vec::new();
    let mut left_out: u32 = 0;
    for node in stores {
        let record = store.store(tenant, node).await?.ok_or_else(|| unknown(node))?;
        let room = DRILL_TASKS_MAX.saturating_sub(u32::try_from(open.len()).unwrap_or(u32::MAX));
        left_out = left_out.saturating_add(record.open_tasks.saturating_sub(room));
        if room > 0 {
            open.extend(store.movable(tenant, node, room).await?);
        }
    }
    let policy = &*router.policy.failover(tenant);
    let steps = all_due(&open, policy, supposing);
    let moves = steps.iter().filter(|step| matches!(step, Step::Move(_))).count();
    let view = FleetView::load_without(store, router.watch, router.policy, tenant, stores).await?;
    let mut stage = Stage { store, router, policy, supposing, tenant, view, taken: Taken::new(), now };
    let mut tasks = Vec::new();
    for step in steps {
        let Some(row) = open.iter().find(|row| row.state.task == *step.task()) else { continue };
        tasks.push(stage.rehearse(&row.state, step).await?);
    }
    let paced_minutes = minutes(moves, policy.pace, stores.len());
    Ok(Rehearsal { tasks, left_out, paced_minutes })
}

/// As if it had been so for so long that all leases are over, and at any pace.
fn all_due(open: &[TaskRow], policy: &FailoverPolicy, supposing: Supposing) -> Vec<Step> {
    let exposed: Vec<Exposed<'_>> = open
        .iter()
        .map(|row| Exposed {
            tenant: &row.tenant,
            task: &row.state,
            cause: supposing.cause(),
            why: supposing.why(),
            lasts_ms: i64::MAX,
            lease_ended: true,
        })
        .collect();
    let pace = Pace { moves_per_minute: u32::MAX, moves_per_store_per_minute: u32::MAX };
    plan(&exposed, &Lately::new(), &FailoverPolicy { pace, ..policy.clone() }, false)
}

fn minutes(moves: usize, pace: Pace, stores: usize) -> u32 {
    let stores = u32::try_from(stores).unwrap_or(u32::MAX);
    let a_minute = pace.moves_per_minute.min(pace.moves_per_store_per_minute.saturating_mul(stores)).max(1);
    u32::try_from(moves).unwrap_or(u32::MAX).div_ceil(a_minute).saturating_sub(1)
}

/// The world of a dry drill.
struct Stage<'a, S: ?Sized> {
    store: &'a S,
    router: &'a Router<'a>,
    policy: &'a FailoverPolicy,
    supposing: Supposing,
    tenant: &'a TenantId,
    /// The nodes as they would be: without those of the drill.
    view: FleetView,
    /// By those that were decided about before.
    taken: Taken,
    now: Now,
}

impl<S: Work + Fleet + Orders + Moves + Stock + Promises + ?Sized> Stage<'_, S> {
    async fn rehearse(&mut self, task: &TaskState, step: Step) -> Result<Rehearsed, FlowError> {
        let outcome = match step {
            Step::Move(_) => self.moved(task).await?,
            Step::Wait { why: words, .. } | Step::Tell { detail: words, .. } => Outcome::Stays { words },
        };
        Ok(Rehearsed {
            task: task.task.clone(),
            order: task.order.clone(),
            store: task.store.clone(),
            phase: task.phase,
            promise_by: task.promise_by,
            outcome,
        })
    }

    async fn moved(&mut self, task: &TaskState) -> Result<Outcome, FlowError> {
        let Some(demand) = self.store.demand_if_moved(self.tenant, &task.task).await? else {
            return Ok(Outcome::Stays { words: String::from("nothing of it could be routed now") });
        };
        let now = self.now.utc;
        let policy = self.router.policy.routing(&demand);
        let carriers = self.router.policy.carriers(self.tenant);
        let guide = Guide::of(&policy).with_carriers(&carriers);
        let planned = self.by_plan_b(task, &demand, &guide).await?;
        let plan_b = planned.is_some();
        let decided = match planned {
            Some(planned) => planned,
            None => {
                self.view.restock_less(self.store, &demand, &self.taken, now).await?;
                guide.route(&demand, &self.view.fleet, (self.router.decision_id)(), now)
            }
        };
        let parcels = match &decided.choice {
            Choice::Assign(plan) => plan.parcels.as_slice(),
            Choice::Hold { .. } | Choice::Backorder { .. } => &[],
        };
        self.give(parcels);
        let to: Vec<StoreId> = parcels.iter().map(|parcel| parcel.store.clone()).collect();
        Ok(Outcome::Moves {
            leaves: self.supposing.when(self.policy, task),
            promise_kept: task.promise_by.map(|by| !to.is_empty() && by > now),
            to,
            plan_b,
            words: decided.words,
        })
    }

    async fn by_plan_b(
        &self,
        task: &TaskState,
        demand: &Demand,
        guide: &Guide<'_>,
    ) -> Result<Option<Decision>, FlowError> {
        let decisions = self.store.decisions(self.tenant, &task.order).await?;
        let second = standby(&decisions, &task.store);
        if second.is_empty() || !self.policy.plan_b {
            return Ok(None);
        }
        let mut nodes = self.view.few(self.store, demand, &second, self.now.utc).await?;
        for node in &mut nodes {
            for (sku, shelf) in &mut node.shelves {
                let gone = self.taken.get(&(node.store.store.clone(), sku.clone())).copied().unwrap_or(0);
                shelf.units = shelf.units.saturating_sub(gone);
            }
        }
        let id = (self.router.decision_id)();
        Ok(still_holds(demand, (&second, &nodes), guide, id, self.now.utc).ok())
    }

    /// What the next ones find is less by that.
    fn give(&mut self, parcels: &[Parcel]) {
        for parcel in parcels {
            self.view.fleet.took_one(&parcel.store);
            for line in &parcel.lines {
                let taken = self.taken.entry((parcel.store.clone(), line.sku.clone())).or_default();
                *taken = taken.saturating_add(line.quantity);
            }
        }
    }
}

#[cfg(test)]
mod tests;
