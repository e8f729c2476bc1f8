//! One measurement per request, by the route that it matched.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

pub(super) async fn measure(path: MatchedPath, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    let labels = [("method", method), ("path", path.as_str().to_owned()), ("status", status)];
    metrics::counter!("holdfast_http_requests_total", &labels).increment(1);
    response
}
