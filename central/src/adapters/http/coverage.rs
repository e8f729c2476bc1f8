//! Which parts of a version mattered, and whose word there is that it does what was done before.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::orders::spoken;
use super::policies::find;
use super::postlaunch::Days;
use crate::core::launch::coverage::{Covered, covered};
use crate::core::launch::sign_off::{Refusal, Role, SignOff, lacking};
use crate::core::policy::version::PolicyVersion;
use crate::core::steering::{Steering, policy_name};
use crate::core::stock::report::Day;
use crate::ports::access::Scope;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::limits::LAUNCH_DAYS_MAX;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Every part of a version with how often it mattered.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyCoverage {
    version: PolicyVersion,
    days: u32,
    parts: Vec<Covered>,
    /// Parts that no decision of these days put to use.
    never: usize,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSignOff {
    role: Role,
    /// Who speaks, as people know them.
    #[schema(example = "Ann Lee")]
    name: String,
    /// What was looked at.
    #[schema(example = "fifty tickets of last week, none about routing")]
    note: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SignOffs {
    version: PolicyVersion,
    /// Oldest first; nothing of it ever changes.
    sign_offs: Vec<SignOff>,
    /// Roles whose word is lacking. With none, what was there before may go.
    lacking: Vec<Role>,
}

/// Rules, scorers, rungs and classes of a version, with the decisions in which each mattered.
#[utoipa::path(get, path = "/v1/policies/{version}/coverage", tag = "policies",
    params(("version" = u32, Path), Days),
    responses((status = 200, body = PolicyCoverage), (status = "4XX", body = Problem)))]
pub(super) async fn coverage(
    State(app): State<Shared>,
    caller: Caller,
    Path(version): Path<String>,
    ApiQuery(days): ApiQuery<Days>,
) -> Answer<Json<PolicyCoverage>> {
    let days = days.or(LAUNCH_DAYS_MAX)?;
    let version: PolicyVersion = known(&version, Code::UnknownPolicy)?;
    let shown = find(&app, &caller, version).await?;
    let name = match &shown.record {
        Some(record) => policy_name(version, &record.hash),
        None => app.policies.built_in().name(),
    };
    let today = Day::of(app.clock.now().utc);
    let from = Day(today.0.saturating_sub(i64::from(days)).saturating_add(1));
    let used = app.storage.uses(caller.tenant(), &name, from).await?;
    let parts = covered(&Steering::new(version, shown.document), &used);
    let never = parts.iter().filter(|part| part.never()).count();
    Ok(Json(PolicyCoverage { version, days, parts, never }))
}

/// Whose word there is about a version.
#[utoipa::path(get, path = "/v1/policies/{version}/sign-offs", tag = "policies", params(("version" = u32, Path)),
    responses((status = 200, body = SignOffs), (status = "4XX", body = Problem)))]
pub(super) async fn sign_offs(
    State(app): State<Shared>,
    caller: Caller,
    Path(version): Path<String>,
) -> Answer<Json<SignOffs>> {
    let version: PolicyVersion = known(&version, Code::UnknownPolicy)?;
    find(&app, &caller, version).await?;
    let sign_offs = app.storage.sign_offs(caller.tenant(), version).await?;
    Ok(Json(SignOffs { version, lacking: lacking(&sign_offs), sign_offs }))
}

/// Any key that speaks for the role.
const fn speaks_for(role: Role) -> &'static [Scope] {
    match role {
        Role::Support => &[Scope::Support],
        Role::Analytics => &[Scope::OrdersRead, Scope::FleetRead],
        Role::Fulfilment => &[Scope::FleetWrite],
    }
}

/// Say that a version does what was done before it, as support, analytics or fulfilment. On record for good.
#[utoipa::path(post, path = "/v1/policies/{version}/sign-offs", tag = "policies", params(("version" = u32, Path)),
    request_body = NewSignOff, responses((status = 201, body = SignOffs), (status = "4XX", body = Problem)))]
pub(super) async fn sign_off(
    State(app): State<Shared>,
    caller: Caller,
    Path(version): Path<String>,
    ApiJson(NewSignOff { role, name, note }): ApiJson<NewSignOff>,
) -> Answer<(StatusCode, Json<SignOffs>)> {
    let version: PolicyVersion = known(&version, Code::UnknownPolicy)?;
    find(&app, &caller, version).await?;
    if !speaks_for(role).iter().any(|scope| caller.may(*scope)) {
        let wanted: Vec<&str> = speaks_for(role).iter().map(|scope| scope.as_str()).collect();
        let what =
            format!("{} signs with a key with one of the scopes: {}", role.as_str(), wanted.join(", "));
        return Err(Refused::new(Code::Forbidden, what));
    }
    let (name, note) = (spoken(&name, "name")?.to_owned(), spoken(&note, "note")?.to_owned());
    let word = SignOff { role, name, actor: caller.actor()?, note, at: app.clock.now().utc };
    match app.storage.sign_off(caller.tenant(), version, &word).await? {
        Ok(sign_offs) => {
            let lacking = lacking(&sign_offs);
            Ok((StatusCode::CREATED, Json(SignOffs { version, sign_offs, lacking })))
        }
        Err(refusal @ Refusal::SamePerson { .. }) => {
            Err(Refused::new(Code::SecondPerson, refusal.to_string()))
        }
        Err(refusal @ Refusal::TooMany) => Err(Refused::new(Code::InvalidRequest, refusal.to_string())),
    }
}
