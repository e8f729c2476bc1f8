//! Versions of policies: written, checked, agreed to by a second person, begun, taken back.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::paging::Paging;
use crate::core::policy::Found;
use crate::core::policy::document::Document;
use crate::core::policy::version::{PolicyAct, PolicyFreeze, PolicyRecord, PolicyVersion, Step};
use crate::core::steering::lint::Advice;
use crate::core::steering::{Steering, read_kept, read_policy_over};
use crate::flows::in_force::know_in_force;
use crate::flows::lint_policies::advise;
use crate::flows::policies;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyText {
    /// TOML.
    #[schema(example = "owner = \"ann\"\n\n[routing]\nsplits_max = 2\n")]
    text: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyDraft {
    text: String,
    #[schema(example = "fewer parcels in December")]
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyReason {
    pub(super) reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Activation {
    pub(super) reason: String,
    /// Absent, or not in the future: at once.
    #[serde(default)]
    pub(super) effective_at: Option<UtcMs>,
    /// Every order follows it at once, although nothing was tried on a part of them.
    #[serde(default)]
    pub(super) big_bang: bool,
}

/// A step that needs nothing but its reason.
impl From<PolicyReason> for Activation {
    fn from(PolicyReason { reason }: PolicyReason) -> Self {
        Self { reason, effective_at: None, big_bang: false }
    }
}

/// What a check finds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyCheck {
    /// It could be drafted.
    sound: bool,
    /// Everything that is wrong, by line.
    found: Vec<Found>,
    /// What is allowed and yet hardly meant.
    advice: Vec<Advice>,
    /// Of the canonical text; equal hashes mean that nothing differs.
    hash: Option<String>,
    /// The whole policy, with every default.
    canonical: Option<String>,
}

/// A version with its text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyView {
    /// Absent for version 0, which was built in.
    record: Option<PolicyRecord>,
    version: PolicyVersion,
    hash: String,
    /// As it was written, with comments.
    text: String,
    canonical: String,
    advice: Vec<Advice>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyList {
    policies: Vec<PolicyRecord>,
    /// 0 is what was built in.
    in_force: PolicyVersion,
    freeze: Option<PolicyFreeze>,
    next: Option<String>,
}

/// What became of a step.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyStep {
    /// Absent when what was built in is in force again.
    pub(super) record: Option<PolicyRecord>,
    pub(super) in_force: PolicyVersion,
    /// What the caller should know about it.
    pub(super) warnings: Vec<String>,
}

/// Tell everything that is wrong with a policy, without keeping it.
#[utoipa::path(post, path = "/v1/policies/check", tag = "policies", request_body = PolicyText,
    responses((status = 200, body = PolicyCheck), (status = "4XX", body = Problem)))]
pub(super) async fn check(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(PolicyText { text }): ApiJson<PolicyText>,
) -> Answer<Json<PolicyCheck>> {
    let none =
        PolicyCheck { sound: false, found: Vec::new(), advice: Vec::new(), hash: None, canonical: None };
    let placed = policies::placed(&*app.storage, caller.tenant()).await?;
    let document = match read_policy_over(&text, &app.policies.built_in(), &placed) {
        Ok(document) => document,
        Err(found) => return Ok(Json(PolicyCheck { found, ..none })),
    };
    let (hash, canonical) = (Some(document.hash().to_hex()), Some(document.canonical().to_owned()));
    let advice = advice(&app, &caller, PolicyVersion::BUILT_IN, document).await?;
    Ok(Json(PolicyCheck { sound: true, advice, hash, canonical, ..none }))
}

/// What the linter says of a policy against the stores as they stand.
#[utoipa::path(post, path = "/v1/policies/lint", tag = "policies", request_body = PolicyText,
    responses((status = 200, body = Vec<Advice>), (status = "4XX", body = Problem)))]
