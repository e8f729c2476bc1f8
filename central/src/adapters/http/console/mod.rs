//! The console: pages that central renders itself, kept live by one event stream. Without the
//! script every page and every form still works; the script only spares the reload.

mod assets;
mod backorders;
mod boxes;
mod consumers;
mod decisions;
mod escrow;
mod exception;
mod exceptions;
mod gatherings;
mod moves;
mod observer;
mod order_kpis;
mod order_parcels;
mod order_terms;
mod orders;
mod policies;
mod preflight;
mod reconciliation;
mod recovery;
mod returns;
mod rollouts;
mod routing;
mod session;
mod shadow;
mod stock;
mod stores;
mod tones;
mod trace;
mod words;

use super::answer::{Answer, Refused, internal};
use super::app::Shared;
use super::doors;
use super::events::news;
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use askama::Template;
use axum::Router;
use axum::extract::{Form, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use holdfast_platform::http::page_headers;
use holdfast_shared::error::Code;
use serde::Deserialize;
use session::Person;

/// Rows of one page of the console.
const ROWS: u32 = 50;
/// Open exceptions are counted up to here.
const COUNTED_MAX: u32 = 99;

/// What every page shows around its body.
struct Frame {
    at: &'static str,
    tenant: String,
    key_name: String,
    open_exceptions: Option<String>,
    notice: Option<String>,
    /// Open orders wait, because central was restored.
    recovering: bool,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    refused: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginForm {
    key: String,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(home))
        .route("/console", get(home))
        .route("/console/login", get(login_page).post(login))
        .route("/console/logout", post(logout))
        .route("/console/events", get(events))
        .route("/console/assets/{*path}", get(assets::serve))
        .route("/console/stores", get(stores::list))
        .route("/console/stores/{store}", get(stores::one))
        .route("/console/stores/{store}/close", post(stores::close))
        .route("/console/stores/{store}/reopen", post(stores::reopen))
        .route("/console/stores/{store}/stock", get(stock::store))
        .route("/console/stores/{store}/escrow", get(escrow::show))
        .route("/console/stock", get(stock::show))
        .route("/console/stock/find", get(stock::find))
        .route("/console/stock/skus/{sku}", get(stock::sku))
        .route("/console/stores/{store}/demo", post(stores::demo))
        .route("/console/stores/{store}/boxes", get(boxes::show).post(boxes::enrolment))
        .route("/console/stores/{store}/replicas/{replica}/quarantine", post(boxes::decide))
        .route("/console/health/hold", post(observer::hold))
        .route("/console/health/release", post(observer::release))
        .route("/console/orders", get(orders::list))
        .route("/console/orders/{order}", get(orders::one))
        .route("/console/orders/{order}/trace", get(trace::show))
        .route("/console/orders/{order}/substitutions/{substitution}", post(backorders::reply))
        .route("/console/backorders", get(backorders::list))
        .route("/console/gatherings", get(gatherings::list))
        .route("/console/returns", get(returns::list))
        .route("/console/returns/{return}/{act}", post(returns::act))
        .route("/console/tasks/{task}/take-back", post(orders::take_back))
        .route("/console/moves", get(moves::show))
        .route("/console/drills", post(moves::begin))
        .route("/console/drills/{drill}/end", post(moves::end))
        .route("/console/consumers", get(consumers::list))
        .route("/console/consumers/{consumer}", get(consumers::one))
        .route("/console/consumers/{consumer}/{act}", post(consumers::act))
        .route("/console/consumers/{consumer}/dead-letters/{event}/{act}", post(consumers::settle))
        .route("/console/exceptions", get(exceptions::list))
        .route("/console/exceptions/trend", get(exceptions::trend))
        .route("/console/exceptions/resolve", post(exceptions::resolve_many))
        .route("/console/exceptions/{exception}", get(exception::one))
        .route("/console/exceptions/{exception}/{act}", post(exception::act))
        .route("/console/reconciliation", get(reconciliation::show))
        .route("/console/reconciliation/report", get(reconciliation::report))
        .route("/console/reconciliation/look", post(reconciliation::look))
        .route("/console/reconciliation/findings/{finding}/accept", post(reconciliation::accept))
        .route("/console/policies", get(policies::list).post(policies::draft))
        .route("/console/policies/freeze", post(policies::freeze))
        .route("/console/policies/thaw", post(policies::thaw))
        .route("/console/policies/{version}", get(policies::one))
        .route("/console/policies/{version}/{act}", post(policies::act))
        .route("/console/routing", get(routing::show))
        .route("/console/order-kpis", get(order_kpis::show))
        .route("/console/rollouts", get(rollouts::list))
        .route("/console/rollouts/{rollout}", get(rollouts::one))
        .route("/console/rollouts/{rollout}/{act}", post(rollouts::act))
        .route("/console/preflight", get(preflight::show))
        .route("/console/shadow", get(shadow::show))
        .route("/console/shadow/diffs/{diff}/triage", post(shadow::triage))
        .route("/console/recovery", get(recovery::show))
        .route("/console/recovery/stores/{store}", post(recovery::override_store))
        .layer(from_fn(own_forms_only))
        .layer(from_fn(page_headers))
}

/// Refuses what another site sent. Pages show what is now, so nobody keeps them.
async fn own_forms_only(request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if changes && session::from_another_site(request.headers()) {
        Refused::new(Code::Forbidden, "this form was sent from another site").into_response()
    } else {
        next.run(request).await
    };
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn home() -> Redirect {
    Redirect::to("/console/stores")
}

async fn login_page() -> Answer<Response> {
    page(&LoginPage { refused: false })
}

async fn login(State(app): State<Shared>, Form(form): Form<LoginForm>) -> Answer<Response> {
    let token = form.key.trim();
    match doors::caller(&app, token).await {
        // Its pages show the whole tenant.
        Ok(caller) if caller.key.store.is_some() => page(&LoginPage { refused: true }),
        Ok(_caller) => {
            let cookie = session::open(&app, token)?;
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/console/stores")).into_response())
        }
        Err(refused) if refused.0.code == Code::Unauthenticated => page(&LoginPage { refused: true }),
        Err(refused) => Err(refused),
    }
}

async fn logout(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let cookie = session::end(&app, &headers);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/console/login")).into_response()
}

async fn events(State(app): State<Shared>, Person(caller): Person) -> Answer<Response> {
    let tenant = caller.tenant().clone();
    Ok(app.events.stream(move |event| news(&tenant, event))?.into_response())
}

fn page(template: &impl Template) -> Answer<Response> {
    let html = template.render().map_err(|error| internal("a page", error))?;
    Ok(Html(html).into_response())
}

/// Refuses a person whose key lacks the scope.
fn need(person: &Person, scopes: &[Scope]) -> Answer<()> {
    if scopes.iter().any(|scope| person.0.may(*scope)) {
        return Ok(());
    }
    Err(Refused::new(Code::Forbidden, "your API key has no scope for this page"))
}

async fn frame(app: &Shared, person: &Person, at: &'static str, notice: Option<String>) -> Answer<Frame> {
    let counted = PageRequest { cursor: None, limit: COUNTED_MAX };
    let open = app.storage.exceptions(person.0.tenant(), true, &counted).await?;
    let open_exceptions = match open.rows.len() {
        0 => None,
        many if open.next.is_some() => Some(format!("{many}+")),
        some => Some(some.to_string()),
    };
    let recovery = app.storage.recovery(person.0.tenant()).await?;
    Ok(Frame {
        recovering: recovery.is_some_and(|recovery| !recovery.over),
        at,
        tenant: person.0.tenant().to_string(),
        key_name: person.0.key.name.clone(),
        open_exceptions,
        notice,
    })
}
