//! The orders, and one order: what happened, and how each decision was made.

use super::backorders::{SubstitutionRow, substitution_row};
use super::decisions::{DecisionRow, FenceRow, decision_row, fence_rows};
use super::order_parcels::{ParcelRow, parcel_row};
use super::order_terms::{ChangeRow, TermRow, change_row, terms};
use super::{Frame, Person, ROWS, frame, need, page, tones, words};
use crate::adapters::http::answer::{Answer, known};
use crate::adapters::http::app::Shared;
use crate::adapters::http::explain::{Under, again};
use crate::adapters::http::order_search::OrderFilter;
use crate::adapters::http::orders::{find, standings};
use crate::adapters::http::tasks::take_back_one;
use crate::core::backorder::{Standing, day};
use crate::core::gathering::Gathering;
use crate::core::order::{Order, OrderEvent, OrderLine, OrderState};
use crate::core::policy::version::PolicyVersion;
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{StoreId, TaskId};
use holdfast_shared::time::UtcMs;
use serde::Deserialize;
use std::collections::BTreeMap;

struct OrderRow {
    id: String,
    reference: Option<String>,
    state: &'static str,
    tone: &'static str,
    kind: &'static str,
    lines: Vec<String>,
    age: String,
}

struct Filter {
    href: String,
    label: &'static str,
    chosen: bool,
    count: Option<u64>,
}

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage {
    frame: Frame,
    filters: Vec<Filter>,
    orders: Vec<OrderRow>,
    next: Option<String>,
    q: String,
    sku: String,
    store: String,
    from: String,
    to: String,
    /// Whoever looks may find the orders of a customer.
    of_customers: bool,
    /// Enough was looked through for this page: back to then.
    looked: Option<String>,
}

struct LineRow {
    line: u32,
    sku: String,
    quantity: i64,
    open: i64,
    backordered: bool,
    queue: Option<String>,
    finished: i64,
    cancelled: i64,
    substitutes: Option<u32>,
    expected: Option<String>,
}

struct EventRow {
    stamp: String,
    at: String,
    words: String,
    kind: String,
    actor: String,
    /// What the store's clock said, when it was off.
    clock: Option<String>,
}

struct TaskRow {
    id: String,
    store: String,
    status: String,
    tone: &'static str,
    fence: String,
    goods: &'static str,
    /// What a person may still do about it.
    may_take_back: bool,
}

/// It comes together at one store, or its goods travel there for another order.
struct GatheringRow {
    /// The other of the two.
    other: String,
    words: String,
    store: String,
    units: Vec<String>,
    until: String,
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    frame: Frame,
    order: OrderRow,
    trace: String,
    request_lost: bool,
    lines: Vec<LineRow>,
    terms: Vec<TermRow>,
    changes: Vec<ChangeRow>,
    substitutions: Vec<SubstitutionRow>,
    gathering: Option<GatheringRow>,
    parcels: Vec<ParcelRow>,
    timeline: Vec<EventRow>,
    tasks: Vec<TaskRow>,
    fences: Vec<FenceRow>,
    decisions: Vec<DecisionRow>,
    /// Versions of the policy to compare with.
    versions: Vec<Version>,
}

struct Version {
    number: u32,
    words: String,
    chosen: bool,
}

fn row(order: &Order, now: UtcMs) -> OrderRow {
    OrderRow {
        id: order.order.to_string(),
        reference: order.request.reference.clone(),
        state: order.state.as_str(),
        tone: tones::order_tone(order.state),
        kind: order.request.kind.as_str(),
        lines: order.lines.iter().map(|line| format!("{} × {}", line.quantity, line.sku)).collect(),
        age: words::length(now.since(order.placed_at)),
    }
}

