//! The exceptions: what is wrong, what to do, and a place to say what was done.

use super::{Frame, Person, ROWS, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::exceptions::resolve_one;
use crate::core::exception::Exception;
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::time::UtcMs;
use serde::Deserialize;

struct ExceptionRow {
    id: String,
    title: &'static str,
    severity: &'static str,
    tone: &'static str,
    detail: String,
    suggestion: String,
    /// Where a person can act on it: the page and its name.
    remedy: Option<(String, &'static str)>,
    repair: String,
    order: Option<String>,
    store: Option<String>,
    times: u32,
    age: String,
    resolution: Option<String>,
}

#[derive(Template)]
#[template(path = "exceptions.html")]
struct ExceptionsPage {
    frame: Frame,
    rows: Vec<ExceptionRow>,
    open_only: bool,
    may_resolve: bool,
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    all: bool,
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolveForm {
    reason: String,
}

fn row(exception: Exception, now: UtcMs) -> ExceptionRow {
    let (severity, tone) = words::severity(exception.severity);
    ExceptionRow {
        remedy: words::remedy(&exception),
        id: exception.exception.to_string(),
        title: words::category(exception.category),
        severity,
        tone,
        detail: exception.detail,
        suggestion: exception.suggestion,
        // The call that does it is for programs; here are links and buttons.
        repair: exception.repair.split(" (`").next().unwrap_or_default().to_owned(),
        order: exception.order.map(|order| order.to_string()),
        store: exception.store.map(|store| store.to_string()),
        times: exception.times,
        age: format!("{} ago", words::length(now.since(exception.raised_at))),
        resolution: exception.resolution,
    }
}

pub(super) async fn list(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    need(&person, &[Scope::Support, Scope::FleetRead])?;
    let request = PageRequest { cursor: asked.cursor, limit: ROWS };
    let found = app.storage.exceptions(person.0.tenant(), !asked.all, &request).await?;
    let now = app.clock.now().utc;
    page(&ExceptionsPage {
        frame: frame(&app, &person, "exceptions", None).await?,
        rows: found.rows.into_iter().map(|exception| row(exception, now)).collect(),
        open_only: !asked.all,
        may_resolve: person.0.may(Scope::Support),
        next: found.next.map(|cursor| format!("/console/exceptions?all={}&cursor={cursor}", asked.all)),
    })
}

pub(super) async fn resolve(
    State(app): State<Shared>,
    person: Person,
    Path(exception): Path<String>,
    Form(form): Form<ResolveForm>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    resolve_one(&app, &person.0, &exception, &form.reason).await?;
    Ok(Redirect::to("/console/exceptions").into_response())
}
