//! Where the books do not agree: findings one by one, and looks that somebody asks for.

use super::answer::{Answer, Refused, known};
use super::app::{App, Shared};
use super::doors::Caller;
use super::orders::spoken;
use super::paging::Paging;
use crate::core::reconcile::finding::{Finding, FindingId, FindingKind, FindingState, Scope};
use crate::flows::reconcile::runs::{Asked, Begun, RunId, RunState, RunStatus};
use crate::ports::reconcile::FindingFilter;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{OrderId, StoreId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RunRequest {
    /// One order, with all of its tasks and holds.
    order: Option<OrderId>,
    /// One store, with its positions. Neither: all that there is.
    store: Option<StoreId>,
}

/// A look that was asked for. It is forgotten at a restart.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunView {
    run: RunId,
    state: RunState,
    /// `all`, or what is looked at.
    #[schema(example = "order/o-1")]
    of: String,
    /// Orders, positions and stores so far.
    looked: u64,
    /// Seen for the first time: told when they are still there after a while.
    found: u64,
    confirmed: u64,
    mended: u64,
    escalated: u64,
    ended: u64,
    began_at: UtcMs,
    ended_at: Option<UtcMs>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FindingQuery {
    /// Also those that are over.
    #[serde(default)]
    pub(super) all: bool,
    #[param(inline)]
    pub(super) state: Option<FindingState>,
    #[param(inline)]
    pub(super) kind: Option<FindingKind>,
    pub(super) order: Option<String>,
    pub(super) store: Option<String>,
    pub(super) cursor: Option<String>,
    pub(super) limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FindingPage {
    pub(super) findings: Vec<Finding>,
    pub(super) next: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptRequest {
    /// Why it stays as it is; on record.
    reason: String,
}

fn view(status: &RunStatus) -> RunView {
    let of = match &status.asked {
        Asked::All => "all".to_owned(),
        Asked::One(scope) => scope.to_string(),
    };
    let looked = status.looked;
    RunView {
        run: status.run,
        state: status.state,
        of,
        looked: looked.looked,
        found: looked.found,
        confirmed: looked.confirmed,
        mended: looked.mended,
        escalated: looked.escalated,
        ended: looked.ended,
        began_at: status.began_at,
        ended_at: status.ended_at,
    }
}

/// Look now, at one order, one store, or all. Answers at once; how far it is stands at the run.
#[utoipa::path(post, path = "/v1/reconciliation", tag = "support", request_body = RunRequest,
    responses((status = 202, body = RunView), (status = 429, body = Problem)))]
pub(super) async fn begin(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(request): ApiJson<RunRequest>,
) -> Answer<(StatusCode, Json<RunView>)> {
    let asked = match (request.order, request.store) {
        (Some(_), Some(_)) => {
            return Err(Refused::new(Code::InvalidRequest, "order and store: name one of the two, or none"));
        }
        (Some(order), None) => {
            let known = app.storage.order(caller.tenant(), &order).await?;
            known.ok_or_else(|| Refused::new(Code::UnknownOrder, format!("order {order} is not known")))?;
            Asked::One(Scope::Order(order))
        }
        (None, Some(store)) => {
            let known = app.storage.store(caller.tenant(), &store).await?;
            known.ok_or_else(|| Refused::new(Code::UnknownStore, format!("store {store} is not known")))?;
            Asked::One(Scope::Store(store))
        }
        (None, None) => Asked::All,
    };
    Ok((StatusCode::ACCEPTED, Json(begin_run(&app, &caller, asked)?)))
}

pub(super) fn begin_run(app: &App, caller: &Caller, asked: Asked) -> Answer<RunView> {
    match app.rooms.runs.begin(caller.tenant(), asked, app.clock.now().utc) {
        Begun::Waits(status) => {
            app.bells.reconcile.notify_one();
            Ok(view(&status))
        }
        Begun::TooMany(open) => {
            let detail = format!("{open} runs are not over yet: wait for one, or end it");
            Err(Refused::new(Code::TooManyRequests, detail))
        }
    }
}

fn nowhere(run: RunId) -> Refused {
    Refused::new(Code::NotFound, format!("there is no run {run}: it may be of before a restart"))
}

/// A run, and how far it has come.
#[utoipa::path(get, path = "/v1/reconciliation/{run}", tag = "support", params(("run" = i64, Path)),
    responses((status = 200, body = RunView), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path(run): Path<String>,
) -> Answer<Json<RunView>> {
    let run: RunId = known(&run, Code::NotFound)?;
    Ok(Json(view(&app.rooms.runs.status(caller.tenant(), run).ok_or_else(|| nowhere(run))?)))
}

/// End a run before its time. One that is over stays as it is.
#[utoipa::path(delete, path = "/v1/reconciliation/{run}", tag = "support", params(("run" = i64, Path)),
    responses((status = 200, body = RunView), (status = "4XX", body = Problem)))]
pub(super) async fn end(
    State(app): State<Shared>,
    caller: Caller,
    Path(run): Path<String>,
) -> Answer<Json<RunView>> {
    let run: RunId = known(&run, Code::NotFound)?;
    Ok(Json(view(&app.rooms.runs.cancel(caller.tenant(), run).ok_or_else(|| nowhere(run))?)))
}

/// Findings, newest first; those that are open, unless all are asked for.
#[utoipa::path(get, path = "/v1/reconciliation/findings", tag = "support", params(FindingQuery),
    responses((status = 200, body = FindingPage), (status = "4XX", body = Problem)))]
pub(super) async fn findings(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<FindingQuery>,
) -> Answer<Json<FindingPage>> {
    Ok(Json(page_of(&app, &caller, asked).await?))
}

pub(super) async fn page_of(app: &App, caller: &Caller, asked: FindingQuery) -> Answer<FindingPage> {
    let order = asked.order.as_deref().filter(|text| !text.is_empty());
    let store = asked.store.as_deref().filter(|text| !text.is_empty());
    let filter = FindingFilter {
        states: asked.state.into_iter().collect(),
        kind: asked.kind,
        order: order.map(|order| known(order, Code::UnknownOrder)).transpose()?,
        store: store.map(|store| known(store, Code::UnknownStore)).transpose()?,
        all: asked.all || asked.state == Some(FindingState::Repaired),
    };
    let request = Paging { cursor: asked.cursor, limit: asked.limit }.request()?;
    let page = app.storage.findings(caller.tenant(), &filter, &request).await?;
    Ok(FindingPage { findings: page.rows, next: page.next })
}

/// Say that a difference stays as it is. The exception that tells of it is over.
#[utoipa::path(post, path = "/v1/reconciliation/findings/{finding}/accept", tag = "support",
    params(("finding" = i64, Path)), request_body = AcceptRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn accept(
    State(app): State<Shared>,
    caller: Caller,
    Path(finding): Path<String>,
    ApiJson(request): ApiJson<AcceptRequest>,
) -> Answer<StatusCode> {
    accept_one(&app, &caller, &finding, &request.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn accept_one(app: &App, caller: &Caller, id: &str, reason: &str) -> Answer<()> {
    let finding: FindingId = known(id, Code::NotFound)?;
    let (reason, actor) = (spoken(reason, "reason")?, caller.actor()?);
    let now = app.clock.now().utc;
    if app.storage.accept_finding(caller.tenant(), finding, reason, &actor, now).await? {
        app.bells.publish.notify_one();
        return Ok(());
    }
    Err(Refused::new(Code::NotFound, format!("there is no open finding {finding}")))
}
