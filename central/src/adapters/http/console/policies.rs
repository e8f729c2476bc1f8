//! Policies: every version, what one says and changes, what the linter says of it, and the next steps.

use super::{Frame, Person, ROWS, frame, need, page, words};
use crate::adapters::http::answer::{Answer, Refused, known};
use crate::adapters::http::app::Shared;
use crate::adapters::http::policies::{Activation, Shown, draft_one, find, freeze_now, step};
use crate::adapters::http::policy::{PolicyFreezeRequest, freeze_all, thaw_all};
use crate::core::policy::diff::{Difference, diff};
use crate::core::policy::version::{PolicyAct, PolicyRecord, PolicyState, PolicyVersion};
use crate::core::steering::Steering;
use crate::core::steering::lint::{Advice, Weight};
use crate::flows::lint_policies::advise;
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::error::Code;
use holdfast_shared::time::UtcMs;
use serde::Deserialize;

struct VersionRow {
    version: PolicyVersion,
    state: &'static str,
    tone: &'static str,
    author: String,
    reason: String,
    age: String,
    hash: String,
}

#[derive(Template)]
#[template(path = "policies.html")]
struct PoliciesPage {
    frame: Frame,
    rows: Vec<VersionRow>,
    in_force: String,
    freeze: Option<String>,
    text: String,
    may_write: bool,
    may_freeze: bool,
    may_thaw: bool,
    next: Option<String>,
}

struct DifferenceRow {
    path: String,
    before: String,
    after: String,
}

