//! Recorded orders replayed under another policy: asked for, looked at, given up. A replay runs beside
//! everything else; whoever asked comes back for it.

use super::answer::{Answer, Refused, known};
use super::app::{App, Shared};
use super::days::{self, Days};
use super::doors::Caller;
use super::policies;
use crate::core::policy::version::PolicyVersion;
use crate::core::replay::changes::Change;
use crate::core::replay::run::{self, Record, Report};
use crate::core::replay::table::Row;
use crate::core::shadow::version::{is_compared, not_compared};
use crate::core::steering::{Steering, read_policy};
use crate::flows::replay::{Begun, ReplayId, ReplayState, ReplayStatus, Replayed, Which, Wish};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::OrderId;
use holdfast_shared::limits::{REPLAY_DAYS_MAX, REPLAY_TOLD_MAX};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Days of a replay whose beginning nobody named.
const DAYS: i64 = 7;
/// Changed orders that are told when nobody says how many.
const TOLD: usize = 20;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReplayRequest {
    /// The policy as TOML, where it is no version yet.
    text: Option<String>,
    /// Orders placed from this day on, in UTC; 7 days up to the last when absent.
    #[schema(example = "2026-11-01")]
    from: Option<String>,
    /// Up to this day, counted too; today when absent.
    to: Option<String>,
    /// These orders, and no days.
    orders: Option<Vec<OrderId>>,
    /// The version that it is compared with; what is in force when absent, 0 is what was built in.
    against: Option<u32>,
    /// How many of the changed orders are told, up to 200; 20 when absent.
    told: Option<usize>,
}

/// A replay as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplayView {
    replay: ReplayId,
    state: ReplayState,
    /// Decisions that were replayed, of how many.
    played: usize,
    of: usize,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// When it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportView {
    candidate: String,
    reference: String,
    record: Record,
    /// More orders were placed in that time than one replay goes through: the first of them are in it.
    more: bool,
    /// Orders that were asked for and are not there.
    unknown: Vec<OrderId>,
    /// Sections in which the two policies differ and of which no replay shows anything: shelves are as the
    /// policy of that time saw them.
    not_judged: Vec<&'static str>,
    alone: AnswerView,
    sequence: AnswerView,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AnswerView {
    words: String,
    cases: usize,
    score: Vec<Row>,
    changed: usize,
    most_changed: Vec<ChangeView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangeView {
    #[serde(flatten)]
    change: Change,
    /// Where the whole of it is explained.
    #[schema(example = "/v1/orders/o-1/explain?policy=4")]
    explain: String,
}

fn view(status: &ReplayStatus) -> ReplayView {
    let under = status.candidate.map(|version| format!("?policy={version}")).unwrap_or_default();
    ReplayView {
        replay: status.replay,
        state: status.state,
        played: status.played,
        of: status.of,
        why: status.why.clone(),
        report: status.replayed.as_deref().map(|replayed| report(replayed, &under)),
    }
}

fn report(Replayed { report, more, unknown, not_judged }: &Replayed, under: &str) -> ReportView {
    let Report { candidate, reference, record, alone, sequence } = report;
    let answer = |answer: &run::Answer| AnswerView {
        words: answer.words.clone(),
        cases: answer.cases,
        score: answer.score.clone(),
        changed: answer.changed,
        most_changed: answer.most_changed.iter().map(|change| changed(change, under)).collect(),
    };
    ReportView {
        candidate: candidate.clone(),
        reference: reference.clone(),
        record: *record,
        more: *more,
        unknown: unknown.clone(),
        not_judged: not_judged.clone(),
        alone: answer(alone),
        sequence: answer(sequence),
    }
}

fn changed(change: &Change, under: &str) -> ChangeView {
    ChangeView { explain: format!("/v1/orders/{}/explain{under}", change.order), change: change.clone() }
}

/// Replay recorded orders under a version, or under what was built in (0), beside what is in force.
/// Answers at once; the replay itself is at `/v1/replays/{replay}`.
#[utoipa::path(post, path = "/v1/policies/{version}/replay", tag = "policies", params(("version" = u32, Path)),
    request_body = ReplayRequest, responses((status = 202, body = ReplayView), (status = 429, body = Problem)))]
pub(super) async fn of_version(
    State(app): State<Shared>,
    caller: Caller,
    Path(version): Path<String>,
    ApiJson(request): ApiJson<ReplayRequest>,
) -> Answer<(StatusCode, Json<ReplayView>)> {
    if request.text.is_some() {
        let detail = "text and a version: name one of the two; POST /v1/policies/replay takes a text";
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    let version: PolicyVersion = known(&version, Code::UnknownPolicy)?;
    let candidate = steering(&app, &caller, version).await?;
    begin(&app, &caller, candidate, request, true).await
}

/// The same under a policy that is no version yet.
#[utoipa::path(post, path = "/v1/policies/replay", tag = "policies", request_body = ReplayRequest,
    responses((status = 202, body = ReplayView), (status = 429, body = Problem)))]
