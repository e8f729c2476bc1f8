//! The handheld's web app, from within the binary: no build, no other host, nothing inline.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use holdfast_platform::http::{etag, not_modified, page_headers};
use rust_embed::{Embed, EmbeddedFile};

#[derive(Embed)]
#[folder = "web/"]
struct Assets;

/// One route per embedded file, so that whatever is not there is not found like anywhere else.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let mut router = Router::new();
    for path in Assets::iter() {
        let Some(file) = Assets::get(&path) else { continue };
        let route = serve(file);
        if path == "index.html" {
            router = router.route("/", route);
        } else {
            router = router.route(&format!("/{path}"), route);
        }
    }
    router.layer(from_fn(page_headers))
}

fn serve<S: Clone + Send + Sync + 'static>(file: EmbeddedFile) -> MethodRouter<S> {
    let tag = etag(&file.data);
    let kind = match file.metadata.mimetype() {
        kind @ ("text/html" | "text/css" | "text/javascript") => format!("{kind}; charset=utf-8"),
        kind => kind.to_owned(),
    };
    let body = axum::body::Bytes::from(file.data.into_owned());
    get(move |headers: HeaderMap| std::future::ready(answer(&headers, &tag, &kind, body.clone())))
}

fn answer(headers: &HeaderMap, tag: &str, kind: &str, body: axum::body::Bytes) -> Response {
    // Asked again each time, and answered in a few bytes: a new agent shows its new pages at once.
    let fresh = [(ETAG, tag), (CACHE_CONTROL, "no-cache")];
    if not_modified(headers, tag) {
        return (StatusCode::NOT_MODIFIED, fresh).into_response();
    }
    (fresh, [(CONTENT_TYPE, kind)], body).into_response()
}
