//! Work at stores: what waits for a node, what is out, and what the audit finds.

use super::assign::{self, NotAll, Ready};
use super::row::{below, fetch, from_json, list, one, paged, parsed, unsigned};
use super::sql::sql;
use super::state::State;
use super::{Result, SqliteStore, decisions, demand, error, overrides, recall, task_news, tasks};
use crate::core::order::OrderRequest;
use crate::core::routing::decision::{Decision, Demand};
use crate::ports::work::{AssignOutcome, Assignment, Audit, RecallOutcome, TakeBackOutcome, TaskRow, Work};
use crate::ports::{Page, PageRequest, StoreError};
use async_trait::async_trait;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{Actor, OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::limits::DEMANDS_MAX;
use holdfast_shared::time::{Now, UtcMs};
use rusqlite::{Connection, Row, named_params};
use std::sync::Arc;

fn read_task(row: &Row<'_>) -> rusqlite::Result<TaskRow> {
    Ok(TaskRow { tenant: parsed(row, "tenant")?, state: from_json(row, "state")? })
}

#[async_trait]
impl Work for SqliteStore {
    async fn demands(&self, limit: u32, retry_backorders_before: UtcMs, now: UtcMs) -> Result<Vec<Demand>> {
        self.read(move |conn| demands(conn, limit, retry_backorders_before, now)).await
    }

    async fn assign(&self, assignment: &Assignment, now: Now) -> Result<AssignOutcome> {
        let outcome = self.assign_all(vec![assignment.clone()], now).await.pop();
        outcome.unwrap_or_else(|| Err(error::missing("outcome")))
    }

    async fn assign_all(&self, assignments: Vec<Assignment>, now: Now) -> Vec<Result<AssignOutcome>> {
        let count = assignments.len();
        let mut outcomes = Vec::with_capacity(count);
        let ready: Result<Vec<Ready>> = assignments.into_iter().map(Ready::of).collect();
        let ready: Arc<[Ready]> = match ready {
            Ok(ready) => ready.into(),
            Err(error) => {
                let (code, what) = (error.code, error.to_string());
                return (0..count)
                    .map(|_| Err(StoreError { code, what: what.clone(), source: None }))
                    .collect();
            }
        };
        let all = Arc::clone(&ready);
        let together =
            self.write_alone(move |conn, state| assign::together(conn, state, &all, now.utc)).await;
        let written = match together {
            Ok(outcomes) => Ok(outcomes),
            Err(NotAll::Refused(_)) => {
                let all = Arc::clone(&ready);
                self.write_alone(move |conn, state| assign::apart(conn, state, &all, now.utc)).await
            }
            Err(NotAll::Failed(error)) => Err(error),
        };
        match written {
            Ok(together) => outcomes.extend(together.into_iter().map(Ok)),
            Err(error) if ready.len() < 2 => outcomes.push(Err(error)),
            // One of them is to blame: each for itself, it harms no other.
            Err(_) => {
                for n in 0..ready.len() {
                    let all = Arc::clone(&ready);
                    let alone = move |conn: &Connection, state: &mut State| {
                        assign::apart(conn, state, all.get(n..=n).unwrap_or_default(), now.utc)
                    };
                    let outcome = self.write(alone).await;
                    outcomes
                        .push(outcome.and_then(|mut one| one.pop().ok_or_else(|| error::missing("outcome"))));
                }
            }
        }
        outcomes
    }

    async fn backorder(&self, demand: &Demand, decision: &Decision, now: Now) -> Result<()> {
        let (demand, decision) = (demand.clone(), decision.clone());
        self.write(move |conn, _| decisions::backorder(conn, &demand, &decision, now.utc)).await
    }

    async fn hold(&self, demand: &Demand, decision: &Decision, until: UtcMs, now: Now) -> Result<()> {
        let (demand, decision) = (demand.clone(), decision.clone());
        self.write(move |conn, _| decisions::hold(conn, &demand, &decision, until, now.utc)).await
    }

    async fn recall(
        &self,
        tenant: &TenantId,
        task: &TaskId,
        fence: Fence,
        reason: &str,
        now: Now,
    ) -> Result<RecallOutcome> {
        let (tenant, task, reason) = (tenant.clone(), task.clone(), reason.to_owned());
        self.write(move |conn, state| {
            recall::recall_unless_held(conn, state, &tenant, &task, fence, &reason, now.utc)
        })
        .await
    }

    async fn take_back(
        &self,
        tenant: &TenantId,
        task: &TaskId,
        reason: &str,
        actor: &Actor,
        now: Now,
    ) -> Result<TakeBackOutcome> {
        let (tenant, task, reason, actor) = (tenant.clone(), task.clone(), reason.to_owned(), actor.clone());
        self.write(move |conn, state| {
            overrides::take_back(conn, state, &tenant, &task, (&reason, &actor), now.utc)
        })
        .await
    }

    async fn tell_unanswered_cancels(&self, asked_before: UtcMs, limit: u32, now: Now) -> Result<u32> {
        self.write(move |conn, _| task_news::tell_unanswered(conn, asked_before, limit, now.utc)).await
    }

    async fn open_tasks(
        &self,
        tenant: Option<&TenantId>,
        store: Option<&StoreId>,
        limit: u32,
    ) -> Result<Vec<TaskRow>> {
        let (tenant, store) = (tenant.cloned(), store.cloned());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_ref().map(TenantId::as_str),
                ":store": store.as_ref().map(StoreId::as_str),
                ":rows": limit,
            };
            list(conn, sql!(WORK.open_tasks), params, read_task)
        })
        .await
    }

    async fn expired_offers(&self, now: UtcMs, beyond: UtcMs, limit: u32) -> Result<Vec<TaskRow>> {
        self.read(move |conn| {
            let params = named_params! { ":now": now.0, ":beyond": beyond.0, ":rows": limit };
            list(conn, sql!(WORK.expired_offers), params, read_task)
        })
        .await
    }

    async fn task(&self, tenant: &TenantId, task: &TaskId) -> Result<Option<TaskState>> {
        let (tenant, task) = (tenant.clone(), task.clone());
        self.read(move |conn| tasks::load(conn, &tenant, &task)).await
    }

    async fn tasks_of_store(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        page: &PageRequest,
    ) -> Result<Page<TaskState>> {
        let (tenant, store, page) = (tenant.clone(), store.clone(), page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":store": store.as_str(),
                ":below": below(&page)?,
                ":rows": fetch(&page),
            };
            let rows = list(conn, sql!(WORK.tasks_of_store), params, |row| {
                Ok((row.get("fence")?, from_json(row, "state")?))
            })?;
            Ok(paged(rows, &page))
        })
        .await
    }

    async fn audit(&self, tenant: Option<&TenantId>) -> Result<Audit> {
        let tenant = tenant.cloned();
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_ref().map(TenantId::as_str) };
            let baseline_mismatch =
                one(conn, sql!(SEALS.unbalanced), params, |row| unsigned(row, "positions"))?
                    .unwrap_or_default();
            let audit = one(conn, sql!(WORK.audit), params, |row| {
                Ok(Audit {
                    double_shipped: unsigned(row, "double_shipped")?,
                    oversold: unsigned(row, "oversold")?,
                    reserved_mismatch: unsigned(row, "reserved_mismatch")?,
                    orphaned_holds: unsigned(row, "orphaned_holds")?,
                    baseline_mismatch,
                    recalled_tasks: unsigned(row, "recalled_tasks")?,
                    overridden: unsigned(row, "overridden")?,
                    open_holds: unsigned(row, "open_holds")?,
                    open_tasks: unsigned(row, "open_tasks")?,
                })
            })?;
            audit.ok_or_else(|| error::missing("audit"))
        })
        .await
    }
}

fn demands(conn: &Connection, limit: u32, retry_before: UtcMs, now: UtcMs) -> Result<Vec<Demand>> {
    let params = named_params! {
        ":rows": limit.min(DEMANDS_MAX),
        ":retry_before": retry_before.0,
        ":now": now.0,
        ":held_wait": Guard::RecoveryBeforeRouting.stands(),
    };
    let heads = list(conn, sql!(WORK.demands), params, |row| {
        let tenant: TenantId = parsed(row, "tenant")?;
        let order: OrderId = parsed(row, "order_id")?;
        let request = from_json::<OrderRequest>(row, "request")?;
        Ok((tenant, order, request, row.get("assignments")?, UtcMs(row.get("placed_at")?)))
    })?;
    heads
        .into_iter()
        .map(|(tenant, order, request, assignments, placed_at)| {
            demand::demand(conn, (tenant, order), request, assignments, placed_at)
        })
        .collect()
}
