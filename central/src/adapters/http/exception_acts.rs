//! What people do about exceptions: take one, let its clock stand, have it repaired.

use super::answer::{Answer, Refused, internal, known};
use super::app::{App, Shared};
use super::doors::Caller;
use super::orders::spoken;
use crate::core::exception::Exception;
use crate::core::exception::clock::moment;
use crate::core::exception::repairs::{Preview, RepairKind, RepairOutcome};
use crate::flows::repair_exception::{self, Tools, Wish};
use crate::ports::access::Scope;
use crate::ports::exceptions::{TakeOutcome, WaitOutcome};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_platform::random;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::ExceptionId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TakeRequest {
    /// Also when somebody else has it; on record.
    pub(super) from_others: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitRequest {
    /// On whom or what; its clock stands meanwhile. Absent: it goes on.
    #[schema(example = "the carrier looks for the parcel until Thursday")]
    on: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RepairRequest {
    pub(super) repair: RepairKind,
    /// Why; on record. Not needed to look.
    #[schema(example = "the store called: the goods are still there")]
    #[serde(default)]
    pub(super) reason: String,
    /// Only tell what it would do.
    #[serde(default)]
    pub(super) preview: bool,
    /// Also when it was done before.
    #[serde(default)]
    pub(super) again: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RepairAnswer {
    exception: ExceptionId,
    repair: RepairKind,
    pub(super) outcome: RepairOutcome,
    pub(super) words: String,
    /// It was done before; nothing was done anew.
    replayed: bool,
    /// For one box, told this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enrolment_code: Option<String>,
}

/// What was done, or with `preview` what would be.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum RepairReply {
    Did(RepairAnswer),
    Would(Preview),
}

pub(super) async fn find(app: &App, caller: &Caller, id: &ExceptionId) -> Answer<Exception> {
    let found = app.storage.exception(caller.tenant(), id).await?;
    found.ok_or_else(|| missing(id))
}

fn missing(id: &ExceptionId) -> Refused {
    Refused::new(Code::NotFound, format!("there is no exception {id}"))
}

pub(super) async fn over(app: &App, caller: &Caller, id: &ExceptionId) -> Answer<Refused> {
    let ended = find(app, caller, id).await?;
    let how = ended.resolution.unwrap_or_default();
    let at = ended.resolved_at.map(|at| format!(" at {}", moment(at))).unwrap_or_default();
    Ok(Refused::new(Code::IllegalTransition, format!("{id} ended{at}: {how}")))
}

/// Take it: others see who has it, and its clock for the first look stands still.
#[utoipa::path(post, path = "/v1/exceptions/{exception}/take", tag = "support",
    params(("exception" = ExceptionId, Path)), request_body = TakeRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn take(
    State(app): State<Shared>,
    caller: Caller,
    Path(exception): Path<String>,
    ApiJson(request): ApiJson<TakeRequest>,
) -> Answer<StatusCode> {
    take_one(&app, &caller, &exception, request.from_others).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn take_one(app: &App, caller: &Caller, id: &str, from_others: bool) -> Answer<()> {
    let id: ExceptionId = known(id, Code::NotFound)?;
    let (actor, now) = (caller.actor()?, app.clock.now().utc);
    match app.storage.take_exception(caller.tenant(), &id, &actor, from_others, now).await? {
        TakeOutcome::Taken | TakeOutcome::Already => {
            app.bells.publish.notify_one();
            Ok(())
        }
        TakeOutcome::HeldBy(holder) => {
            let detail = format!("{holder} has {id}: ask them, or take it with from_others");
            Err(Refused::new(Code::IllegalTransition, detail))
        }
        TakeOutcome::Over => Err(over(app, caller, &id).await?),
        TakeOutcome::Unknown => Err(missing(&id)),
    }
}

/// Let its clock stand while it waits on somebody outside, or go on again.
#[utoipa::path(post, path = "/v1/exceptions/{exception}/wait", tag = "support",
    params(("exception" = ExceptionId, Path)), request_body = WaitRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn wait(
    State(app): State<Shared>,
    caller: Caller,
    Path(exception): Path<String>,
    ApiJson(request): ApiJson<WaitRequest>,
) -> Answer<StatusCode> {
    wait_one(&app, &caller, &exception, request.on.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn wait_one(app: &App, caller: &Caller, id: &str, on: Option<&str>) -> Answer<()> {
    let id: ExceptionId = known(id, Code::NotFound)?;
    let on = on.map(|on| spoken(on, "on")).transpose()?;
    let (actor, now) = (caller.actor()?, app.clock.now().utc);
    match app.storage.wait_exception(caller.tenant(), &id, on, &actor, now).await? {
        WaitOutcome::Done => {
            app.bells.publish.notify_one();
            Ok(())
        }
        WaitOutcome::Already => Ok(()),
        WaitOutcome::Over => Err(over(app, caller, &id).await?),
        WaitOutcome::Unknown => Err(missing(&id)),
    }
}

/// Carry a repair out, once; or, with `preview`, tell what it would do. What has mended itself meanwhile is
/// answered as `moot`, and what cannot be done as things stand as `refused`, with the reason.
#[utoipa::path(post, path = "/v1/exceptions/{exception}/repair", tag = "support",
    params(("exception" = ExceptionId, Path)), request_body = RepairRequest,
    responses((status = 200, body = RepairReply), (status = 429, body = Problem)))]
pub(super) async fn repair(
    State(app): State<Shared>,
    caller: Caller,
    Path(exception): Path<String>,
    ApiJson(request): ApiJson<RepairRequest>,
) -> Answer<Json<RepairReply>> {
    let id: ExceptionId = known(&exception, Code::NotFound)?;
    if request.preview {
        let at = (caller.tenant(), &id);
        let told = repair_exception::look(&*app.storage, &app.watch, at, request.repair).await?;
        return Ok(Json(RepairReply::Would(told)));
    }
    Ok(Json(RepairReply::Did(repair_one(&app, &caller, &exception, &request).await?)))
}

pub(super) async fn repair_one(
    app: &App,
    caller: &Caller,
    id: &str,
    request: &RepairRequest,
) -> Answer<RepairAnswer> {
    let exception: ExceptionId = known(id, Code::NotFound)?;
    let scope = scope_of(request.repair);
    if !caller.may(scope) {
        let detail = format!("{} needs a key with the scope {}", request.repair.as_str(), scope.as_str());
        return Err(Refused::new(Code::Forbidden, detail));
    }
    let code = random::code().map_err(|error| internal("a code", error))?;
    let (actor, tools) = (caller.actor()?, Tools { watch: &app.watch, poke: &*app.poke });
    let wish = Wish {
        tenant: caller.tenant(),
        exception: &exception,
        repair: request.repair,
        actor: &actor,
        reason: &request.reason,
        again: request.again,
        code: &code,
    };
    let done = repair_exception::repair(&*app.storage, &tools, wish, app.clock.now()).await?;
    app.fleet_changed();
    app.work_changed();
    Ok(RepairAnswer {
        exception,
        repair: request.repair,
        outcome: done.outcome,
        words: done.words,
        replayed: done.replayed,
        enrolment_code: done.enrolment_code,
    })
}

/// What somebody may not do by itself, they may not do as a repair either.
const fn scope_of(repair: RepairKind) -> Scope {
    match repair {
        RepairKind::EnrolAnew | RepairKind::LiftFreeze => Scope::FleetWrite,
        RepairKind::TakeBack
        | RepairKind::CancelOrder
        | RepairKind::RouteAgain
        | RepairKind::AcceptSubstitution
        | RepairKind::Resend
        | RepairKind::ReleaseHold
        | RepairKind::AnswerForStore
        | RepairKind::LabelAgain
        | RepairKind::FoldAgain
        | RepairKind::DeliverAgain
        | RepairKind::SettleReturn
        | RepairKind::AcceptAsIs => Scope::Support,
    }
}
