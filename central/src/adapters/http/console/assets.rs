//! Style and script, carried in the binary.

use crate::adapters::http::answer::{Answer, Refused};
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_platform::http::{etag, not_modified};
use holdfast_shared::error::Code;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

pub(super) async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Answer<Response> {
    let file = Web::get(&path).ok_or_else(|| Refused::new(Code::NotFound, format!("there is no {path}")))?;
    let etag = etag(&file.data);
    // The name stays while the content changes, so the browser asks each time and mostly gets 304.
    let caching = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
    if not_modified(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let kind = [(header::CONTENT_TYPE, file.metadata.mimetype().to_owned())];
    Ok((caching, kind, file.data.into_owned()).into_response())
}
