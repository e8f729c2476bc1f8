//! Goods that come back: what waits for a word, and what is on its way.

use super::{Frame, Person, frame, need, page, words};
use crate::adapters::http::answer::{Answer, Refused};
use crate::adapters::http::app::Shared;
use crate::adapters::http::paging::Paging;
use crate::adapters::http::returns::act_by;
use crate::core::returns::state::{Act, Return, ReturnState};
use crate::ports::access::Scope;
use crate::ports::returns::ReturnFilter;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::error::Code;
use holdfast_shared::time::UtcMs;
use serde::Deserialize;

struct Line {
    words: String,
    units: String,
}

struct ReturnRow {
    id: String,
    order: String,
    state: String,
    tone: &'static str,
    lines: Vec<Line>,
    money: String,
    when: String,
    /// A person may approve or refuse it.
    asked: bool,
    /// Damaged goods are here, and nobody has said whether they are paid back.
    damaged: bool,
    /// Nothing of it is here, and it may be cancelled.
    cancellable: bool,
}

#[derive(Template)]
#[template(path = "returns.html")]
struct ReturnsPage {
    frame: Frame,
    rows: Vec<ReturnRow>,
    states: Vec<(&'static str, String, bool)>,
    next: Option<String>,
    state: &'static str,
    may_act: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    state: Option<ReturnState>,
    cursor: Option<String>,
}

const fn tone(state: ReturnState) -> &'static str {
    match state {
        ReturnState::Asked => "warn",
        ReturnState::Refunded | ReturnState::Closed => "good",
        ReturnState::Approved
        | ReturnState::Received
        | ReturnState::Restocked
        | ReturnState::WrittenOff
        | ReturnState::Refused
        | ReturnState::Cancelled
        | ReturnState::Expired => "calm",
    }
}

fn named(state: ReturnState) -> String {
    state.as_str().replace('_', " ")
}

fn row(of: &Return, now: UtcMs) -> ReturnRow {
    let lines = of.lines.iter().map(|line| Line {
        words: format!("line {}, {}", line.line, line.sku),
        units: format!(
            "{} announced, {} sellable, {} damaged, {} missing",
            line.asked, line.sellable, line.damaged, line.missing
        ),
    });
    let back = of.refunds.iter().filter(|refund| refund.refunded_at.is_some()).count();
    ReturnRow {
        id: of.id.to_string(),
        order: of.order.to_string(),
        state: named(of.state),
        tone: tone(of.state),
        lines: lines.collect(),
        money: format!("{back} of {} refunds went back", of.refunds.len()),
        when: words::moment(of.changed_at, now),
        asked: of.state == ReturnState::Asked,
        damaged: of.state.is_open() && of.has_damaged() && of.refund_damaged.is_none(),
        cancellable: of.state == ReturnState::Approved,
    }
}

pub(super) async fn list(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    let now = app.clock.now().utc;
    let paging = Paging { cursor: asked.cursor, limit: None }.request()?;
    let filter = ReturnFilter { state: asked.state, store: None };
    let found = app.storage.returns(person.0.tenant(), &filter, &paging).await?;
    let states = ReturnState::ALL.into_iter();
    page(&ReturnsPage {
        states: states.map(|state| (state.as_str(), named(state), asked.state == Some(state))).collect(),
        rows: found.rows.iter().map(|of| row(of, now)).collect(),
        next: found.next,
        state: asked.state.map_or("", ReturnState::as_str),
        may_act: person.0.may(Scope::Support),
        frame: frame(&app, &person, "orders", None).await?,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActForm {
    reason: String,
}

pub(super) async fn act(
    State(app): State<Shared>,
    person: Person,
    Path((id, act)): Path<(String, String)>,
    Form(ActForm { reason }): Form<ActForm>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    let reason = reason.trim().to_owned();
    let act = match act.as_str() {
        "approve" => Act::Approve { words: reason },
        "refuse" => Act::Refuse { reason },
        "cancel" => Act::Cancel { reason },
        "pay-damaged" => Act::Decide { refund_damaged: true, reason },
        "keep-damaged" => Act::Decide { refund_damaged: false, reason },
        other => {
            let what = format!("{other:?} is none of approve, refuse, cancel, pay-damaged, keep-damaged");
            return Err(Refused::new(Code::InvalidRequest, what));
        }
    };
    act_by(&app, &person.0, &id, act).await?;
    Ok(Redirect::to("/console/returns").into_response())
}
