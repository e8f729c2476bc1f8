//! Drills: what would move if stores went dark, and the same for real, for a while.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use crate::core::failover::drill::{Drill, DrillReport, report};
use crate::core::failover::record::Moved;
use crate::flows::drill::{Rehearsal, Supposing, begin as begin_drill, end as end_drill, rehearse};
use crate::flows::route_orders::Router;
use crate::ports::drills::NewDrill;
use crate::ports::moves::MovesOf;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{DrillId, StoreId};
use holdfast_shared::limits::{DRILL_MS_DEFAULT, MOVES_TOLD_MAX, PAGE_ROWS_DEFAULT};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DrillMode {
    /// Shows what would move, and does nothing.
    Dry,
    /// Declares the stores dark. Work moves as if they were.
    Live,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DrillRequest {
    pub(super) mode: DrillMode,
    pub(super) stores: Vec<StoreId>,
    /// Stands in the record of a live drill; a dry one leaves none.
    #[schema(example = "before the peak: does Leeds' work fit its neighbours?")]
    pub(super) reason: String,
    /// What a dry drill supposes of the stores; a live one always declares them dark.
    #[serde(default)]
    pub(super) supposing: Supposing,
    /// When a live drill ends by itself; a quarter of an hour from now when it is left out.
    #[serde(default)]
    pub(super) until: Option<UtcMs>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DrillView {
    #[serde(flatten)]
    pub(super) drill: Drill,
    pub(super) report: DrillReport,
    /// Newest first; at the most 500.
    pub(super) moves: Vec<Moved>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DrillList {
    drills: Vec<Drill>,
}

/// Begin a drill. A dry one answers with what would move and where to (200); a live one declares the
/// stores dark until it ends (201). Released goods and pickups stay where they are either way.
#[utoipa::path(post, path = "/v1/drills", tag = "fleet", request_body = DrillRequest,
    responses((status = 200, body = Rehearsal), (status = 201, body = DrillView), (status = "4XX", body = Problem)))]
pub(super) async fn begin(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(request): ApiJson<DrillRequest>,
) -> Answer<Response> {
    match request.mode {
        DrillMode::Dry => {
            Ok(Json(dry(&app, &caller, &request.stores, request.supposing).await?).into_response())
        }
        DrillMode::Live if request.supposing != Supposing::Dark => {
            let what = "a live drill declares its stores dark; suppose anything else in a dry one";
            Err(Refused::new(Code::InvalidRequest, what))
        }
        DrillMode::Live => {
            let drill = live(&app, &caller, request.stores, request.reason, request.until).await?;
            Ok((StatusCode::CREATED, Json(view(&app, &caller, drill).await?)).into_response())
        }
    }
}

/// The newest drills.
#[utoipa::path(get, path = "/v1/drills", tag = "fleet",
    responses((status = 200, body = DrillList), (status = "4XX", body = Problem)))]
pub(super) async fn list(State(app): State<Shared>, caller: Caller) -> Answer<Json<DrillList>> {
    let drills = app.storage.drills(caller.tenant(), PAGE_ROWS_DEFAULT).await?;
    Ok(Json(DrillList { drills }))
}

/// A drill, and what it amounted to, so far or in all.
#[utoipa::path(get, path = "/v1/drills/{drill}", tag = "fleet", params(("drill" = DrillId, Path)),
    responses((status = 200, body = DrillView), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path(drill): Path<String>,
) -> Answer<Json<DrillView>> {
    let id: DrillId = known(&drill, Code::NotFound)?;
    let found = app.storage.drill(caller.tenant(), &id).await?;
    let drill = found.ok_or_else(|| Refused::new(Code::NotFound, format!("there is no drill {id}")))?;
    Ok(Json(view(&app, &caller, drill).await?))
}

/// End a drill before its time. What has moved meanwhile has moved.
#[utoipa::path(delete, path = "/v1/drills/{drill}", tag = "fleet", params(("drill" = DrillId, Path)),
    responses((status = 200, body = DrillView), (status = "4XX", body = Problem)))]
pub(super) async fn end(
    State(app): State<Shared>,
    caller: Caller,
    Path(drill): Path<String>,
) -> Answer<Json<DrillView>> {
    let ended = end_one(&app, &caller, &drill).await?;
    Ok(Json(view(&app, &caller, ended).await?))
}

pub(super) async fn dry(
    app: &Shared,
    caller: &Caller,
    stores: &[StoreId],
    supposing: Supposing,
) -> Answer<Rehearsal> {
    let decision_id = app.decision_id;
    let router =
        Router { watch: &app.watch, poke: &*app.poke, policy: &*app.policies, decision_id: &decision_id };
    let wanted = (caller.tenant(), stores, supposing);
    Ok(rehearse(&*app.storage, &router, wanted, app.clock.now()).await?)
}

pub(super) async fn live(
    app: &Shared,
    caller: &Caller,
    stores: Vec<StoreId>,
    reason: String,
    until: Option<UtcMs>,
) -> Answer<Drill> {
    let now = app.clock.now().utc;
    let until = until.unwrap_or_else(|| now.plus(DRILL_MS_DEFAULT));
    let new = NewDrill { tenant: caller.tenant().clone(), stores, reason, author: caller.actor()?, until };
    let drill = begin_drill(&*app.storage, &*app.poke, new, now).await?;
    app.fleet_changed();
    Ok(drill)
}

pub(super) async fn end_one(app: &Shared, caller: &Caller, drill: &str) -> Answer<Drill> {
    let id: DrillId = known(drill, Code::NotFound)?;
    let (by, now) = (caller.actor()?, app.clock.now().utc);
    let ended = end_drill(&*app.storage, &*app.poke, caller.tenant(), &id, &by, now).await?;
    app.fleet_changed();
    Ok(ended)
}

pub(super) async fn view(app: &Shared, caller: &Caller, drill: Drill) -> Answer<DrillView> {
    let of = MovesOf::Drill(drill.drill.clone());
    let moves = app.storage.moves(caller.tenant(), &of, MOVES_TOLD_MAX).await?;
    Ok(DrillView { report: report(&drill, &moves, app.clock.now().utc), drill, moves })
}
