//! What needs no credential: liveness, metrics, the pages of the error codes, the document itself.

use super::answer::{Answer, Refused};
use super::app::Shared;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use holdfast_shared::error::{Code, Problem};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    #[schema(example = "ok")]
    status: &'static str,
    version: &'static str,
}

/// Whether central answers.
#[utoipa::path(get, path = "/healthz", tag = "plain", responses((status = 200, body = Health)))]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Metrics in Prometheus' text form.
#[utoipa::path(get, path = "/metrics", tag = "plain", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn metrics(State(app): State<Shared>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}

/// What an error code means, for people.
#[utoipa::path(get, path = "/errors/{code}", tag = "plain", params(("code" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"), (status = "4XX", body = Problem)))]
pub(super) async fn error_page(Path(code): Path<String>) -> Answer<Html<String>> {
    let found = Code::ALL.iter().find(|known| known.as_str() == code);
    let code = found.ok_or_else(|| Refused::new(Code::NotFound, "there is no such error code"))?;
    let retry = if code.retryable() {
        "The same request may succeed later."
    } else {
        "Sending it again unchanged will not help."
    };
    Ok(Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title><h1>{name}</h1><p>HTTP status {status}. {hint}</p><p>{retry}</p>",
        name = code.as_str(),
        status = code.status(),
        hint = code.hint(),
    )))
}

/// The OpenAPI document.
#[utoipa::path(get, path = "/openapi.json", tag = "plain", responses((status = 200, body = Object)))]
pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(super::openapi())
}
