//! The exceptions: the queue and its filters, what they cost, and many resolved with one reason.

use super::{Frame, Person, ROWS, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::exception_ends::{ResolveManyRequest, resolve_all};
use crate::adapters::http::exception_trend::{TrendQuery, trend_of};
use crate::adapters::http::exceptions::{ExceptionFilter, ExceptionView, bad, view};
use crate::core::exception::causes::{RootCause, Team};
use crate::core::exception::trend::Trend;
use crate::core::exception::{Exception, ExceptionState};
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::time::UtcMs;
use serde::Deserialize;
use serde_json::Value;

pub(super) struct ExceptionRow {
    pub(super) id: String,
    pub(super) title: &'static str,
    pub(super) severity: &'static str,
    pub(super) tone: &'static str,
    pub(super) state: &'static str,
    pub(super) detail: String,
    pub(super) owner: String,
    pub(super) holder: Option<String>,
    pub(super) waiting_for: Option<String>,
    pub(super) clock: String,
    pub(super) late: bool,
    pub(super) order: Option<String>,
    pub(super) store: Option<String>,
    pub(super) times: u32,
    pub(super) age: String,
    pub(super) resolution: Option<String>,
}

#[derive(Template)]
#[template(path = "exceptions.html")]
struct ExceptionsPage {
    frame: Frame,
    rows: Vec<ExceptionRow>,
    at: &'static str,
    owner: &'static str,
    owners: Vec<(&'static str, String)>,
    words: String,
    may_resolve: bool,
    kept: Vec<(&'static str, String)>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "exception_trend.html")]
struct TrendPage {
    frame: Frame,
    trend: Trend,
    causes: Vec<(&'static str, String, u64, u64)>,
}

/// As a form sends it: what is not chosen is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    all: bool,
    state: Option<ExceptionState>,
    owner: String,
    taken_by: Option<String>,
    q: Option<String>,
    cursor: Option<String>,
}

impl Asked {
    fn filter(self) -> Answer<ExceptionFilter> {
        let Self { all, state, owner, taken_by, q, cursor } = self;
        let owner = Some(owner).filter(|owner| !owner.is_empty());
        let owner = owner.map(|owner| serde_json::from_value(Value::String(owner))).transpose();
        let owner = owner.map_err(|why| bad("owner", why))?;
        Ok(ExceptionFilter { all, state, owner, taken_by, q, cursor, ..ExceptionFilter::default() })
    }
}

pub(super) fn named(word: &str) -> String {
    word.replace('_', " ")
}

pub(super) fn row(told: ExceptionView, now: UtcMs) -> ExceptionRow {
    let ExceptionView { exception, owner, clock, .. } = told;
    let (severity, tone) = words::severity(exception.severity);
    let open = exception.resolved_at.is_none();
    let due = if exception.looked_at.is_some() { clock.end_by } else { clock.look_by.min(clock.end_by) };
    let left_ms = due.since(now);
    let told = match (open, clock.stands, left_ms >= 0) {
        (false, ..) => String::new(),
        (true, true, _) => "its clock stands".to_owned(),
        (true, false, true) => format!("due in {}", words::length(left_ms)),
        (true, false, false) => format!("late by {}", words::length(left_ms.saturating_neg())),
    };
    let Exception { exception: id, category, state, detail, taken_by, waiting_for, times, .. } = exception;
    ExceptionRow {
        title: words::category(category),
        id: id.to_string(),
        severity,
        tone,
        state: state.as_str(),
        detail,
        owner: named(owner.as_str()),
        holder: taken_by.map(|holder| holder.to_string()),
        waiting_for,
        clock: told,
        late: open && !clock.stands && left_ms < 0,
        order: exception.order.map(|order| order.to_string()),
        store: exception.store.map(|store| store.to_string()),
        times,
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
    let asked = asked.filter()?;
    let request = PageRequest { cursor: asked.cursor.clone(), limit: ROWS };
    let filter = asked.filter(&person.0)?;
    let found = app.storage.exception_page(person.0.tenant(), &filter, &request).await?;
    let now = app.clock.now().utc;
    let at = match asked.state {
        Some(state) => state.as_str(),
        None if asked.taken_by.as_deref() == Some("me") => "mine",
        None if asked.all => "all",
        None => "not_over",
    };
    page(&ExceptionsPage {
        frame: frame(&app, &person, "exceptions", None).await?,
        rows: found.rows.into_iter().map(|one| row(view(&app, &person.0, one), now)).collect(),
        at,
        owner: asked.owner.map_or("", Team::as_str),
        owners: Team::ALL.map(|team| (team.as_str(), named(team.as_str()))).into(),
        words: asked.q.clone().unwrap_or_default(),
        may_resolve: person.0.may(Scope::Support),
        kept: kept(&asked),
        next: found.next,
    })
}

/// What the next page asks for too.
fn kept(asked: &ExceptionFilter) -> Vec<(&'static str, String)> {
    let word = |name: &'static str, value: Option<&str>| value.map(|value| (name, value.to_owned()));
    [
        word("all", asked.all.then_some("true")),
        word("state", asked.state.map(ExceptionState::as_str)),
        word("owner", asked.owner.map(Team::as_str)),
        word("taken_by", asked.taken_by.as_deref()),
        word("q", asked.q.as_deref()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) async fn trend(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<TrendQuery>,
) -> Answer<Response> {
    need(&person, &[Scope::Support, Scope::FleetRead])?;
    let trend = trend_of(&app, &person.0, &asked).await?;
    let cause =
        |cause: Option<RootCause>| cause.map_or_else(|| "not said".to_owned(), |one| named(one.as_str()));
    let causes = trend.causes.iter();
    let causes =
        causes.map(|one| (words::category(one.category), cause(one.root_cause), one.resolved, one.minutes));
    page(&TrendPage {
        frame: frame(&app, &person, "exceptions", None).await?,
        causes: causes.collect(),
        trend,
    })
}

/// One reason for those that are ticked. A list of the same name comes as often as it is ticked, so the form is
/// read field by field.
pub(super) async fn resolve_many(
    State(app): State<Shared>,
    person: Person,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    let mut request = ResolveManyRequest {
        exceptions: Vec::new(),
        resolution: String::new(),
        root_cause: None,
        minutes: None,
    };
    for (name, value) in fields {
        match name.as_str() {
            "exception" => request.exceptions.push(value.parse().map_err(|why| bad("exception", why))?),
            "reason" => request.resolution = value,
            _ => return Err(bad(&name, "this form does not have it")),
        }
    }
    resolve_all(&app, &person.0, &request).await?;
    Ok(Redirect::to("/console/exceptions").into_response())
}
