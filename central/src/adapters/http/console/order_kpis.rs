//! How orders do, in a table, and what waits where.

use super::{Frame, Person, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::order_kpis::{OrderKpiQuery, OrderKpis, order_kpis};
use crate::core::kpis::orders::{OrderKpi, OrdersBy, Wait, WaitingIn};
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use holdfast_shared::time::UtcMs;

const MAY_LOOK: &[Scope] = &[Scope::OrdersRead, Scope::FleetRead, Scope::Support];

type Column = (&'static str, fn(&OrderKpi) -> String);

const COLUMNS: &[Column] = &[
    ("Placed", |kpi| kpi.placed.to_string()),
    ("Got a node", |kpi| kpi.reserved.to_string()),
    ("Taken on", |kpi| share(kpi.acceptance_rate)),
    ("Found nodes", |kpi| share(kpi.routing_success)),
    ("To a node", |kpi| lasting(kpi.reservation)),
    ("To an answer", |kpi| lasting(kpi.acknowledgement)),
    ("Fulfilled in", |kpi| lasting(kpi.fulfilment)),
    ("Cancelled", |kpi| share(kpi.cancellation_rate)),
    ("Lost a node", |kpi| share(kpi.set_back_rate)),
    ("Not there", |kpi| share(kpi.oversell_rate)),
    ("Moved from failing stores", |kpi| share(kpi.failover_rate)),
    ("Best node", |kpi| share(kpi.best_node_share)),
    ("Promises kept", |kpi| share(kpi.promise_accuracy)),
    ("Books differ", |kpi| kpi.mismatches.to_string()),
    ("Minutes of people", |kpi| kpi.manual_minutes.to_string()),
];

struct Link {
    name: &'static str,
    here: bool,
}

struct Cell {
    column: &'static str,
    value: String,
}

struct Line {
    name: String,
    cells: Vec<Cell>,
}

struct QueueRow {
    name: String,
    waiting: i64,
    oldest: String,
    tries: i64,
    parked: i64,
}

#[derive(Template)]
#[template(path = "order_kpis.html")]
struct OrderKpisPage {
    frame: Frame,
    from: String,
    to: String,
    by: &'static str,
    links: Vec<Link>,
    head: Vec<&'static str>,
    lines: Vec<Line>,
    queues: Vec<QueueRow>,
    ambiguous: String,
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1}%", share * 100.0))
}

/// Half of them, and nearly all of them.
fn lasting(wait: Wait) -> String {
    match (wait.p50_ms, wait.p95_ms) {
        (Some(half), Some(most)) => format!("{} / {}", words::length(half), words::length(most)),
        (Some(_), None) | (None, Some(_)) | (None, None) => "–".to_owned(),
    }
}

fn line(name: String, kpi: &OrderKpi) -> Line {
    Line { name, cells: COLUMNS.iter().map(|(column, of)| Cell { column, value: of(kpi) }).collect() }
}

fn queue(queue: WaitingIn, now: UtcMs) -> QueueRow {
    QueueRow {
        oldest: queue
            .oldest_since
            .map_or_else(|| "–".to_owned(), |since| words::length(now.since(since).max(0))),
        name: queue.queue,
        waiting: queue.waiting,
        tries: queue.tries_max,
        parked: queue.parked,
    }
}

pub(super) async fn show(
    State(app): State<Shared>,
    person: Person,
    Query(query): Query<OrderKpiQuery>,
) -> Answer<Response> {
    need(&person, MAY_LOOK)?;
    let now = app.clock.now().utc;
    let OrderKpis { from, to, by, total, slices, queues, ambiguous } =
        order_kpis(&app, person.0.tenant(), &query).await?;
    let named = slices
        .into_iter()
        .map(|slice| line(slice.name.unwrap_or_else(|| "of no order".to_owned()), &slice.kpi));
    page(&OrderKpisPage {
        frame: frame(&app, &person, "routing", None).await?,
        from,
        to,
        by: by.as_str(),
        links: OrdersBy::ALL.into_iter().map(|each| Link { name: each.as_str(), here: each == by }).collect(),
        head: COLUMNS.iter().map(|(name, _)| *name).collect(),
        lines: std::iter::once(line("all".to_owned(), &total)).chain(named).collect(),
        queues: queues.into_iter().map(|each| queue(each, now)).collect(),
        ambiguous: ambiguous.words(),
    })
}
