//! What fails over: what moves next, what waits and why, what stays, and what has moved lately.

use super::answer::Answer;
use super::app::Shared;
use super::doors::Caller;
use crate::core::failover::plan::Step;
use crate::core::failover::record::Moved;
use crate::flows::failover::{Planned, outlook as look_ahead};
use crate::ports::moves::MovesOf;
use axum::Json;
use axum::extract::State;
use holdfast_shared::domain::task::Status;
use holdfast_shared::error::Problem;
use holdfast_shared::ids::{OrderId, StoreId, TaskId};
use holdfast_shared::limits::{MOVES_TOLD_MAX, PAGE_ROWS_DEFAULT};
use holdfast_shared::time::UtcMs;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Outlook {
    /// Nothing moves because of silence: the observer is suspected, or a person holds all work.
    pub(super) held: bool,
    /// In the order in which it leaves; at the most 500.
    pub(super) tasks: Vec<Looked>,
    pub(super) left_out: u64,
    /// Newest first.
    pub(super) moved: Vec<Moved>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Looked {
    pub(super) task: TaskId,
    pub(super) order: OrderId,
    pub(super) store: StoreId,
    pub(super) status: Status,
    pub(super) promise_by: Option<UtcMs>,
    pub(super) step: NextStep,
    pub(super) words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum NextStep {
    Moves,
    Waits,
    Stays,
}

impl NextStep {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Moves => "moves",
            Self::Waits => "waits",
            Self::Stays => "stays",
        }
    }
}

impl From<Planned> for Looked {
    fn from(planned: Planned) -> Self {
        let (step, words) = match planned.step {
            Step::Move(leaving) => (NextStep::Moves, format!("{}. {}", leaving.reason(), leaving.rule)),
            Step::Wait { why, .. } => (NextStep::Waits, why),
            Step::Tell { detail, .. } => (NextStep::Stays, detail),
        };
        let task = planned.row.state;
        Self {
            status: task.status(),
            task: task.task,
            order: task.order,
            store: task.store,
            promise_by: task.promise_by,
            step,
            words,
        }
    }
}

/// What the next look at the fleet would move, what waits, and why.
#[utoipa::path(get, path = "/v1/failover", tag = "fleet",
    responses((status = 200, body = Outlook), (status = "4XX", body = Problem)))]
pub(super) async fn outlook(State(app): State<Shared>, caller: Caller) -> Answer<Json<Outlook>> {
    Ok(Json(seen(&app, &caller).await?))
}

pub(super) async fn seen(app: &Shared, caller: &Caller) -> Answer<Outlook> {
    let (storage, tenant, now) = (&*app.storage, caller.tenant(), app.clock.now());
    let policy = &app.policies.of(tenant).failover;
    let planned = look_ahead(storage, &app.watch, policy, tenant, now).await?;
    let held = planned.is_none();
    let planned = planned.unwrap_or_default();
    let told = usize::try_from(MOVES_TOLD_MAX).unwrap_or(usize::MAX);
    let left_out = u64::try_from(planned.len().saturating_sub(told)).unwrap_or(u64::MAX);
    let tasks = planned.into_iter().take(told).map(Looked::from).collect();
    let moved = app.storage.moves(tenant, &MovesOf::All, PAGE_ROWS_DEFAULT).await?;
    Ok(Outlook { held, tasks, left_out, moved })
}
