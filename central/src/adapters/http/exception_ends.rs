//! How exceptions end by a person's word: one, or many with one reason.

use super::answer::{Answer, Refused, known};
use super::app::{App, Shared};
use super::doors::Caller;
use super::exception_acts::{find, over};
use super::exceptions::bad;
use super::orders::spoken;
use crate::core::exception::causes::RootCause;
use crate::core::exception::kinds::kind;
use crate::core::exception::{Exception, Resolution};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::ExceptionId;
use holdfast_shared::limits::{EXCEPTION_MINUTES_MAX, EXCEPTIONS_RESOLVED_MAX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolveRequest {
    /// What was done, and why.
    #[schema(example = "called the store: the parcel left on Tuesday")]
    pub(super) resolution: String,
    /// One of the labels of its kind.
    #[serde(default)]
    pub(super) root_cause: Option<RootCause>,
    /// That people spent on it.
    #[serde(default)]
    pub(super) minutes: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolveManyRequest {
    /// Up to 200.
    pub(super) exceptions: Vec<ExceptionId>,
    pub(super) resolution: String,
    #[serde(default)]
    pub(super) root_cause: Option<RootCause>,
    /// That people spent on all of them together.
    #[serde(default)]
    pub(super) minutes: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ResolvedMany {
    pub(super) resolved: Vec<ExceptionId>,
    /// Over before, or not known.
    pub(super) left: Vec<ExceptionId>,
}

/// Resolve an exception, with the reason, the cause, and the minutes that it took.
#[utoipa::path(post, path = "/v1/exceptions/{exception}/resolve", tag = "support",
    params(("exception" = ExceptionId, Path)), request_body = ResolveRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn resolve(
    State(app): State<Shared>,
    caller: Caller,
    Path(exception): Path<String>,
    ApiJson(request): ApiJson<ResolveRequest>,
) -> Answer<StatusCode> {
    resolve_one(&app, &caller, &exception, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn resolve_one(
    app: &App,
    caller: &Caller,
    id: &str,
    request: &ResolveRequest,
) -> Answer<()> {
    let id: ExceptionId = known(id, Code::NotFound)?;
    let words = spoken(&request.resolution, "resolution")?;
    let exception = find(app, caller, &id).await?;
    if exception.resolved_at.is_some() {
        return Err(not_open(app, caller, &id).await?);
    }
    let resolution = said(caller, &exception, words, request.root_cause, request.minutes)?;
    let now = app.clock.now().utc;
    let ended = app.storage.resolve_exceptions(caller.tenant(), &[(id.clone(), resolution)], now).await?;
    if ended.is_empty() {
        return Err(not_open(app, caller, &id).await?);
    }
    app.bells.publish.notify_one();
    Ok(())
}

/// Of what is resolved there is nothing left to resolve.
async fn not_open(app: &App, caller: &Caller, id: &ExceptionId) -> Answer<Refused> {
    let why = over(app, caller, id).await?.0.detail.clone();
    Ok(Refused::new(Code::NotFound, format!("there is no open exception: {why}")))
}

fn said(
    caller: &Caller,
    exception: &Exception,
    words: &str,
    root_cause: Option<RootCause>,
    minutes: Option<u32>,
) -> Answer<Resolution> {
    let kind = kind(exception.category);
    if let Some(cause) = root_cause.filter(|cause| !kind.may_come_from(*cause)) {
        let labels: Vec<&str> = kind.labels().map(RootCause::as_str).collect();
        let what = format!(
            "{} of {} is no cause of {}; expected one of {}",
            cause.as_str(),
            exception.exception,
            exception.category.as_str(),
            labels.join(", ")
        );
        return Err(bad("root_cause", what));
    }
    if minutes.is_some_and(|minutes| minutes > EXCEPTION_MINUTES_MAX) {
        return Err(bad("minutes", format!("expected 0 to {EXCEPTION_MINUTES_MAX}")));
    }
    let by = caller.actor()?;
    // Who resolved it is part of the record: overrides are explained afterwards from what is stored.
    Ok(Resolution { words: format!("{words} ({by})"), by, root_cause, minutes })
}

/// Resolve many with one reason. Nothing is resolved when one of them cannot have the cause that is named.
#[utoipa::path(post, path = "/v1/exceptions/resolve", tag = "support", request_body = ResolveManyRequest,
    responses((status = 200, body = ResolvedMany), (status = "4XX", body = Problem)))]
pub(super) async fn resolve_many(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(request): ApiJson<ResolveManyRequest>,
) -> Answer<Json<ResolvedMany>> {
    Ok(Json(resolve_all(&app, &caller, &request).await?))
}

pub(super) async fn resolve_all(
    app: &App,
    caller: &Caller,
    request: &ResolveManyRequest,
) -> Answer<ResolvedMany> {
    let words = spoken(&request.resolution, "resolution")?;
    let mut asked = request.exceptions.clone();
    asked.sort();
    asked.dedup();
    if asked.is_empty() || asked.len() > EXCEPTIONS_RESOLVED_MAX {
        return Err(bad(
            "exceptions",
            format!("expected 1 to {EXCEPTIONS_RESOLVED_MAX}, got {}", asked.len()),
        ));
    }
    let mut resolutions = Vec::new();
    for id in &asked {
        let open = app.storage.exception(caller.tenant(), id).await?;
        if let Some(exception) = open.filter(|exception| exception.resolved_at.is_none()) {
            resolutions.push((id.clone(), said(caller, &exception, words, request.root_cause, None)?));
        }
    }
    share(&mut resolutions, request.minutes)?;
    let now = app.clock.now().utc;
    let resolved = app.storage.resolve_exceptions(caller.tenant(), &resolutions, now).await?;
    app.bells.publish.notify_one();
    let left = asked.into_iter().filter(|id| !resolved.contains(id)).collect();
    Ok(ResolvedMany { resolved, left })
}

/// The minutes of all, shared out: the sum stays what it was.
fn share(resolutions: &mut [(ExceptionId, Resolution)], minutes: Option<u32>) -> Answer<()> {
    let Some(minutes) = minutes else { return Ok(()) };
    if minutes > EXCEPTION_MINUTES_MAX {
        return Err(bad("minutes", format!("expected 0 to {EXCEPTION_MINUTES_MAX}")));
    }
    let mut left = minutes;
    let mut among = u32::try_from(resolutions.len()).unwrap_or(u32::MAX);
    for (_, resolution) in resolutions {
        let part = left.checked_div(among).unwrap_or_default();
        resolution.minutes = Some(part);
        left = left.saturating_sub(part);
        among = among.saturating_sub(1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_of_many_are_shared_out_and_none_is_lost() {
        let one = || Resolution {
            words: "done".to_owned(),
            by: "key:ann".parse().unwrap(),
            root_cause: None,
            minutes: None,
        };
        let mut all: Vec<_> = ["x1", "x2", "x3"].map(|id| (id.parse().unwrap(), one())).into();
        share(&mut all, Some(10)).unwrap();
        let parts: Vec<u32> = all.iter().filter_map(|(_, one)| one.minutes).collect();
        assert_eq!((parts.iter().sum::<u32>(), parts.len()), (10, 3));
        assert!(share(&mut all, Some(EXCEPTION_MINUTES_MAX + 1)).is_err());
    }
}
