//! Style and script, carried in the binary.

use crate::adapters::http::answer::{Answer, Refused};
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use holdfast_shared::error::Code;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

pub(super) async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Answer<Response> {
    let file = Web::get(&path).ok_or_else(|| Refused::new(Code::NotFound, format!("there is no {path}")))?;
    let etag = format!("\"{}\"", HEXLOWER.encode(&file.metadata.sha256_hash()));
    // The name stays while the content changes, so the browser asks each time and mostly gets 304.
    let caching = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
    let shown = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if shown.is_some_and(|shown| shown.split(',').any(|tag| tag.trim() == etag)) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let kind = [(header::CONTENT_TYPE, file.metadata.mimetype().to_owned())];
    Ok((caching, kind, file.data.into_owned()).into_response())
}