pub(super) async fn lint(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(PolicyText { text }): ApiJson<PolicyText>,
) -> Answer<Json<Vec<Advice>>> {
    let placed = policies::placed(&*app.storage, caller.tenant()).await?;
    let document = read_policy_over(&text, &app.policies.built_in(), &placed).map_err(|found| {
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        Refused::new(Code::InvalidPolicy, told.join("\n"))
    })?;
    Ok(Json(advice(&app, &caller, PolicyVersion::BUILT_IN, document).await?))
}

async fn advice(
    app: &Shared,
    caller: &Caller,
    version: PolicyVersion,
    document: Document,
) -> Answer<Vec<Advice>> {
    let steering = Steering::new(version, document);
    Ok(advise(&*app.storage, &app.watch, caller.tenant(), &steering).await?)
}

/// Keep a policy as a draft.
#[utoipa::path(post, path = "/v1/policies", tag = "policies", request_body = PolicyDraft,
    responses((status = 201, body = PolicyView), (status = "4XX", body = Problem)))]
pub(super) async fn draft(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(PolicyDraft { text, reason }): ApiJson<PolicyDraft>,
) -> Answer<(StatusCode, Json<PolicyView>)> {
    let record = draft_one(&app, &caller, &text, &reason).await?;
    Ok((StatusCode::CREATED, Json(view(&app, &caller, record.version).await?)))
}

pub(super) async fn draft_one(
    app: &Shared,
    caller: &Caller,
    text: &str,
    reason: &str,
) -> Answer<PolicyRecord> {
    let (author, now) = (caller.actor()?, app.clock.now().utc);
    let usual = app.policies.built_in();
    Ok(policies::draft(&*app.storage, caller.tenant(), (text, &usual), (reason, &author), now).await?)
}

/// Every version, newest first.
#[utoipa::path(get, path = "/v1/policies", tag = "policies", params(Paging),
    responses((status = 200, body = PolicyList), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Answer<Json<PolicyList>> {
    let page = app.storage.policies(caller.tenant(), &paging.request()?).await?;
    Ok(Json(PolicyList {
        policies: page.rows,
        in_force: app.policies.of(caller.tenant()).version,
        freeze: freeze_now(&app, &caller).await?,
        next: page.next,
    }))
}

pub(super) async fn freeze_now(app: &Shared, caller: &Caller) -> Answer<Option<PolicyFreeze>> {
    let freeze = app.storage.policy_freeze(caller.tenant()).await?;
    Ok(freeze.filter(|freeze| freeze.in_force(app.clock.now().utc)))
}

/// One version, with what the linter says of it. 0 is what was built in.
#[utoipa::path(get, path = "/v1/policies/{version}", tag = "policies", params(("version" = u32, Path)),
    responses((status = 200, body = PolicyView), (status = "4XX", body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Path(version): Path<String>,
) -> Answer<Json<PolicyView>> {
    Ok(Json(view(&app, &caller, known(&version, Code::UnknownPolicy)?).await?))
}

async fn view(app: &Shared, caller: &Caller, version: PolicyVersion) -> Answer<PolicyView> {
    let shown = find(app, caller, version).await?;
    Ok(PolicyView {
        version,
        hash: shown.document.hash().to_hex(),
        canonical: shown.document.canonical().to_owned(),
        advice: advice(app, caller, version, shown.document).await?,
        record: shown.record,
        text: shown.text,
    })
}

/// A version that can be read.
pub(super) struct Shown {
    pub(super) record: Option<PolicyRecord>,
    pub(super) text: String,
    pub(super) document: Document,
}

pub(super) async fn find(app: &Shared, caller: &Caller, version: PolicyVersion) -> Answer<Shown> {
    if version == PolicyVersion::BUILT_IN {
        let document = app.policies.built_in().document.clone();
        return Ok(Shown { record: None, text: document.canonical().to_owned(), document });
    }
    let stored = app.storage.policy(caller.tenant(), version).await?;
    let unknown = || Refused::new(Code::UnknownPolicy, format!("there is no version {version}"));
    let stored = stored.ok_or_else(unknown)?;
    let document = read_kept(&stored.canonical).map_err(|found| {
        let first = found.first().map(ToString::to_string).unwrap_or_default();
        Refused::new(Code::InvalidPolicy, format!("version {version} is not of this program's age: {first}"))
    })?;
    Ok(Shown { record: Some(stored.record), text: stored.text, document })
}

/// Agree to what somebody else drafted.
#[utoipa::path(post, path = "/v1/policies/{version}/approve", tag = "policies", params(("version" = u32, Path)),
    request_body = PolicyReason, responses((status = 200, body = PolicyStep), (status = "4XX", body = Problem)))]
