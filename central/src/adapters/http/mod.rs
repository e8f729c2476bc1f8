//! Central over HTTP: the API under `/v1`, the console, and what needs no credential.
//!
//! The layers, from the outside in: the guard of the platform (traces, problems, limits), the
//! measurement, `doors` (one table says which credential opens which path), then the handler,
//! which reads storage or runs a flow.

mod agents;
mod answer;
mod app;
mod arrangements;
mod askers;
mod audit;
mod backorders;
mod batch;
mod boxes;
mod carrier_webhooks;
mod changes;
mod console;
mod consumer_log;
mod consumers;
mod coverage;
mod days;
mod doors;
mod drills;
mod dry_run;
mod escrow;
mod escrow_classes;
mod event_catalogue;
mod event_stream;
mod events;
mod exception_acts;
mod exception_ends;
mod exception_trend;
mod exceptions;
mod explain;
mod failover;
mod fleet;
mod flow;
mod gatherings;
mod key_uses;
mod keys;
mod kpis;
mod labels;
mod measure;
mod observer;
mod order_kpis;
mod order_parcels;
mod order_search;
mod order_tokens;
mod order_view;
mod orders;
mod paging;
mod payments;
mod peer;
mod personal;
mod plain;
mod policies;
mod policy;
mod postlaunch;
mod preflight;
mod promises;
mod rates;
mod reconciliation;
mod reconciliation_report;
mod recovery;
mod replays;
mod returns;
mod rollback;
mod rollouts;
mod sessions;
mod shadow;
mod shadow_report;
mod sheet;
mod stock;
mod store_doors;
mod substitutions;
mod tasks;
mod timelines;
mod traces;

pub use app::Bells;
pub(crate) use app::{App, Rooms, Shared};
#[cfg(test)]
pub(crate) use doors::{DOORS, Needs};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use holdfast_platform::http::{Guard, guard, tell_problems};
use holdfast_shared::limits::{ORDER_BATCH_BYTES_MAX, PAYMENT_NOTICE_BYTES_MAX, SYNC_BYTES_MAX};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Holdfast central",
        description = "Takes orders, keeps the health of the stores, routes and moves work. Times are \
            RFC 3339 in UTC. Errors are RFC 9457 problems with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    security(("bearer" = [])),
    modifiers(&Bearer),
    tags(
        (name = "orders", description = "For storefronts and customer service"),
        (name = "fleet", description = "Stores, closures, catalogue, stock"),
        (name = "policies", description = "What steers routing, in versions"),
        (name = "support", description = "What a person must look at"),
        (name = "events", description = "What happens, as it happens"),
        (name = "admin", description = "API keys and the audit"),
        (name = "agents", description = "For the agents in the stores"),
        (name = "plain", description = "Without a credential")
    )
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Policies, their trials, and what they would have done.
fn steering() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(policies::draft, policies::list))
        .routes(routes!(policies::check))
        .routes(routes!(policies::lint))
        .routes(routes!(replays::of_text))
        .routes(routes!(replays::of_version))
        .routes(routes!(replays::get, replays::end))
        .routes(routes!(policies::get))
        .routes(routes!(policies::approve))
        .routes(routes!(policies::activate))
        .routes(routes!(policies::rollback))
        .routes(routes!(policies::withdraw))
        .routes(routes!(coverage::coverage))
        .routes(routes!(coverage::sign_offs, coverage::sign_off))
        .routes(routes!(policy::explain))
        .routes(routes!(policy::differences))
        .routes(routes!(policy::history))
        .routes(routes!(policy::freeze, policy::thaw))
        .routes(routes!(rollouts::get, rollouts::start))
        .routes(routes!(rollouts::presets))
        .routes(routes!(rollouts::step))
}

