//! Order tasks: the list, one of them, and every act on it.

use super::auth::Caller;
use super::body::{Nothing, Said};
use super::intent::{answer, execute, intent};
use super::label_view::LabelView;
use super::problem::{Failure, invalid, other_answer, refused};
use super::skus::page_limit;
use super::state::Api;
use super::view::TaskView;
use crate::core::command::{Answer, Command, Position, TaskAct};
use crate::ports::ledger::{Role, TaskFilter};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use holdfast_platform::http::{ApiQuery, Idempotency, Trace};
use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{IdempotencyKey, LineNo, Sku, TaskId, TraceId};
use holdfast_shared::limits::{LOOKUP_SKUS_MAX, NOTE_CHARS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// Who picks orders.
pub(super) const PICKING: &[Role] = &[Role::Picker, Role::Manager];
/// Who answers for goods that leave without a release.
const ANSWERING: &[Role] = &[Role::Manager];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    phase: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Tasks {
    tasks: Vec<TaskView>,
    /// Send it as `cursor` for the next page.
    next: Option<String>,
}

/// The store's order tasks, newest change first.
#[utoipa::path(
    get, path = "/v1/tasks", tag = "tasks", security(("device" = [])), 
    params(
        ("phase" = Option<String>, Query, description = "Phases, separated by commas; all open ones when absent"),
        ("cursor" = Option<String>, Query, description = "What `next` of the page before said"),
        ("limit" = Option<u32>, Query, description = "At most 500; 50 when absent"),
    ),
    responses(
        (status = 200, description = "One page", body = Tasks),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(listing): ApiQuery<Listing>,
) -> Result<Json<Tasks>, Failure> {
    caller.device(PICKING)?;
    let phases = listing.phase.as_deref().map(phases).transpose()?.unwrap_or_default();
    let filter = TaskFilter { phases, cursor: listing.cursor, limit: page_limit(listing.limit)? };
    let page = api.ledger().tasks(filter).await?;
    let known = known_skus(&api, &page.tasks).await?;
    let (around, parcels) = (api.around(), api.ledger().parcels().await?);
    let view = |state| TaskView::new(state, &known, &around).labelled(LabelView::of(state, &parcels));
    let tasks = page.tasks.iter().map(view).collect();
    Ok(Json(Tasks { tasks, next: page.next }))
}

fn phases(text: &str) -> Result<Vec<Phase>, Failure> {
    text.split(',')
        .map(|word| {
            let found = Phase::ALL.into_iter().find(|phase| phase.as_str() == word.trim());
            found.ok_or_else(|| {
                let known: Vec<&str> = Phase::ALL.into_iter().map(Phase::as_str).collect();
                refused(Code::InvalidRequest, format!("{word:?} is no phase; they are {}", known.join(", ")))
            })
        })
        .collect()
}

/// Names and barcodes of all their lines.
async fn known_skus(api: &Api, tasks: &[TaskState]) -> Result<HashMap<Sku, Position>, Failure> {
    let skus: BTreeSet<&Sku> =
        tasks.iter().flat_map(|task| task.lines.iter().map(|line| &line.sku)).collect();
    let skus: Vec<Sku> = skus.into_iter().cloned().collect();
    let mut known = HashMap::with_capacity(skus.len());
    for some in skus.chunks(LOOKUP_SKUS_MAX) {
        let found = api.ledger().positions(some).await?;
        known.extend(found.into_iter().map(|position| (position.sku.clone(), position)));
    }
    Ok(known)
}

pub(super) async fn shown(api: &Api, state: &TaskState) -> Result<TaskView, Failure> {
    let known = known_skus(api, std::slice::from_ref(state)).await?;
    let label = LabelView::of(state, &api.ledger().parcels().await?);
    let parent = api.ledger().trace_of(&state.task).await?;
    Ok(TaskView::new(state, &known, &api.around()).labelled(label).traced(parent))
}

/// One task, with what may be done next.
#[utoipa::path(
    get, path = "/v1/tasks/{task}", tag = "tasks", security(("device" = [])),
    params(("task" = String, Path, description = "The task")),
    responses(
        (status = 200, description = "The task", body = TaskView),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn one(
    State(api): State<Api>,
    caller: Caller,
    Path(task): Path<String>,
) -> Result<Json<TaskView>, Failure> {
    caller.device(PICKING)?;
    let task = TaskId::new(task).map_err(invalid)?;
    let state = api.ledger().task(&task).await?;
    let state =
        state.ok_or_else(|| refused(Code::UnknownTask, format!("task {task} is not known at this store")))?;
    Ok(Json(shown(&api, &state).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Decline {
    #[schema(example = "Goods damaged")]
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pick {
    line: LineNo,
    #[schema(example = 1)]
    quantity: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Short {
    line: LineNo,
    /// Units that were not found.
    #[schema(example = 1)]
    missing: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HandOver {
    /// Who took it: a carrier, or the name on the pickup.
    #[serde(default)]
    to: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LetGo {
    /// Why it cannot wait; central's exception says it.
    #[schema(example = "the carrier's driver cannot wait, and the line is down")]
    reason: String,
}

/// Everything about a request that an act needs besides its body.
struct Acting {
    api: Api,
    roles: &'static [Role],
    caller: Caller,
    key: IdempotencyKey,
    trace: TraceId,
    task: String,
}

impl Acting {
    async fn carry_out(self, hash: [u8; 32], act: TaskAct) -> Result<Response, Failure> {
        let device = self.caller.device(self.roles)?;
        let task = TaskId::new(self.task).map_err(invalid)?;
        let intent = intent(device, self.key, hash, self.trace)?;
        let executed = execute(&self.api, intent, Command::Task { task, act }).await?;
        match executed.answer {
            Answer::Task { state } => Ok(answer(shown(&self.api, &state).await?, executed.replayed)),
            Answer::Moved { .. } | Answer::Closure { .. } | Answer::Planned { .. } => Err(other_answer()),
        }
    }
}

pub(super) fn words(what: &str, text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > NOTE_CHARS_MAX {
        return Err(refused(Code::InvalidRequest, format!("{what} has 1 to {NOTE_CHARS_MAX} characters")));
    }
    Ok(text.to_owned())
}

/// One handler per act: the path says which, the body what it needs.
macro_rules! acts {
    ($($(#[doc = $doc:literal])* $name:ident, $roles:ident, $path:literal, $body:ty, |$said:ident, $api:ident| $act:expr;)*) => {$(
        $(#[doc = $doc])*
        #[utoipa::path(
            post, path = $path, tag = "tasks", security(("device" = [])), request_body = $body,
            params(
                ("task" = String, Path, description = "The task"),
                ("idempotency-key" = String, Header, description = "One per intent, kept for retries"),
            ),
            responses(
                (status = 200, description = "The task as it is now", body = TaskView),
                (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
            )
        )]
        pub(super) async fn $name(
            State(api): State<Api>,
            caller: Caller,
            Path(task): Path<String>,
            Idempotency(key): Idempotency,
            Trace(trace): Trace,
            Said { value: $said, hash }: Said<$body>,
        ) -> Result<Response, Failure> {
            let $api = &api;
            let act = $act;
            Acting { api, roles: $roles, caller, key, trace, task }.carry_out(hash, act).await
        }
    )*};
}

acts! {
    /// Take the work on.
    accept, PICKING, "/v1/tasks/{task}/accept", Nothing, |_said, _api| TaskAct::Accept;
    /// Refuse the work; it goes to another store.
    decline, PICKING, "/v1/tasks/{task}/decline", Decline, |said, _api| TaskAct::Decline { reason: words("the reason", &said.reason)? };
    /// Begin to pick.
    start_picking, PICKING, "/v1/tasks/{task}/start-picking", Nothing, |_said, _api| TaskAct::StartPicking;
    /// Units of a line are in the tote.
    pick, PICKING, "/v1/tasks/{task}/pick", Pick, |said, _api| TaskAct::Pick { line: said.line, quantity: said.quantity };
    /// Units of a line are not there.
    short, PICKING, "/v1/tasks/{task}/short", Short, |said, _api| TaskAct::Short { line: said.line, missing: said.missing };
    /// The parcel is packed.
    pack, PICKING, "/v1/tasks/{task}/pack", Nothing, |_said, _api| TaskAct::Pack;
    /// The goods leave the store. Refused until central has released them.
    hand_over, PICKING, "/v1/tasks/{task}/hand-over", HandOver, |said, _api| TaskAct::HandOver {
        to: said.to.as_deref().map(|to| words("the receiver", to)).transpose()?
    };
    /// The goods are back on the shelf: the answer to a recall or a cancellation.
    put_back, PICKING, "/v1/tasks/{task}/put-back", Nothing, |_said, _api| TaskAct::PutBack;
    /// A manager lets packed goods leave without a release, while central cannot be asked.
    let_go, ANSWERING, "/v1/tasks/{task}/let-go", LetGo, |said, api| TaskAct::LetGo {
        reason: words("the reason", &said.reason)?,
        central_answers: api.standing().central_reachable == Some(true),
    };
}
