//! Lines that wait for goods, and the answers of customers that support passes on.

use super::{Frame, Person, ROWS, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::substitutions::reply_to;
use crate::core::backorder::day;
use crate::core::substitution::{Substitution, SubstitutionState};
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use crate::ports::backorders::Backorder;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::time::UtcMs;
use serde::Deserialize;

struct BackorderRow {
    order: String,
    reference: Option<String>,
    units: i64,
    sku: String,
    stock: String,
    place: u64,
    /// None of the usual one.
    priority: Option<&'static str>,
    units_ahead: i64,
    age: String,
    expected: Option<String>,
}

#[derive(Template)]
#[template(path = "backorders.html")]
struct BackordersPage {
    frame: Frame,
    rows: Vec<BackorderRow>,
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

fn row(backorder: Backorder, now: UtcMs) -> BackorderRow {
    BackorderRow {
        stock: format!("/console/stock/skus/{}", words::in_url(backorder.sku.as_str())),
        order: backorder.order.to_string(),
        reference: backorder.reference,
        units: backorder.units,
        sku: backorder.sku.to_string(),
        place: backorder.place,
        priority: Some(backorder.priority.as_str()).filter(|_| !backorder.priority.is_standard()),
        units_ahead: backorder.units_ahead,
        age: words::length(now.since(backorder.placed_at)),
        expected: backorder.expected_at.map(day),
    }
}

pub(super) async fn list(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    need(&person, &[Scope::OrdersRead, Scope::Support])?;
    let request = PageRequest { cursor: asked.cursor, limit: ROWS };
    let found = app.storage.backorders(person.0.tenant(), &request).await?;
    let now = app.clock.now().utc;
    page(&BackordersPage {
        frame: frame(&app, &person, "orders", None).await?,
        rows: found.rows.into_iter().map(|backorder| row(backorder, now)).collect(),
        next: found.next.map(|cursor| format!("/console/backorders?cursor={cursor}")),
    })
}

/// A substitution on the page of its order.
pub(super) struct SubstitutionRow {
    pub(super) number: u32,
    pub(super) words: String,
    pub(super) state: &'static str,
    pub(super) tone: &'static str,
    /// When it ended and by whom, or by when the customer is to answer.
    pub(super) when: String,
    pub(super) passed: Vec<String>,
    pub(super) waits: bool,
}

pub(super) fn substitution_row(told: &Substitution, now: UtcMs) -> SubstitutionRow {
    let tone = match told.state {
        SubstitutionState::Waiting => "warn",
        SubstitutionState::Made => "good",
        SubstitutionState::Declined | SubstitutionState::Expired | SubstitutionState::Withdrawn => "calm",
    };
    let when = match (told.ended_at, told.answer_by) {
        (Some(at), _) => {
            let by = told.ended_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!("{}{by}", words::moment(at, now))
        }
        (None, Some(until)) => format!("answer by {}", words::moment(until, now)),
        (None, None) => String::new(),
    };
    let line = told.new_line.map(|line| format!(", as line {line}")).unwrap_or_default();
    SubstitutionRow {
        number: told.number,
        words: format!("{}{line}", told.words),
        state: told.state.as_str(),
        tone,
        when,
        passed: told.passed.iter().map(|passed| format!("{}: {}", passed.sku, passed.why)).collect(),
        waits: told.state == SubstitutionState::Waiting,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Accept,
    Decline,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplyForm {
    answer: Word,
}

/// In the name of the person who passes it on.
pub(super) async fn reply(
    State(app): State<Shared>,
    person: Person,
    Path((order, number)): Path<(String, String)>,
    Form(form): Form<ReplyForm>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    let by = person.0.actor()?;
    reply_to(&app, &person.0, (&order, &number), form.answer == Word::Accept, &by).await?;
    Ok(Redirect::to(&format!("/console/orders/{order}")).into_response())
}
