//! The trace of one order as a waterfall: what followed what, where, and what took long.

use super::{Frame, Person, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::orders::find;
use crate::adapters::http::traces::on_record;
use crate::core::trace::{Step, Trace};
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use holdfast_shared::time::UtcMs;

/// A step that took longer stands out.
const LONG_MS: i64 = 300_000;
const HUNDRED: i64 = 100;
/// What hangs deeper is shown no deeper.
const DEPTH_MAX: u32 = 9;

struct StepRow {
    /// Hundredths of the whole that lie before it, and that it took.
    begins: i64,
    lasts: i64,
    /// How deep it hangs.
    depth: u32,
    name: String,
    place: String,
    actor: String,
    stamp: String,
    at: String,
    took: String,
    long: bool,
    open: bool,
    words: String,
    span: String,
    link: Option<String>,
    clock_off: bool,
}

#[derive(Template)]
#[template(path = "trace.html")]
struct TracePage {
    frame: Frame,
    order: String,
    state: &'static str,
    trace: String,
    took: String,
    idle: Option<String>,
    truncated: bool,
    rows: Vec<StepRow>,
}

fn share(part_ms: i64, whole_ms: i64) -> i64 {
    part_ms.max(0).saturating_mul(HUNDRED).checked_div(whole_ms.max(1)).unwrap_or(0).min(HUNDRED)
}

fn row(step: &Step, first: UtcMs, whole_ms: i64, now: UtcMs) -> StepRow {
    let took_ms = step.took_ms();
    let at = step.ended_at.unwrap_or(step.began_at);
    StepRow {
        begins: share(step.began_at.since(first), whole_ms).min(HUNDRED - 1),
        lasts: share(took_ms, whole_ms).max(1),
        depth: step.depth.min(DEPTH_MAX),
        name: step.name.replace('_', " "),
        place: step.store.as_ref().map_or_else(|| step.place.as_str().to_owned(), ToString::to_string),
        actor: step.actor.as_ref().map(ToString::to_string).unwrap_or_default(),
        stamp: words::stamp(at),
        at: words::moment(at, now),
        took: if took_ms < 1_000 { format!("{took_ms} ms") } else { words::length(took_ms) },
        long: took_ms >= LONG_MS,
        open: step.ended_at.is_none(),
        words: step.words.clone(),
        span: step.span.to_string(),
        link: step.link.as_ref().map(|link| link.trace_id.to_string()),
        clock_off: step.clock_off,
    }
}

pub(super) async fn show(
    State(app): State<Shared>,
    person: Person,
    Path(order): Path<String>,
) -> Answer<Response> {
    // It names stores, so it is for customer service, not for storefronts.
    need(&person, &[Scope::Support])?;
    let order = find(&app, &person.0, &order).await?;
    let told: Trace = on_record(&app, &person.0, &order.order).await?;
    let now = app.clock.now().utc;
    let first = told.steps.iter().map(|step| step.began_at).min().unwrap_or(order.placed_at);
    let last = told.last_at().unwrap_or(first);
    let whole_ms = last.since(first);
    page(&TracePage {
        frame: frame(&app, &person, "orders", None).await?,
        order: order.order.to_string(),
        state: order.state.as_str(),
        trace: told.trace.to_string(),
        took: words::length(whole_ms),
        idle: (!order.state.is_final()).then(|| words::length(now.since(last))),
        truncated: told.truncated,
        rows: told.steps.iter().map(|step| row(step, first, whole_ms, now)).collect(),
    })
}
