//! The stores, and one store.

use super::observer::{Silence, silence};
use super::{Frame, Person, ROWS, frame, need, page, tones, words};
use crate::adapters::http::answer::{Answer, Refused};
use crate::adapters::http::app::{Shared, Sight};
use crate::adapters::http::arrangements::{Availability, ClassStanding, KindStanding};
use crate::adapters::http::fleet;
use crate::core::eligibility::{Eligibility, Standing};
use crate::core::fleet::{ClosureCause, StoreRecord};
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use crate::ports::demo::DemoAction;
use crate::ports::fleet::EligibilityChange;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::error::Code;
use holdfast_shared::time::UtcMs;
use serde::Deserialize;

struct StoreCard {
    id: String,
    name: String,
    kind: &'static str,
    tone: &'static str,
    standing: &'static str,
    reasons: Vec<String>,
    physically: String,
    functionally: &'static str,
    open_tasks: u32,
    capacity: u32,
    heard: String,
    closed_by_central: bool,
    actions: Vec<DemoAction>,
}

#[derive(Template)]
#[template(path = "stores.html")]
struct StoresPage {
    frame: Frame,
    stores: Vec<StoreCard>,
    eligible: usize,
    suspect: usize,
    ineligible: usize,
    open_tasks: u32,
    silence: Silence,
    may_close: bool,
}

struct TaskRow {
    id: String,
    order: String,
    status: String,
    tone: &'static str,
    kind: &'static str,
    lines: Vec<String>,
    changed: String,
}

/// How a store stands for one kind of work, or one class of SKUs.
struct PartRow {
    part: String,
    tone: &'static str,
    standing: &'static str,
    why: String,
}

struct ChangeRow {
    stamp: String,
    at: String,
    tone: &'static str,
    standing: &'static str,
    reasons: Vec<String>,
}

#[derive(Template)]
#[template(path = "store.html")]
struct StorePage {
    frame: Frame,
    store: StoreCard,
    kinds: Vec<PartRow>,
    classes: Vec<PartRow>,
    measured: Vec<(String, String, String)>,
    signals: Vec<(&'static str, String)>,
    closures: Vec<String>,
    arranged: Vec<String>,
    tasks: Vec<TaskRow>,
    history: Vec<ChangeRow>,
    may_close: bool,
}

/// A word to show once, after a form was sent.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    said: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseForm {
    cause: ClosureCause,
    hard: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DemoForm {
    action: String,
}

fn card(app: &Shared, record: &StoreRecord) -> StoreCard {
    let sight = app.sight(&record.tenant, &record.store.store);
    let heard = match sight.heard_ms_ago {
        Some(ms) => format!("{} ago", words::length(ms)),
        None if record.enrolled_replicas == 0 => "no agent enrolled".to_owned(),
        None => "not since central started".to_owned(),
    };
    let (tone, standing, functionally, physically, reasons) = match &sight.eligibility {
        Some(known) => (
            words::tone(known.standing),
            known.standing.as_str(),
            words::functionally(known.standing),
            words::physically(known),
            known.reasons.iter().map(|reason| reason.words.clone()).collect(),
        ),
        None => {
            ("calm", "unknown", "gets no orders", "unknown".to_owned(), vec!["not evaluated yet".to_owned()])
        }
    };
    StoreCard {
        id: record.store.store.to_string(),
        name: record.store.name.clone(),
        kind: words::kind(record.store.kind),
        tone,
        standing,
        reasons,
        physically,
        functionally,
        open_tasks: record.open_tasks,
        capacity: record.store.capacity_tasks,
        heard,
        closed_by_central: record.closures.iter().any(|closure| !closure.from_store),
        actions: app.demo.as_ref().map(|demo| demo.actions(&record.store.store)).unwrap_or_default(),
    }
}

pub(super) async fn list(
    State(app): State<Shared>,
    person: Person,
    Query(said): Query<Said>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetRead, Scope::FleetWrite, Scope::Support])?;
    let tenant = person.0.tenant();
    let mut records = app.storage.stores(tenant).await?;
    records.sort_by(|left, right| {
        (left.store.kind, &left.store.name).cmp(&(right.store.kind, &right.store.name))
    });
    page(&StoresPage {
        frame: frame(&app, &person, "stores", said.said).await?,
        eligible: app.count(tenant, Standing::Eligible),
        suspect: app.count(tenant, Standing::Suspect),
        ineligible: app.count(tenant, Standing::Ineligible),
        open_tasks: records.iter().map(|record| record.open_tasks).fold(0, u32::saturating_add),
        stores: records.iter().map(|record| card(&app, record)).collect(),
        silence: silence(&app, &person),
        may_close: person.0.may(Scope::FleetWrite),
    })
}