pub(super) async fn of_text(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(request): ApiJson<ReplayRequest>,
) -> Answer<(StatusCode, Json<ReplayView>)> {
    let missing = || Refused::new(Code::InvalidRequest, "text is missing: the policy, as TOML");
    let document = read_policy(request.text.as_deref().ok_or_else(missing)?).map_err(|found| {
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        Refused::new(Code::InvalidPolicy, told.join("\n"))
    })?;
    let candidate = Arc::new(Steering::new(PolicyVersion::BUILT_IN, document));
    begin(&app, &caller, candidate, request, false).await
}

async fn steering(app: &Shared, caller: &Caller, version: PolicyVersion) -> Answer<Arc<Steering>> {
    let document = policies::find(app, caller, version).await?.document;
    Ok(Arc::new(Steering::new(version, document)))
}

async fn begin(
    app: &Shared,
    caller: &Caller,
    candidate: Arc<Steering>,
    request: ReplayRequest,
    is_version: bool,
) -> Answer<(StatusCode, Json<ReplayView>)> {
    let reference = match request.against {
        Some(version) => steering(app, caller, PolicyVersion(version)).await?,
        None => app.policies.of(caller.tenant()),
    };
    judgeable(&reference, &candidate)?;
    let told_max = request.told.unwrap_or(TOLD);
    if told_max > REPLAY_TOLD_MAX {
        let detail = format!("told is {told_max}: at most {REPLAY_TOLD_MAX} changed orders are told");
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    let which = which(app, request)?;
    let wish = Wish { tenant: caller.tenant().clone(), which, candidate, reference, told_max, is_version };
    match app.rooms.replays.begin(wish, app.clock.now().utc) {
        Begun::Waits(status) => {
            app.bells.replay.notify_one();
            Ok((StatusCode::ACCEPTED, Json(view(&status))))
        }
        Begun::TooMany(open) => {
            let detail = format!("{open} replays are not over yet: wait for one, or end it");
            Err(Refused::new(Code::TooManyRequests, detail))
        }
    }
}

/// Refuses what would show nothing: the same choices under both, whatever is said differently.
fn judgeable(reference: &Steering, candidate: &Steering) -> Answer<()> {
    let unseen = not_compared(reference, candidate);
    if unseen.is_empty() || is_compared(reference, candidate) {
        return Ok(());
    }
    let detail = format!(
        "the two policies differ in {} alone, and no replay shows that: of each decision is kept what could be \
         sold at the time, and not what lay on the shelves or how the stores were",
        unseen.join(" and ")
    );
    let hint = "Ask the version about single orders as things stand: POST /v1/policies/{version}/dry-run.";
    Err(Problem::new(Code::InvalidRequest, detail).with_hint(hint).into())
}

fn which(app: &App, request: ReplayRequest) -> Answer<Which> {
    match request.orders {
        Some(_) if request.from.is_some() || request.to.is_some() => {
            Err(Refused::new(Code::InvalidRequest, "orders and days: name one of the two"))
        }
        Some(orders) => Ok(Which::Named(orders)),
        None => {
            let span = (request.from.as_deref(), request.to.as_deref());
            let Days { first, last } = days::named(span, (DAYS, REPLAY_DAYS_MAX), app.clock.now().utc)?;
            Ok(Which::Placed(days::begins(first), days::begins(days::after(last))))
        }
    }
}

/// A replay, how far it has come, and its report when it is done. It is forgotten at a restart.
#[utoipa::path(get, path = "/v1/replays/{replay}", tag = "policies", params(("replay" = i64, Path)),
    responses((status = 200, body = ReplayView), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path(replay): Path<String>,
) -> Answer<Json<ReplayView>> {
    let id: ReplayId = known(&replay, Code::NotFound)?;
    let status = app.rooms.replays.status(caller.tenant(), id).ok_or_else(|| nowhere(id))?;
    Ok(Json(view(&status)))
}

/// End a replay before its time. One that is over stays as it is.
#[utoipa::path(delete, path = "/v1/replays/{replay}", tag = "policies", params(("replay" = i64, Path)),
    responses((status = 200, body = ReplayView), (status = "4XX", body = Problem)))]
pub(super) async fn end(
    State(app): State<Shared>,
    caller: Caller,
    Path(replay): Path<String>,
) -> Answer<Json<ReplayView>> {
    let id: ReplayId = known(&replay, Code::NotFound)?;
    let status = app.rooms.replays.cancel(caller.tenant(), id).ok_or_else(|| nowhere(id))?;
    Ok(Json(view(&status)))
}

fn nowhere(replay: ReplayId) -> Refused {
    Refused::new(Code::NotFound, format!("there is no replay {replay}: it may be of before a restart"))
}
