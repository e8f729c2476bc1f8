//! Those who are sent events: how far each is, what did not get through, and what to do about it.

use super::{Frame, Person, ROWS, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::consumer_log::{retry_one, skip_one};
use crate::adapters::http::consumers::{all, named, set_state};
use crate::core::events::consumer::{Consumer, ConsumerState, Progress};
use crate::flows::consumers::find;
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use crate::ports::consumers::DeadLetter;
use crate::ports::deliveries::{Delivery, Outcome};
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_platform::http::ProblemResponse;
use holdfast_shared::error::Code;
use holdfast_shared::time::UtcMs;
use serde::Deserialize;

struct ConsumerRow {
    name: String,
    state: &'static str,
    tone: &'static str,
    active: bool,
    why: Option<String>,
    sink: &'static str,
    owner: String,
    contact: String,
    behind: u64,
    behind_age: Option<String>,
    waiting: u32,
    parked: u32,
    delivered: Option<String>,
}

struct LogLine {
    ago: String,
    kind: String,
    key: String,
    sequence: u64,
    tried: u32,
    outcome: &'static str,
    tone: &'static str,
    why: String,
    took_ms: i64,
}

#[derive(Template)]
#[template(path = "consumers.html")]
struct ConsumersPage {
    frame: Frame,
    rows: Vec<ConsumerRow>,
}

#[derive(Template)]
#[template(path = "consumer.html")]
struct ConsumerPage {
    frame: Frame,
    row: ConsumerRow,
    letters: Vec<DeadLetter>,
    lines: Vec<LogLine>,
    may_act: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonForm {
    #[serde(default)]
    reason: String,
}

fn row(consumer: Consumer, progress: Progress, now: UtcMs) -> ConsumerRow {
    let tone = match consumer.state {
        ConsumerState::Ended => "bad",
        ConsumerState::Paused => "warn",
        ConsumerState::Active if progress.parked > 0 => "bad",
        ConsumerState::Active if progress.waiting > 0 => "warn",
        ConsumerState::Active => "good",
    };
    ConsumerRow {
        name: consumer.consumer.to_string(),
        state: consumer.state.as_str(),
        tone,
        active: consumer.state == ConsumerState::Active,
        why: consumer.state_why,
        sink: consumer.terms.sink.as_str(),
        owner: consumer.terms.owner,
        contact: consumer.terms.contact,
        behind: progress.behind,
        behind_age: (progress.behind > 0).then(|| words::length(progress.behind_ms)),
        waiting: progress.waiting,
        parked: progress.parked,
        delivered: progress.delivered_at.map(|at| words::length(now.since(at))),
    }
}

fn log_line(line: Delivery, now: UtcMs) -> LogLine {
    LogLine {
        ago: words::length(now.since(line.at)),
        kind: line.kind,
        key: line.key,
        sequence: line.sequence,
        tried: line.try_number,
        outcome: line.outcome.as_str(),
        tone: match line.outcome {
            Outcome::Taken => "good",
            Outcome::Skipped => "calm",
            Outcome::Failed => "warn",
            Outcome::Refused | Outcome::Gone => "bad",
        },
        why: line.why.unwrap_or_default(),
        took_ms: line.took_ms,
    }
}

pub(super) async fn list(State(app): State<Shared>, person: Person) -> Answer<Response> {
    need(&person, &[Scope::FleetRead, Scope::Support])?;
    let now = app.clock.now().utc;
    let found = all(&app, &person.0).await?;
    page(&ConsumersPage {
        frame: frame(&app, &person, "consumers", None).await?,
        rows: found.into_iter().map(|view| row(view.consumer, view.progress, now)).collect(),
    })
}

pub(super) async fn one(
    State(app): State<Shared>,
    person: Person,
    Path(consumer): Path<String>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetRead, Scope::Support])?;
    let (id, tenant, now) = (named(&consumer)?, person.0.tenant(), app.clock.now().utc);
    let (consumer, progress) = find(&*app.storage, tenant, &id, now).await?;
    let request = PageRequest { cursor: None, limit: ROWS };
    let letters = app.storage.dead_letters(tenant, &id, &request).await?.rows;
    let log = app.storage.delivery_log(tenant, &id, None, &request).await?.rows;
    page(&ConsumerPage {
        frame: frame(&app, &person, "consumers", None).await?,
        row: row(consumer, progress, now),
        letters,
        lines: log.into_iter().map(|line| log_line(line, now)).collect(),
        may_act: person.0.may(Scope::Support),
    })
}

fn nothing_of_that_name(act: &str) -> ProblemResponse {
    let shown: String = act.chars().take(40).collect();
    ProblemResponse::new(Code::NotFound, format!("there is no {shown:?} here"))
}

pub(super) async fn act(
    State(app): State<Shared>,
    person: Person,
    Path((consumer, act)): Path<(String, String)>,
    Form(form): Form<ReasonForm>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    let state = match act.as_str() {
        "pause" => ConsumerState::Paused,
        "resume" => ConsumerState::Active,
        _ => return Err(nothing_of_that_name(&act)),
    };
    let stood = set_state(&app, &person.0, &consumer, state, &form.reason).await?;
    Ok(Redirect::to(&format!("/console/consumers/{}", stood.consumer.consumer)).into_response())
}

pub(super) async fn settle(
    State(app): State<Shared>,
    person: Person,
    Path((consumer, event, act)): Path<(String, String, String)>,
    Form(form): Form<ReasonForm>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    let id = named(&consumer)?;
    match act.as_str() {
        "retry" => retry_one(&app, &person.0, &consumer, &event).await?,
        "skip" => skip_one(&app, &person.0, (&consumer, &event), &form.reason).await?,
        _ => return Err(nothing_of_that_name(&act)),
    }
    Ok(Redirect::to(&format!("/console/consumers/{id}")).into_response())
}