pub(super) async fn approve(
    State(app): State<Shared>,
    caller: Caller,
    Path(version): Path<String>,
    ApiJson(reason): ApiJson<PolicyReason>,
) -> Answer<Json<PolicyStep>> {
    Ok(Json(step(&app, &caller, &version, PolicyAct::Approve, reason.into()).await?))
}

/// Let an approved version begin, now or at a time.
#[utoipa::path(post, path = "/v1/policies/{version}/activate", tag = "policies", params(("version" = u32, Path)),
    request_body = Activation, responses((status = 200, body = PolicyStep), (status = "4XX", body = Problem)))]
pub(super) async fn activate(
    State(app): State<Shared>,
    caller: Caller,
    Path(version): Path<String>,
    ApiJson(activation): ApiJson<Activation>,
) -> Answer<Json<PolicyStep>> {
    Ok(Json(step(&app, &caller, &version, PolicyAct::Activate, activation).await?))
}

/// Go back to a version that was in force before. 0 is what was built in.
#[utoipa::path(post, path = "/v1/policies/{version}/rollback", tag = "policies", params(("version" = u32, Path)),
    request_body = PolicyReason, responses((status = 200, body = PolicyStep), (status = "4XX", body = Problem)))]
pub(super) async fn rollback(
    State(app): State<Shared>,
    caller: Caller,
    Path(version): Path<String>,
    ApiJson(reason): ApiJson<PolicyReason>,
) -> Answer<Json<PolicyStep>> {
    Ok(Json(step(&app, &caller, &version, PolicyAct::RollBack, reason.into()).await?))
}

/// Give up a version that was not in force yet.
#[utoipa::path(post, path = "/v1/policies/{version}/withdraw", tag = "policies", params(("version" = u32, Path)),
    request_body = PolicyReason, responses((status = 200, body = PolicyStep), (status = "4XX", body = Problem)))]
pub(super) async fn withdraw(
    State(app): State<Shared>,
    caller: Caller,
    Path(version): Path<String>,
    ApiJson(reason): ApiJson<PolicyReason>,
) -> Answer<Json<PolicyStep>> {
    Ok(Json(step(&app, &caller, &version, PolicyAct::Withdraw, reason.into()).await?))
}

pub(super) async fn step(
    app: &Shared,
    caller: &Caller,
    version: &str,
    act: PolicyAct,
    Activation { reason, effective_at, big_bang }: Activation,
) -> Answer<PolicyStep> {
    let version: PolicyVersion = known(version, Code::UnknownPolicy)?;
    let step = Step { act, actor: caller.actor()?, reason, effective_at, big_bang };
    let (tenant, now) = (caller.tenant(), app.clock.now().utc);
    let record = policies::step(&*app.storage, tenant, version, step, now).await?;
    know_in_force(&*app.storage, &app.policies).await?;
    app.policy_changed();
    let at_once = (big_bang && act == PolicyAct::Activate).then(|| {
        format!("version {version} was not tried on a part of the orders: every order follows it at once")
    });
    let in_force = app.policies.of(tenant).version;
    Ok(PolicyStep { record, in_force, warnings: at_once.into_iter().collect() })
}