fn filters(counts: &BTreeMap<OrderState, u64>, chosen: Option<OrderState>) -> Vec<Filter> {
    let total = counts.values().copied().fold(0, u64::saturating_add);
    let all = Filter {
        href: "/console/orders".to_owned(),
        label: "all",
        chosen: chosen.is_none(),
        count: Some(total),
    };
    let of_state = |state: OrderState| {
        let count = counts.get(&state).copied();
        (count.is_some() || chosen == Some(state)).then(|| Filter {
            href: format!("/console/orders?state={}", state.as_str()),
            label: state.as_str(),
            chosen: chosen == Some(state),
            count,
        })
    };
    std::iter::once(all).chain(OrderState::ALL.into_iter().filter_map(of_state)).collect()
}

pub(super) async fn list(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<OrderFilter>,
) -> Answer<Response> {
    need(&person, &[Scope::OrdersRead, Scope::Support])?;
    let tenant = person.0.tenant();
    // A form sends its empty fields too.
    let asked = asked.without_empty();
    let search = asked.search(&person.0)?;
    let request = PageRequest { cursor: asked.cursor(), limit: ROWS };
    let found = app.storage.find_orders(tenant, &search, &request).await?;
    let counts = app.storage.count_orders(tenant).await?;
    let now = app.clock.now().utc;
    let chosen = search.states.first().copied().filter(|_| search.states.len() == 1);
    let said = asked.said();
    let text = |name: &str| said.get(name).cloned().unwrap_or_default();
    page(&OrdersPage {
        frame: frame(&app, &person, "orders", None).await?,
        filters: filters(&counts, chosen),
        orders: found.orders.iter().map(|order| row(order, now)).collect(),
        next: found.next.map(|cursor| format!("/console/orders?{}", asked.query(&cursor))),
        q: text("q"),
        sku: text("sku"),
        store: text("store"),
        from: text("from"),
        to: text("to"),
        of_customers: person.0.may(Scope::Support),
        looked: found.looked_back_to.map(|back| words::moment(back, now)),
    })
}

pub(super) async fn one(
    State(app): State<Shared>,
    person: Person,
    Path(order): Path<String>,
    Query(under): Query<Under>,
) -> Answer<Response> {
    // It names stores and decisions, so it is for customer service, not for storefronts.
    need(&person, &[Scope::Support])?;
    let tenant = person.0.tenant();
    let order = find(&app, &person.0, &order).await?;
    let now = app.clock.now().utc;
    let mut names: BTreeMap<StoreId, String> = BTreeMap::new();
    for record in app.storage.stores(tenant).await? {
        names.insert(record.store.store, record.store.name);
    }
    let timeline = app.storage.timeline(tenant, &order.order).await?;
    let decisions = app.storage.decisions(tenant, &order.order).await?;
    let fences = app.storage.fences(tenant, &order.order).await?;
    let substitutions = app.storage.substitutions(tenant, &order.order).await?;
    let gathering = app.storage.gathering(tenant, &order.order).await?;
    let contact = app.storage.contact(tenant, &order.order).await?;
    let shipments = app.storage.shipments(tenant, &order.order).await?;
    let changes = app.storage.changes_of_order(tenant, &order.order).await?;
    let standings = standings(&app, &person.0, &order).await?;
    let instead = match under.version() {
        Some(version) => again(&app, &person.0, &order.order, version).await?,
        None => Vec::new(),
    };
    let mut tasks = Vec::new();
    for task in &order.tasks {
        tasks.extend(app.storage.task(tenant, task).await?.as_ref().map(task_row));
    }
    page(&OrderPage {
        frame: frame(&app, &person, "orders", None).await?,
        trace: order.trace.to_string(),
        request_lost: order.request_lost,
        lines: order.lines.iter().map(|line| line_row(line, &standings)).collect(),
        terms: terms(&order, contact.as_ref()),
        changes: changes.iter().map(|change| change_row(change, now)).collect(),
        substitutions: substitutions.iter().map(|told| substitution_row(told, now)).collect(),
        gathering: gathering.map(|gathering| gathering_row(&order, gathering, now)),
        parcels: shipments.iter().map(|shipment| parcel_row(shipment, now)).collect(),
        timeline: timeline.into_iter().map(|event| event_row(event, now)).collect(),
        tasks,
        fences: fence_rows(&fences, now),
        // Newest first: the first is the one that holds.
        decisions: decisions
            .iter()
            .rev()
            .map(|decision| decision_row(decision, &instead, &names, now))
            .collect(),
        versions: versions(&app, &person, under.version()).await?,
        order: row(&order, now),
    })
}