fn api() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(orders::place, order_search::list))
        .routes(routes!(orders::get))
        .routes(routes!(timelines::timeline))
        .routes(routes!(order_tokens::create))
        .merge(ordering())
        .routes(routes!(promises::ask))
        .routes(routes!(promises::accuracy))
        .routes(routes!(promises::get, promises::give_back))
        .routes(routes!(fleet::list))
        .routes(routes!(fleet::put, fleet::get))
        .routes(routes!(fleet::history))
        .routes(routes!(fleet::tasks))
        .routes(routes!(fleet::close, fleet::reopen))
        .routes(routes!(arrangements::put_dated_hours))
        .routes(routes!(arrangements::put_capacity))
        .routes(routes!(arrangements::plan))
        .routes(routes!(arrangements::unplan))
        .routes(routes!(fleet::offer_enrolment))
        .routes(routes!(boxes::replicas))
        .routes(routes!(boxes::branch))
        .routes(routes!(boxes::decide))
        .routes(routes!(fleet::put_catalogue))
        .routes(routes!(fleet::positions))
        .merge(stock::routes())
        .routes(routes!(escrow::list))
        .routes(routes!(escrow::put, escrow::end))
        .routes(routes!(escrow_classes::list))
        .routes(routes!(escrow_classes::put, escrow_classes::end))
        .routes(routes!(observer::freeze, observer::release))
        .routes(routes!(tasks::take_back))
        .routes(routes!(labels::label_failed))
        .routes(routes!(failover::outlook))
        .routes(routes!(drills::begin, drills::list))
        .routes(routes!(drills::get, drills::end))
        .merge(looking())
        .routes(routes!(rollback::plan, rollback::run))
        .routes(routes!(rollback::since))
        .routes(routes!(preflight::get))
        .routes(routes!(postlaunch::get))
        .merge(paying())
        .merge(returns::routes())
        .merge(order_parcels::routes())
        .routes(routes!(rates::rates))
        .merge(trying())
        .merge(wanting())
        .routes(routes!(recovery::get))
        .routes(routes!(recovery::override_store))
        .routes(routes!(events::recent))
        .merge(telling())
        .routes(routes!(events::activity))
        .routes(routes!(audit::summary))
        .routes(routes!(audit::audit))
        .routes(routes!(audit::intents))
        .routes(routes!(keys::create, keys::list))
        .routes(routes!(keys::revoke))
        .routes(routes!(agents::enroll))
        .routes(routes!(plain::healthz))
        .routes(routes!(plain::metrics))
        .routes(routes!(plain::error_page))
        .routes(routes!(plain::document))
        .routes(routes!(kpis::routing))
        .routes(routes!(flow::flow))
        .routes(routes!(order_kpis::orders))
        .merge(steering())
        .merge(
            OpenApiRouter::new().routes(routes!(agents::sync)).layer(DefaultBodyLimit::max(SYNC_BYTES_MAX)),
        )
}

/// The money of orders.
fn paying() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(payments::refund))
        .routes(routes!(payments::steps))
        .routes(routes!(payments::retry))
        .routes(routes!(payments::webhooks))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(payments::webhook))
                .layer(DefaultBodyLimit::max(PAYMENT_NOTICE_BYTES_MAX)),
        )
}

/// What a person must look at, and whether the books agree.
fn looking() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(exceptions::list))
        .routes(routes!(exceptions::get))
        .routes(routes!(exception_trend::trend))
        .routes(routes!(exception_acts::take))
        .routes(routes!(exception_acts::wait))
        .routes(routes!(exception_acts::repair))
        .routes(routes!(exception_ends::resolve))
        .routes(routes!(exception_ends::resolve_many))
        .routes(routes!(reconciliation::begin))
        .routes(routes!(reconciliation::get, reconciliation::end))
        .routes(routes!(reconciliation::findings))
        .routes(routes!(reconciliation::accept))
        .routes(routes!(reconciliation_report::report))
}

/// What a version or another system would decide, before orders follow it.
fn trying() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(dry_run::ask))
        .routes(routes!(shadow::get, shadow::start, shadow::stop))
        .routes(routes!(shadow::tell))
        .routes(routes!(shadow_report::report))
        .routes(routes!(shadow_report::diffs))
        .routes(routes!(shadow_report::triage))
}

/// Why an order is where it is, and what becomes of it by its customer's wish.
fn ordering() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(explain::explain))
        .routes(routes!(traces::of_order))
        .routes(routes!(changes::cancel))
        .routes(routes!(changes::change, changes::list))
        .routes(routes!(personal::export))
        .routes(routes!(personal::erase_customer))
        .routes(routes!(personal::erase_order))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(batch::place))
                .layer(DefaultBodyLimit::max(ORDER_BATCH_BYTES_MAX)),
        )
}

