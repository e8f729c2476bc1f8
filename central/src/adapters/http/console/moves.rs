//! What moves, what waits and why, and the drills that show it before it is needed.

use super::{Frame, Person, frame, need, page, words};
use crate::adapters::http::answer::{Answer, known};
use crate::adapters::http::app::Shared;
use crate::adapters::http::drills::{dry, end_one, live, view};
use crate::adapters::http::failover::{NextStep, Outlook, seen};
use crate::core::failover::drill::{Drill, DrillReport};
use crate::flows::drill::{Outcome, Rehearsal, Supposing};
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::error::Code;
use holdfast_shared::ids::StoreId;
use holdfast_shared::time::UtcMs;
use serde::Deserialize;

/// Drills that are shown with what they amounted to.
const DRILLS_MAX: u32 = 10;

struct TaskRow {
    order: String,
    store: String,
    step: &'static str,
    tone: &'static str,
    words: String,
}

struct DrillRow {
    id: String,
    stores: String,
    reason: String,
    author: String,
    when: String,
    runs: bool,
    words: String,
}

#[derive(Template)]
#[template(path = "moves.html")]
struct MovesPage {
    frame: Frame,
    held: bool,
    tasks: Vec<TaskRow>,
    left_out: u64,
    drills: Vec<DrillRow>,
    /// The store of a dry drill, and what it showed.
    shown: Option<(String, Vec<TaskRow>, String)>,
    may_drill: bool,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// A dry drill of this store.
    store: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DrillForm {
    store: String,
    minutes: u16,
    reason: String,
}

pub(super) async fn show(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetRead, Scope::FleetWrite, Scope::Support])?;
    let Outlook { held, tasks, left_out, .. } = seen(&app, &person.0).await?;
    let now = app.clock.now().utc;
    let mut drills = Vec::new();
    for drill in app.storage.drills(person.0.tenant(), DRILLS_MAX).await? {
        let told = view(&app, &person.0, drill).await?;
        drills.push(drill_row(&told.drill, &told.report, now));
    }
    let shown = match asked.store.filter(|store| !store.is_empty()) {
        Some(store) => {
            need(&person, &[Scope::FleetWrite])?;
            let id: StoreId = known(&store, Code::UnknownStore)?;
            let rehearsal = dry(&app, &person.0, &[id], Supposing::default()).await?;
            let (rows, summary) = rehearsed(rehearsal);
            Some((store, rows, summary))
        }
        None => None,
    };
    let tasks = tasks.into_iter().map(|task| TaskRow {
        order: task.order.to_string(),
        store: task.store.to_string(),
        step: task.step.as_str(),
        tone: match task.step {
            NextStep::Moves => "good",
            NextStep::Waits => "calm",
            NextStep::Stays => "warn",
        },
        words: task.words,
    });
    page(&MovesPage {
        frame: frame(&app, &person, "moves", None).await?,
        held,
        tasks: tasks.collect(),
        left_out,
        drills,
        shown,
        may_drill: person.0.may(Scope::FleetWrite),
    })
}

fn rehearsed(rehearsal: Rehearsal) -> (Vec<TaskRow>, String) {
    let count =
        |which: fn(&Outcome) -> bool| rehearsal.tasks.iter().filter(|task| which(&task.outcome)).count();
    let summary = format!(
        "{} would go to another node, {} would find none, {} would stay; {} promises would be missed",
        count(|outcome| matches!(outcome, Outcome::Moves { to, .. } if !to.is_empty())),
        count(|outcome| matches!(outcome, Outcome::Moves { to, .. } if to.is_empty())),
        count(|outcome| matches!(outcome, Outcome::Stays { .. })),
        count(|outcome| matches!(outcome, Outcome::Moves { promise_kept: Some(false), .. })),
    );
    let rows = rehearsal.tasks.into_iter().map(|task| {
        let (step, tone, words) = match task.outcome {
            Outcome::Moves { to, words, .. } if to.is_empty() => ("nobody", "bad", words),
            Outcome::Moves { plan_b: true, words, .. } => ("plan B", "good", words),
            Outcome::Moves { plan_b: false, words, .. } => ("found anew", "good", words),
            Outcome::Stays { words } => ("stays", "warn", words),
        };
        TaskRow { order: task.order.to_string(), store: task.store.to_string(), step, tone, words }
    });
    (rows.collect(), summary)
}

fn drill_row(drill: &Drill, report: &DrillReport, now: UtcMs) -> DrillRow {
    let stores: Vec<&str> = drill.stores.iter().map(|store| store.store.as_str()).collect();
    let when = match drill.ended_at {
        Some(at) => format!("ended {} ago", words::length(now.since(at))),
        None => format!("{} more", words::length(drill.until.since(now))),
    };
    let last = report
        .last_placed_after_ms
        .map(|ms| format!(", the last of them after {}", words::length(ms)))
        .unwrap_or_default();
    let stayed = report.stayed;
    let words = format!(
        "{} moved, {} have another node{last} ({} by plan B), {} wait; stayed: {} released, {} pickups, {} not \
         due; promises: {} kept, {} missed",
        report.moved,
        report.placed,
        report.by_plan_b,
        report.waiting,
        stayed.released,
        stayed.pickup,
        stayed.not_due,
        report.promises_kept,
        report.promises_missed,
    );
    DrillRow {
        id: drill.drill.to_string(),
        stores: stores.join(", "),
        reason: drill.reason.clone(),
        author: drill.author.to_string(),
        when,
        runs: drill.ended_at.is_none(),
        words,
    }
}

pub(super) async fn begin(
    State(app): State<Shared>,
    person: Person,
    Form(form): Form<DrillForm>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetWrite])?;
    let store: StoreId = known(&form.store, Code::UnknownStore)?;
    let until = app.clock.now().utc.plus(i64::from(form.minutes).saturating_mul(60_000));
    live(&app, &person.0, vec![store], form.reason, Some(until)).await?;
    Ok(Redirect::to("/console/moves").into_response())
}

pub(super) async fn end(
    State(app): State<Shared>,
    person: Person,
    Path(drill): Path<String>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetWrite])?;
    end_one(&app, &person.0, &drill).await?;
    Ok(Redirect::to("/console/moves").into_response())
}
