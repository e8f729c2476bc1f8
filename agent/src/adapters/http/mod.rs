//! The LAN API: what tills, handhelds and technicians' tools talk to, and the web app.
//!
//! A request passes from the outside in: its trace and limits (the platform's guard), its caller
//! (`auth`), its body (`body`), the handler of its path, and from there to the ports. An error of any of these is
//! a `problem`. Nothing here decides anything about stock or orders; the core does.

mod around;
mod auth;
mod body;
mod bring_back;
mod closure;
mod enrolment;
pub mod events;
mod import;
mod intent;
mod known;
mod label_view;
mod movements;
pub mod needs;
mod pages;
mod pairing;
mod parcels;
mod planned;
pub mod presence;
mod problem;
mod rights;
mod skus;
mod stamp;
pub mod state;
mod status;
mod stream;
mod tasks;
mod tries;
pub mod view;
mod web;

pub use around::LeaseView;
pub use import::IMPORT_BYTES_MAX;
pub use needs::FileFormat;
pub use pairing::Offered;
pub use status::{BrokerView, CentralView, ClockView, StatusView};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::get;
use holdfast_platform::http::{Asks, Guard, guard, page_headers, tell_problems};
use state::Api;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Holdfast agent, LAN API",
        description = "Stock and order tasks of one store, for its tills, handhelds and technicians. \
            Errors are application/problem+json with a stable code. Unknown fields are refused."
    ),
    tags(
        (name = "status", description = "How the store is"),
        (name = "stock", description = "Look-ups and movements"),
        (name = "tasks", description = "Order tasks"),
        (name = "closure", description = "Closing for orders"),
        (name = "devices", description = "Pairing and set-up"),
        (name = "events", description = "What happens, as it happens"),
    )
)]
struct Document;

fn routes() -> OpenApiRouter<Api> {
    let imports =
        OpenApiRouter::new().routes(routes!(import::import)).layer(DefaultBodyLimit::max(IMPORT_BYTES_MAX));
    let pages = OpenApiRouter::new().routes(routes!(pages::error_page)).layer(from_fn(page_headers));
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(status::healthz))
        .routes(routes!(status::status))
        .routes(routes!(skus::search))
        .routes(routes!(skus::lookup))
        .routes(routes!(skus::one))
        .routes(routes!(rights::bound, rights::unbound))
        .routes(routes!(movements::record))
        .routes(routes!(bring_back::list, bring_back::bring_back))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::one))
        .routes(routes!(tasks::accept))
        .routes(routes!(tasks::decline))
        .routes(routes!(tasks::start_picking))
        .routes(routes!(tasks::pick))
        .routes(routes!(tasks::short))
        .routes(routes!(tasks::pack))
        .routes(routes!(tasks::hand_over))
        .routes(routes!(tasks::put_back))
        .routes(routes!(tasks::let_go))
        .routes(routes!(parcels::label_failed))
        .routes(routes!(parcels::expected))
        .routes(routes!(closure::get, closure::close, closure::open))
        .routes(routes!(planned::list, planned::plan))
        .routes(routes!(planned::take_back))
        .routes(routes!(stream::events))
        .routes(routes!(pairing::offer))
        .routes(routes!(pairing::pair))
        .routes(routes!(pairing::list))
        .routes(routes!(pairing::unpair))
        .routes(routes!(enrolment::enrol))
        .merge(pages)
        .merge(imports)
}

/// The OpenAPI document, made from the code.
#[must_use]
pub fn openapi() -> OpenApi {
    let (_, mut document) = routes().split_for_parts();
    let bearer = |what: &str| {
        SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(what)).build(),
        )
    };
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("device", bearer("The token of a paired device"));
    components.add_security_scheme("admin", bearer("The content of admin.token in the data directory"));
    tell_problems(&mut document, |_, _, operation| match operation.security.as_deref() {
        None | Some([]) => Asks::Nothing,
        Some(_) => Asks::Right,
    });
    document
}

/// The document as it is checked in.
#[must_use]
pub fn openapi_text() -> String {
    let mut text = serde_json::to_string_pretty(&openapi()).unwrap_or_default();
    text.push('\n');
    text
}

/// Everything that the agent answers on the LAN.
pub fn router(api: Api) -> Router {
    let (router, _) = routes().split_for_parts();
    let router = router
        .route("/openapi.json", get(|| std::future::ready(axum::Json(openapi()))))
        .merge(web::router())
        .with_state(api);
    guard(router, Guard::default())
}

#[cfg(test)]
mod tests;
