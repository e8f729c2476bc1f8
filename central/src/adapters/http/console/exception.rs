//! One exception: what is wrong, what can be done and what that would do, what was done, what happened beside it.

use super::exceptions::{ExceptionRow, named, row};
use super::{Frame, Person, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::exception_acts::{RepairRequest, repair_one, take_one, wait_one};
use crate::adapters::http::exception_ends::{ResolveRequest, resolve_one};
use crate::adapters::http::exceptions::{bad, whole};
use crate::core::exception::causes::RootCause;
use crate::core::exception::repairs::{Preview, RepairKind};
use crate::core::exception::{Category, Exception};
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

struct RepairRow {
    name: &'static str,
    title: String,
    does: String,
    not_now: Option<String>,
    suggested: bool,
}

struct Line {
    at: String,
    who: String,
    what: String,
}

#[derive(Template)]
#[template(path = "exception.html")]
struct ExceptionPage {
    frame: Frame,
    row: ExceptionRow,
    means: &'static str,
    suggestion: String,
    remedy: Option<(String, &'static str)>,
    repair: String,
    failure: Option<(String, String)>,
    values: Vec<(String, String)>,
    repairs: Vec<RepairRow>,
    record: Vec<Line>,
    timeline: Vec<Line>,
    labels: Vec<(&'static str, String)>,
    open: bool,
    waits: bool,
    may_act: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActForm {
    /// Of a take, when somebody else has it.
    #[serde(default)]
    from_others: bool,
    /// Of waiting.
    #[serde(default)]
    on: String,
    #[serde(default)]
    repair: Option<RepairKind>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    root_cause: String,
    #[serde(default)]
    minutes: String,
}

/// Where a person can act on it.
fn remedy(exception: &Exception) -> Option<(String, &'static str)> {
    match exception.category {
        Category::ClonedBox | Category::LostFacts => {
            let store = exception.store.as_ref()?;
            Some((format!("/console/stores/{store}/boxes"), "Boxes of the store"))
        }
        Category::Restored => Some(("/console/recovery".to_owned(), "Recovery")),
        Category::Policy => Some(("/console/policies".to_owned(), "Policies")),
        Category::ShadowCritical => Some(("/console/shadow?severity=critical".to_owned(), "Differences")),
        Category::Undelivered => Some(("/console/consumers".to_owned(), "Consumers")),
        Category::ObserverFrozen => Some(("/console/stores#silence".to_owned(), "Whether silence counts")),
        Category::Backorder
        | Category::ReleasedAtDarkStore
        | Category::Contradiction
        | Category::Drift
        | Category::DamagedSync
        | Category::FactConflict
        | Category::ForeignClaim
        | Category::Sealing
        | Category::Overdrawn
        | Category::ParcelMissing
        | Category::BooksDiffer
        | Category::AwaitingPayment
        | Category::PaymentUnclear
        | Category::RefundFailed
        | Category::OutsideDown
        | Category::Override
        | Category::ReturnDue
        | Category::CancelUnanswered
        | Category::WrongClock
        | Category::Stuck
        | Category::PromiseMissed
        | Category::LabelFailed
        | Category::ParcelLost
        | Category::TrackingSilent
        | Category::VoidFailed
        | Category::PossibleDuplicate
        | Category::UnexpectedReturn
        | Category::ReturnWaits => None,
    }
}

fn repair_row(told: Preview) -> RepairRow {
    let Preview { repair, does, not_now, suggested, .. } = told;
    RepairRow { name: repair.as_str(), title: named(repair.as_str()), does, not_now, suggested }
}

pub(super) async fn one(
    State(app): State<Shared>,
    person: Person,
    Path(exception): Path<String>,
) -> Answer<Response> {
    show(&app, &person, &exception, None).await
}

async fn show(app: &Shared, person: &Person, id: &str, notice: Option<String>) -> Answer<Response> {
    need(person, &[Scope::Support, Scope::FleetRead])?;
    let told = whole(app, &person.0, id).await?;
    let now = app.clock.now().utc;
    let exception = &told.view.exception;
    let failure = exception.failure.clone();
    let record = told.events.iter().map(|event| Line {
        at: words::moment(event.at, now),
        who: event.actor.to_string(),
        what: format!("{}: {}", named(&event.kind), event.words),
    });
    let timeline = told.timeline.iter().map(|event| Line {
        at: words::moment(event.at, now),
        who: event.actor.to_string(),
        what: event.words.clone(),
    });
    page(&ExceptionPage {
        means: told.view.means,
        suggestion: exception.suggestion.clone(),
        remedy: remedy(exception),
        repair: exception.repair.clone(),
        failure: failure.as_ref().map(|one| (one.code.clone(), one.field.clone().unwrap_or_default())),
        values: failure.into_iter().flat_map(|one| one.values).collect(),
        record: record.collect(),
        timeline: timeline.collect(),
        labels: told.labels.iter().map(|label: &RootCause| (label.as_str(), named(label.as_str()))).collect(),
        open: exception.resolved_at.is_none(),
        waits: exception.waiting_since.is_some(),
        may_act: person.0.may(Scope::Support),
        repairs: told.repairs.into_iter().map(repair_row).collect(),
        row: row(told.view, now),
        frame: frame(app, person, "exceptions", notice).await?,
    })
}

pub(super) async fn act(
    State(app): State<Shared>,
    person: Person,
    Path((exception, act)): Path<(String, String)>,
    Form(form): Form<ActForm>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    let back = || Ok(Redirect::to(&format!("/console/exceptions/{exception}")).into_response());
    match act.as_str() {
        "take" => take_one(&app, &person.0, &exception, form.from_others).await?,
        "wait" => {
            let on = Some(form.on.trim()).filter(|on| !on.is_empty());
            wait_one(&app, &person.0, &exception, on).await?;
        }
        "repair" => {
            let repair = form.repair.ok_or_else(|| bad("repair", "choose one"))?;
            let request = RepairRequest { repair, reason: form.reason, preview: false, again: false };
            let done = repair_one(&app, &person.0, &exception, &request).await?;
            let code = done.enrolment_code.map(|code| format!(" Code: {code}")).unwrap_or_default();
            let notice = format!("{}: {}.{code}", named(done.outcome.as_str()), done.words);
            return show(&app, &person, &exception, Some(notice)).await;
        }
        "resolve" => {
            let cause = Some(form.root_cause).filter(|cause| !cause.is_empty());
            let root_cause = cause
                .map(|cause| serde_json::from_value(serde_json::Value::String(cause)))
                .transpose()
                .map_err(|why| bad("root_cause", why))?;
            let minutes = Some(form.minutes.trim()).filter(|minutes| !minutes.is_empty());
            let minutes = minutes.map(str::parse).transpose().map_err(|why| bad("minutes", why))?;
            let request = ResolveRequest { resolution: form.reason, root_cause, minutes };
            resolve_one(&app, &person.0, &exception, &request).await?;
        }
        other => return Err(bad("act", format!("{other:?} is none of take, wait, repair, resolve"))),
    }
    back()
}