/// The built-in one last: what a decision may be compared with.
async fn versions(app: &Shared, person: &Person, chosen: Option<PolicyVersion>) -> Answer<Vec<Version>> {
    let page = PageRequest { cursor: None, limit: ROWS };
    let known = app.storage.policies(person.0.tenant(), &page).await?;
    let row = |number: PolicyVersion, words: String| Version {
        number: number.0,
        words,
        chosen: chosen == Some(number),
    };
    let written =
        known.rows.into_iter().map(|policy| row(policy.version, format!("version {}", policy.version)));
    let built_in = std::iter::once(row(PolicyVersion::BUILT_IN, "what was built in".to_owned()));
    Ok(written.chain(built_in).collect())
}

fn gathering_row(order: &Order, gathering: Gathering, now: UtcMs) -> GatheringRow {
    let waits = gathering.order == order.order;
    let units = gathering.units.iter();
    GatheringRow {
        words: if waits { "Comes together here" } else { "Brings goods here for another order" }.to_owned(),
        units: units.map(|of| format!("{} of {} × {}", of.arrived, of.wanted, of.sku)).collect(),
        until: match (gathering.ended_at, gathering.ended_by) {
            (Some(ended_at), Some(by)) => format!("ended {}: {}", words::moment(ended_at, now), by.words()),
            _ => format!("waited for until {}", words::moment(gathering.due_at, now)),
        },
        other: if waits { gathering.child } else { gathering.order }.to_string(),
        store: gathering.store.to_string(),
    }
}

fn line_row(line: &OrderLine, standings: &[Standing]) -> LineRow {
    let standing = standings.iter().find(|standing| standing.line == line.line);
    LineRow {
        line: line.line.0,
        sku: line.sku.to_string(),
        quantity: line.quantity,
        open: line.open,
        backordered: line.backordered,
        queue: standing.map(|Standing { place, units_ahead, .. }| {
            format!("place {place} in the queue, {units_ahead} units ahead")
        }),
        finished: line.finished,
        cancelled: line.cancelled,
        substitutes: line.substitutes.map(|line| line.0),
        expected: line.expected_at.filter(|_| line.backordered).map(day),
    }
}

fn event_row(event: OrderEvent, now: UtcMs) -> EventRow {
    EventRow {
        stamp: words::stamp(event.at),
        at: words::moment(event.at, now),
        words: event.words,
        kind: event.kind.replace('_', " "),
        actor: event.actor.to_string(),
        clock: event
            .store_clock
            .map(|clock| format!("{}: it said {}", clock.words(), words::moment(clock.said_at, now))),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct TakeBackForm {
    reason: String,
}

pub(super) async fn take_back(
    State(app): State<Shared>,
    person: Person,
    Path(task): Path<String>,
    Form(form): Form<TakeBackForm>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    let task: TaskId = known(&task, Code::UnknownTask)?;
    take_back_one(&app, &person.0, &task, &form.reason).await?;
    let order = app.storage.task(person.0.tenant(), &task).await?.map(|task| task.order.to_string());
    let back = order.map_or_else(String::new, |order| format!("/{order}"));
    Ok(Redirect::to(&format!("/console/orders{back}")).into_response())
}

fn task_row(task: &TaskState) -> TaskRow {
    TaskRow {
        id: task.task.to_string(),
        store: task.store.to_string(),
        status: words::task_status(task.status()),
        tone: tones::task_tone(task.status()),
        fence: task.fence.to_string(),
        goods: match (task.may_leave(), &task.let_go) {
            (true, _) => "released: may leave",
            (false, Some(_)) => "let go by the store's manager",
            (false, None) => "not released: stay in the store",
        },
        may_take_back: !task.phase.is_final() && task.recall.is_none(),
    }
}
