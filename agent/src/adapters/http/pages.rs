//! The page of each error code, the OpenAPI document, and the answer to an unknown path.

use super::problem::{Failure, refused};
use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use holdfast_shared::error::Code;

/// What a code means and what to do.
#[utoipa::path(
    get, path = "/errors/{code}", tag = "status",
    params(("code" = String, Path, description = "A stable error code")),
    responses(
        (status = 200, description = "A page for people", content_type = "text/html", body = String),
        (status = "default", description = "A problem", body = holdfast_shared::error::Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn error_page(Path(code): Path<String>) -> Result<Response, Failure> {
    let known = Code::ALL.iter().copied().find(|known| known.as_str() == code);
    let known = known.ok_or_else(|| refused(Code::NotFound, "there is no error code of this name"))?;
    let again = if known.retryable() {
        "The same request may succeed later, without a change."
    } else {
        "The same request will be refused again."
    };
    // Everything that is written here is ours: no part of the request goes into the page.
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{code} - Holdfast</title><link rel=\"stylesheet\" href=\"/base.css\"></head>\
         <body class=\"bare\"><main><div class=\"stack\"><h1>{title}</h1>\
         <p><code>{code}</code>, HTTP {status}</p><p>{hint}</p><p class=\"soft\">{again}</p></div></main></body></html>",
        code = known.as_str(),
        title = known.as_str().replace('_', " "),
        status = known.status(),
        hint = known.hint(),
    );
    Ok(([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
}