/// Which events there are, how they are heard, and who is sent them.
fn telling() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(event_catalogue::catalogue))
        .routes(routes!(event_catalogue::schema))
        .routes(routes!(event_stream::stream))
        .routes(routes!(event_stream::socket))
        .routes(routes!(consumers::list))
        .routes(routes!(consumers::get, consumers::put, consumers::remove))
        .routes(routes!(consumers::pause))
        .routes(routes!(consumers::resume))
        .routes(routes!(consumers::replay))
        .routes(routes!(consumers::secrets, consumers::add_secret))
        .routes(routes!(consumers::drop_secret))
        .routes(routes!(consumer_log::deliveries))
        .routes(routes!(consumer_log::redeliver))
        .routes(routes!(consumer_log::dead_letters))
        .routes(routes!(consumer_log::retry))
        .routes(routes!(consumer_log::skip))
        .routes(routes!(consumer_log::fetch))
        .routes(routes!(consumer_log::acknowledge))
}

/// Goods that cannot be had: what stands in for them, and who waits for them.
fn wanting() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(substitutions::list, substitutions::put))
        .routes(routes!(substitutions::of_order))
        .routes(routes!(substitutions::reply))
        .routes(routes!(backorders::list))
        .routes(routes!(gatherings::list))
        .routes(routes!(backorders::expected, backorders::put_expected))
}

/// The OpenAPI document, generated from the handlers.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = api().into_openapi();
    tell_problems(&mut document, |method, path, _| doors::asks(method, path));
    document
}

/// Everything that central answers over HTTP.
pub(crate) fn router(app: &Shared) -> Router {
    let (api, _document) = api().split_for_parts();
    let api = api
        .route_layer(from_fn_with_state(app.clone(), traces::heed))
        .route_layer(from_fn_with_state(app.clone(), doors::keep));
    let all = Router::new().merge(api).merge(console::router()).layer(from_fn(measure::measure));
    guard(all.with_state(app.clone()), Guard::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Method;
    use std::collections::BTreeSet;
    use utoipa::openapi::path::PathItem;

    fn documented() -> BTreeSet<(String, String)> {
        let methods = |item: &PathItem| {
            [
                (&item.get, Method::GET),
                (&item.put, Method::PUT),
                (&item.post, Method::POST),
                (&item.delete, Method::DELETE),
            ]
            .into_iter()
            .filter_map(|(operation, method)| operation.as_ref().map(|_| method.to_string()))
            .collect::<Vec<_>>()
        };
        let of_path = |(path, item): (&String, &PathItem)| {
            methods(item).into_iter().map(|method| (method, path.clone())).collect::<Vec<_>>()
        };
        openapi().paths.paths.iter().flat_map(of_path).collect()
    }

    #[test]
    fn every_path_has_its_door_and_every_door_its_path() {
        let doors: BTreeSet<(String, String)> =
            DOORS.iter().map(|(method, path, _)| (method.to_string(), (*path).to_owned())).collect();
        assert_eq!(doors, documented());
    }

    #[test]
    fn every_operation_says_how_it_fails() {
        let document = serde_json::to_value(openapi()).unwrap();
        for (method, path, needs) in DOORS {
            let operation = &document["paths"][path][method.as_str().to_lowercase()];
            let tells = |status: &str| operation["responses"].get(status).is_some();
            assert!(tells("500") && tells("503"), "{method} {path}");
            let by_scope = matches!(needs, Needs::AnyOf(_) | Needs::OrCustomer(_));
            let closed = *needs != Needs::Nothing;
            assert!(!closed || tells("401"), "{method} {path}");
            assert_eq!(tells("403"), by_scope, "{method} {path}");
            assert_eq!(operation["security"] == serde_json::json!([]), !closed, "{method} {path}");
            let has_body = operation.get("requestBody").is_some();
            assert_eq!((tells("413"), tells("415")), (has_body, has_body), "{method} {path}");
            assert!(!path.contains('{') || tells("404"), "{method} {path}");
            assert!(!tells("4XX") && !tells("5XX"), "{method} {path}");
        }
    }

    #[test]
    fn the_checked_in_document_is_what_the_code_generates() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let checked_in = std::fs::read_to_string(file).unwrap_or_default();
        let generated = serde_json::to_string_pretty(&openapi()).unwrap() + "\n";
        assert!(
            checked_in == generated,
            "run: cargo run -p holdfast-central -- openapi > central/openapi.json"
        );
    }
}