pub(super) async fn one(
    State(app): State<Shared>,
    person: Person,
    Path(store): Path<String>,
    Query(said): Query<Said>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetRead, Scope::FleetWrite, Scope::Support])?;
    let tenant = person.0.tenant();
    let record = fleet::find(&app, &person.0, &store).await?;
    let id = &record.store.store;
    let rows = PageRequest { cursor: None, limit: ROWS };
    let tasks = app.storage.tasks_of_store(tenant, id, &rows).await?;
    let history = app.storage.eligibility_history(tenant, id, &rows).await?;
    let now = app.clock.now().utc;
    let Sight { eligibility, vitals, .. } = app.sight(tenant, id);
    let known = eligibility.as_ref();
    let mut arranged = words::arranged(&record.arranged, now);
    arranged.extend(vitals.iter().flat_map(|vitals| words::planned_there(vitals, now)));
    let (kinds, classes) = known.map(|known| part_rows(&record, known)).unwrap_or_default();
    page(&StorePage {
        frame: frame(&app, &person, "stores", said.said).await?,
        store: card(&app, &record),
        kinds,
        classes,
        measured: known
            .map(|known| known.reasons.iter().filter_map(words::measured).collect())
            .unwrap_or_default(),
        signals: vitals.as_ref().map(words::signals).unwrap_or_default(),
        closures: record.closures.iter().map(|closure| words::closure(closure, now)).collect(),
        arranged,
        tasks: tasks.rows.iter().map(|task| task_row(task, now)).collect(),
        history: history.rows.iter().map(|change| change_row(change, now)).collect(),
        may_close: person.0.may(Scope::FleetWrite),
    })
}

/// By kind of work, and by class of SKUs.
fn part_rows(record: &StoreRecord, known: &Eligibility) -> (Vec<PartRow>, Vec<PartRow>) {
    let Availability { by_kind, by_class, .. } = Availability::of(&record.store.fulfils, known);
    let row = |part: &str, standing, served, why| PartRow {
        part: part.to_owned(),
        tone: words::tone(standing),
        standing: served,
        why,
    };
    let of_kind = |KindStanding { kind, standing, why }: KindStanding| {
        row(kind.as_str(), standing, words::functionally(standing), why)
    };
    let of_class = |ClassStanding { class, standing, why }: ClassStanding| {
        row(class.as_str(), standing, words::promised(standing), why)
    };
    (by_kind.into_iter().map(of_kind).collect(), by_class.into_iter().map(of_class).collect())
}

fn task_row(task: &TaskState, now: UtcMs) -> TaskRow {
    let line = |line: &holdfast_shared::domain::task::Line| {
        let short = if line.short > 0 { format!(", {} short", line.short) } else { String::new() };
        format!("{} × {} ({} picked{short})", line.quantity, line.sku, line.picked)
    };
    TaskRow {
        id: task.task.to_string(),
        order: task.order.to_string(),
        status: words::task_status(task.status()),
        tone: tones::task_tone(task.status()),
        kind: task.kind.as_str(),
        lines: task.lines.iter().map(line).collect(),
        changed: format!("{} ago", words::length(now.since(task.changed_at.wall))),
    }
}

fn change_row(change: &EligibilityChange, now: UtcMs) -> ChangeRow {
    ChangeRow {
        stamp: words::stamp(change.at),
        at: words::moment(change.at, now),
        tone: words::tone(change.eligibility.standing),
        standing: change.eligibility.standing.as_str(),
        reasons: change.eligibility.reasons.iter().map(|reason| reason.words.clone()).collect(),
    }
}

pub(super) async fn close(
    State(app): State<Shared>,
    person: Person,
    Path(store): Path<String>,
    Form(form): Form<CloseForm>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetWrite])?;
    fleet::close_store(&app, &person.0, &store, form.hard, form.cause, None).await?;
    Ok(back("The store is closed for orders."))
}

pub(super) async fn reopen(
    State(app): State<Shared>,
    person: Person,
    Path(store): Path<String>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetWrite])?;
    fleet::reopen_store(&app, &person.0, &store).await?;
    Ok(back("Central's closure is ended."))
}

pub(super) async fn demo(
    State(app): State<Shared>,
    person: Person,
    Path(store): Path<String>,
    Form(form): Form<DemoForm>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetWrite])?;
    let store = fleet::find(&app, &person.0, &store).await?.store.store;
    let not_there = || Refused::new(Code::NotFound, "there is no such demo control");
    let controls = app.demo.as_ref().ok_or_else(not_there)?;
    let action = DemoAction::ALL.into_iter().find(|action| action.as_str() == form.action);
    let action = action.ok_or_else(not_there)?;
    controls.act(&store, action);
    Ok(back(&format!("{store}: {}", action.label())))
}

fn back(said: &str) -> Response {
    Redirect::to(&format!("/console/stores?said={}", words::in_url(said))).into_response()
}
