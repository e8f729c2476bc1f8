//! What customer service may do about a store's task.

use super::answer::{Answer, known};
use super::app::Shared;
use super::doors::Caller;
use crate::flows::take_back::{TakenBack, take_back as take_back_task};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{StoreId, TaskId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TakeBackRequest {
    /// Why a rule is overridden; it stands in the order's timeline and in the exception.
    #[schema(example = "the store called: the van broke down, the goods are still there")]
    reason: String,
}

/// The store is told to stop. It answers when it is heard of: put back, or handed over before.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TakeBackAnswer {
    task: TaskId,
    store: StoreId,
    /// The goods were released, so they may have left already.
    released: bool,
    /// It was asked to stop before; nothing was done anew.
    already: bool,
}

/// Move work that is released, or a pickup, because a person says so. Asking again changes nothing.
#[utoipa::path(post, path = "/v1/tasks/{task}/take-back", tag = "support", params(("task" = TaskId, Path)),
    request_body = TakeBackRequest,
    responses((status = 202, body = TakeBackAnswer), (status = "4XX", body = Problem)))]
pub(super) async fn take_back(
    State(app): State<Shared>,
    caller: Caller,
    Path(task): Path<String>,
    ApiJson(request): ApiJson<TakeBackRequest>,
) -> Answer<(StatusCode, Json<TakeBackAnswer>)> {
    let task: TaskId = known(&task, Code::UnknownTask)?;
    let TakenBack { store, released, already } = take_back_one(&app, &caller, &task, &request.reason).await?;
    Ok((StatusCode::ACCEPTED, Json(TakeBackAnswer { task, store, released, already })))
}

pub(super) async fn take_back_one(
    app: &Shared,
    caller: &Caller,
    task: &TaskId,
    reason: &str,
) -> Answer<TakenBack> {
    let (actor, now) = (caller.actor()?, app.clock.now());
    let said = (reason, &actor);
    let done = take_back_task(&*app.storage, &*app.poke, caller.tenant(), task, said, now).await?;
    app.work_changed();
    Ok(done)
}
