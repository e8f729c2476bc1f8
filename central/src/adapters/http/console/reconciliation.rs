//! Whether the books agree: the report of a day, what is open, and a look that a person asks for.

use super::{Frame, Person, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::reconciliation::{FindingQuery, accept_one, begin_run, page_of};
use crate::adapters::http::reconciliation_report::{DayQuery, Part, answer, parts, report_of};
use crate::core::reconcile::finding::FindingState;
use crate::flows::reconcile::runs::Asked;
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

struct FindingRow {
    id: i64,
    kind: String,
    state: &'static str,
    tone: &'static str,
    words: String,
    age: String,
    order: Option<String>,
    store: Option<String>,
    may_accept: bool,
}

#[derive(Template)]
#[template(path = "reconciliation.html")]
struct ReconciliationPage {
    frame: Frame,
    day: String,
    parts: Vec<Part>,
    findings: Vec<FindingRow>,
    may_act: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonForm {
    reason: String,
}

const fn tone(state: FindingState) -> &'static str {
    match state {
        FindingState::Found | FindingState::Accepted => "calm",
        FindingState::Confirmed | FindingState::Repairing => "warn",
        FindingState::Repaired => "good",
        FindingState::Escalated => "bad",
    }
}

pub(super) async fn show(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<DayQuery>,
) -> Answer<Response> {
    need(&person, &[Scope::Support, Scope::FleetRead])?;
    let report = report_of(&app, &person.0, asked.day.as_deref()).await?;
    let open = page_of(&app, &person.0, FindingQuery::default()).await?;
    let now = app.clock.now().utc;
    let may_act = person.0.may(Scope::Support);
    let findings = open.findings.into_iter().map(|finding| FindingRow {
        id: finding.finding.0,
        kind: finding.kind.as_str().replace('_', " "),
        state: finding.state.as_str(),
        tone: tone(finding.state),
        age: words::length(now.since(finding.found_at)),
        may_accept: may_act && finding.state != FindingState::Accepted,
        order: finding.order.map(|order| order.to_string()),
        store: finding.store.map(|store| store.to_string()),
        words: finding.words,
    });
    let summary = parts(&report).into_iter().filter(|part| part.name != "open findings");
    page(&ReconciliationPage {
        frame: frame(&app, &person, "exceptions", None).await?,
        day: report.day.clone(),
        parts: summary.collect(),
        findings: findings.collect(),
        may_act,
    })
}

/// For a browser, which holds a session and no key.
pub(super) async fn report(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<DayQuery>,
) -> Answer<Response> {
    need(&person, &[Scope::Support, Scope::FleetRead])?;
    answer(&app, &person.0, &asked).await
}

pub(super) async fn look(State(app): State<Shared>, person: Person) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    begin_run(&app, &person.0, Asked::All)?;
    Ok(Redirect::to("/console/reconciliation").into_response())
}

pub(super) async fn accept(
    State(app): State<Shared>,
    person: Person,
    Path(finding): Path<String>,
    Form(form): Form<ReasonForm>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    accept_one(&app, &person.0, &finding, &form.reason).await?;
    Ok(Redirect::to("/console/reconciliation").into_response())
}