struct AdviceRow {
    weight: &'static str,
    tone: &'static str,
    at: String,
    what: String,
    remedy: String,
}

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage {
    frame: Frame,
    version: PolicyVersion,
    state: &'static str,
    tone: &'static str,
    hash: String,
    /// Who wrote it, who agreed, when it began: one sentence each.
    lives: Vec<String>,
    /// The version that it is compared with.
    against: PolicyVersion,
    differences: Vec<DifferenceRow>,
    advice: Vec<AdviceRow>,
    text: String,
    may_approve: bool,
    may_activate: bool,
    may_roll_back: bool,
    may_withdraw: bool,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftForm {
    text: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepForm {
    reason: String,
    #[serde(default)]
    big_bang: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FreezeForm {
    reason: String,
    hours: u16,
}

const READERS: &[Scope] = &[Scope::PolicyWrite, Scope::PolicyApprove, Scope::FleetRead, Scope::Support];

const fn told(state: PolicyState) -> (&'static str, &'static str) {
    match state {
        PolicyState::Draft => ("draft", "calm"),
        PolicyState::Approved => ("approved", "warn"),
        PolicyState::Active => ("in force", "good"),
        PolicyState::Retired => ("was in force", "calm"),
        PolicyState::Withdrawn => ("given up", "bad"),
    }
}

fn row(record: &PolicyRecord, now: UtcMs) -> VersionRow {
    let (state, tone) = told(record.state);
    VersionRow {
        version: record.version,
        state,
        tone,
        author: record.author.to_string(),
        reason: record.reason.clone(),
        age: words::length(now.since(record.created_at)),
        hash: record.hash.chars().take(12).collect(),
    }
}

pub(super) async fn list(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    need(&person, READERS)?;
    let (tenant, now) = (person.0.tenant(), app.clock.now().utc);
    let page_of = app.storage.policies(tenant, &PageRequest { cursor: asked.cursor, limit: ROWS }).await?;
    let in_force = app.policies.of(tenant);
    let freeze = freeze_now(&app, &person.0).await?;
    page(&PoliciesPage {
        frame: frame(&app, &person, "policies", None).await?,
        rows: page_of.rows.iter().map(|record| row(record, now)).collect(),
        in_force: in_force.name(),
        freeze: freeze.map(|freeze| {
            format!("by {} for {} more: {}", freeze.by, words::length(freeze.until.since(now)), freeze.reason)
        }),
        text: find(&app, &person.0, in_force.version).await?.text,
        may_write: person.0.may(Scope::PolicyWrite),
        may_freeze: person.0.may(Scope::PolicyWrite) || person.0.may(Scope::PolicyApprove),
        may_thaw: person.0.may(Scope::PolicyApprove),
        next: page_of.next.map(|next| format!("/console/policies?cursor={next}")),
    })
}

pub(super) async fn one(
    State(app): State<Shared>,
    person: Person,
    Path(version): Path<String>,
) -> Answer<Response> {
    need(&person, READERS)?;
    let version: PolicyVersion = known(&version, Code::UnknownPolicy)?;
    let Shown { record, text, document } = find(&app, &person.0, version).await?;
    let in_force = app.policies.of(person.0.tenant());
    // What is in force is compared with what was there before it; all else with what is in force.
    let against = if in_force.version == version {
        PolicyVersion(version.0.saturating_sub(1))
    } else {
        in_force.version
    };
    let before = find(&app, &person.0, against).await?.document;
    let differences = diff(&before, &document).iter().map(difference).collect();
    let steering = Steering::new(version, document);
    let advice = advise(&*app.storage, &app.watch, person.0.tenant(), &steering).await?;
    let state = record.as_ref().map(|record| record.state);
    let (words, tone) = match state {
        Some(state) => told(state),
        None if in_force.version == version => ("in force", "good"),
        None => ("built in", "calm"),
    };
    let (writes, approves) = (person.0.may(Scope::PolicyWrite), person.0.may(Scope::PolicyApprove));
    let was_in_force = state.map_or(in_force.version != version, |state| state == PolicyState::Retired);
    page(&PolicyPage {
        frame: frame(&app, &person, "policies", None).await?,
        version,
        state: words,
        tone,
        hash: steering.hash.short(),
        lives: record.as_ref().map(|record| lives(record, app.clock.now().utc)).unwrap_or_default(),
        against,
        differences,
        advice: advice.into_iter().map(advised).collect(),
        text,
        may_approve: approves && state == Some(PolicyState::Draft),
        may_activate: writes && state == Some(PolicyState::Approved),
        may_roll_back: (writes || approves) && was_in_force,
        may_withdraw: (writes || approves)
            && matches!(state, Some(PolicyState::Draft | PolicyState::Approved)),
    })
}

fn lives(record: &PolicyRecord, now: UtcMs) -> Vec<String> {
    let ago = |at: UtcMs| words::length(now.since(at));
    let mut lives =
        vec![format!("{} wrote it {} ago: {}", record.author, ago(record.created_at), record.reason)];
    if let (Some(by), Some(at)) = (&record.approved_by, record.approved_at) {
        lives.push(format!("{by} approved it {} ago", ago(at)));
    }
    lives.extend(record.effective_at.map(|at| format!("it is to begin in {}", words::length(at.since(now)))));
    lives.extend(record.activated_at.map(|at| format!("it began {} ago", ago(at))));
    lives.extend(record.retired_at.map(|at| format!("it ended {} ago", ago(at))));
    lives
}

fn difference(one: &Difference) -> DifferenceRow {
    let shown =
        |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
    DifferenceRow { path: one.path.clone(), before: shown(&one.before), after: shown(&one.after) }
}

fn advised(advice: Advice) -> AdviceRow {
    let tone = match advice.weight {
        Weight::Wrong => "bad",
        Weight::Risk => "warn",
        Weight::Note => "calm",
    };
    AdviceRow {
        weight: advice.weight.as_str(),
        tone,
        at: advice.at,
        what: advice.what,
        remedy: advice.remedy,
    }
}

pub(super) async fn draft(
    State(app): State<Shared>,
    person: Person,
    Form(form): Form<DraftForm>,
) -> Answer<Response> {
    need(&person, &[Scope::PolicyWrite])?;
    let record = draft_one(&app, &person.0, &form.text.replace("\r\n", "\n"), &form.reason).await?;
    Ok(Redirect::to(&format!("/console/policies/{}", record.version)).into_response())
}

pub(super) async fn act(
    State(app): State<Shared>,
    person: Person,
    Path((version, act)): Path<(String, String)>,
    Form(form): Form<StepForm>,
) -> Answer<Response> {
    let (act, scopes): (PolicyAct, &[Scope]) = match act.as_str() {
        "approve" => (PolicyAct::Approve, &[Scope::PolicyApprove]),
        "activate" => (PolicyAct::Activate, &[Scope::PolicyWrite]),
        "rollback" => (PolicyAct::RollBack, &[Scope::PolicyWrite, Scope::PolicyApprove]),
        "withdraw" => (PolicyAct::Withdraw, &[Scope::PolicyWrite, Scope::PolicyApprove]),
        _ => return Err(Refused::new(Code::NotFound, "there is no such step")),
    };
    need(&person, scopes)?;
    let activation = Activation { reason: form.reason, effective_at: None, big_bang: form.big_bang };
    step(&app, &person.0, &version, act, activation).await?;
    Ok(Redirect::to(&format!("/console/policies/{version}")).into_response())
}

pub(super) async fn freeze(
    State(app): State<Shared>,
    person: Person,
    Form(form): Form<FreezeForm>,
) -> Answer<Response> {
    need(&person, &[Scope::PolicyWrite, Scope::PolicyApprove])?;
    let until = app.clock.now().utc.plus(i64::from(form.hours).saturating_mul(3_600_000));
    freeze_all(&app, &person.0, &PolicyFreezeRequest { reason: form.reason, until }).await?;
    Ok(Redirect::to("/console/policies").into_response())
}

pub(super) async fn thaw(
    State(app): State<Shared>,
    person: Person,
    Form(form): Form<StepForm>,
) -> Answer<Response> {
    need(&person, &[Scope::PolicyApprove])?;
    thaw_all(&app, &person.0, &form.reason).await?;
    Ok(Redirect::to("/console/policies").into_response())
}
