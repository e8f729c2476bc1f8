//! What a launch needs, checked: by looking, and where it can be by asking this central itself.

use super::answer::{Answer, internal};
use super::app::Shared;
use super::doors::Caller;
use super::orders;
use crate::core::exception::Category;
use crate::core::launch::preflight::{CheckLine, Finding, Hearing, KeySeen, Scene, Tried, checklist};
use crate::flows::lint_policies::advise;
use crate::ports::access::Scope;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, header};
use axum::routing::post;
use axum::{Extension, Json, Router};
use holdfast_platform::http::{Guard, guard};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::wire::sync::SYNC_VERSION;
use serde::Serialize;
use tower::ServiceExt;
use utoipa::ToSchema;

/// What was found, line by line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Preflight {
    /// No gap, and nothing unknown.
    pub(super) ready: bool,
    pub(super) gaps: usize,
    pub(super) unknown: usize,
    pub(super) lines: Vec<CheckLine>,
}

/// Everything that a launch needs, checked now. Nothing is changed.
#[utoipa::path(get, path = "/v1/preflight", tag = "policies",
    responses((status = 200, body = Preflight), (status = "4XX", body = Problem)))]
pub(super) async fn get(State(app): State<Shared>, caller: Caller) -> Answer<Json<Preflight>> {
    Ok(Json(look(&app, &caller).await?))
}

pub(super) async fn look(app: &Shared, caller: &Caller) -> Answer<Preflight> {
    let lines = checklist(&scene(app, caller).await?);
    let count = |finding| lines.iter().filter(|line| line.finding == finding).count();
    let (gaps, unknown) = (count(Finding::Gap), count(Finding::Unknown));
    Ok(Preflight { ready: gaps == 0 && unknown == 0, gaps, unknown, lines })
}

async fn scene(app: &Shared, caller: &Caller) -> Answer<Scene> {
    let (tenant, now) = (caller.tenant(), app.clock.now());
    let storage = &*app.storage;
    let steering = app.policies.of(tenant);
    let hearing = app.watch.with(|observatory| Hearing {
        canary_ms_ago: observatory.book.canary.last_back().map(|at| now.mono.since(at)),
        missing_ms: observatory.canary_missing_ms(),
        frozen: observatory.frozen(),
    });
    let (keyless_write, trace) = ask_keyless(app, caller).await?;
    Ok(Scene {
        now: now.utc,
        terms: app.launch.clone(),
        channels: storage.channels_seen(tenant).await?,
        keys: keys(app, caller).await?,
        stores: storage.store_boxes(tenant).await?,
        sync_version: SYNC_VERSION.into(),
        events_documented: events_documented(),
        settings: settings(app, caller),
        keyless_write,
        trace,
        backup: app.surroundings.newest_backup(),
        witness_apart: app.surroundings.backups_apart(),
        hearing,
        advice: advise(storage, &app.watch, tenant, &steering).await?,
        wrong_clocks: storage.open_exceptions(tenant, Some(Category::WrongClock)).await?,
    })
}

async fn keys(app: &Shared, caller: &Caller) -> Answer<Vec<KeySeen>> {
    let uses = app.storage.key_uses(caller.tenant()).await?;
    let open =
        app.storage.api_keys(caller.tenant()).await?.into_iter().filter(|key| key.revoked_at.is_none());
    Ok(open
        .map(|key| KeySeen {
            last_used: uses.get(&key.key).copied(),
            places_orders: key.scopes.contains(&Scope::OrdersWrite),
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            key: key.key.to_string(),
            name: key.name,
        })
        .collect())
}

fn settings(app: &Shared, caller: &Caller) -> Vec<(&'static str, i64)> {
    let steering = app.policies.of(caller.tenant());
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let usual = Guard::default();
    vec![
        ("time in which a store accepts an offer, ms", steering.routing.accept_within_ms),
        ("time in which a store answers a cancellation, ms", steering.routing.cancel_answer_within_ms),
        ("moves of work per minute", steering.failover.pace.moves_per_minute.into()),
        ("requests in work at once, before 503 with Retry-After", whole(usual.in_flight_max)),
        ("bytes of one request", whole(usual.body_bytes_max)),
    ]
}

/// The form of events is told where everything else of the interface is.
fn events_documented() -> bool {
    let document = super::openapi();
    let told = document.components.as_ref().is_some_and(|parts| parts.schemas.contains_key("OutboxEvent"));
    told && document.paths.paths.contains_key("/v1/events/stream")
}

/// A trace that nobody else uses.
const TRACE: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

/// Sends this central an order without a key, through the handler that storefronts reach. The body is no
/// order, so that nothing could come of it even if the key were not asked for.
async fn ask_keyless(app: &Shared, caller: &Caller) -> Answer<(Tried, Tried)> {
    let router = Router::new().route("/v1/orders", post(orders::place)).layer(Extension(caller.clone()));
    let router = guard(router.with_state(Shared::clone(app)), Guard::default());
    let request = Request::post("/v1/orders")
        .header(header::CONTENT_TYPE, "application/json")
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .body(Body::from("{}"))
        .map_err(|error| internal("a request", error))?;
    let Ok(answer) = router.oneshot(request).await;
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, Guard::default().body_bytes_max).await.unwrap_or_default();
    let problem: Option<Problem> = serde_json::from_slice(&bytes).ok();
    let asked_for_key = problem.as_ref().is_some_and(|problem| problem.code == Code::MissingIdempotencyKey);
    let write = if asked_for_key {
        Tried::AsItShould
    } else {
        Tried::Otherwise(format!("an order without a key was answered with {}", parts.status))
    };
    let trace = if traced(&parts.headers, problem.as_ref()) {
        Tried::AsItShould
    } else {
        Tried::Otherwise("the answer carries another trace than the request".to_owned())
    };
    Ok((write, trace))
}

fn traced(headers: &HeaderMap, problem: Option<&Problem>) -> bool {
    let in_header = headers.get("traceparent").and_then(|value| value.to_str().ok());
    let in_body = problem.and_then(|problem| problem.trace_id.as_deref());
    in_header.is_some_and(|text| text.contains(TRACE)) && in_body == Some(TRACE)
}
