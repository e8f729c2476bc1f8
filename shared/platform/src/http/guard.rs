//! What stands around every router: limits, traces, and problems for what no handler answers.

use super::extract::refused;
use super::{Admission, ProblemResponse, trace};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::limits::BODY_BYTES_MAX;
use std::any::Any;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// A refusal is a sentence; more of it is not told.
const REFUSAL_BYTES_MAX: usize = 4_096;

#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Bytes of a body. A route that takes more sets its own `DefaultBodyLimit`.
    pub body_bytes_max: usize,
    /// Requests in work at once; more are told to come back.
    pub in_flight_max: usize,
}

impl Default for Guard {
    fn default() -> Self {
        Self { body_bytes_max: BODY_BYTES_MAX, in_flight_max: 512 }
    }
}

/// Puts the guard around a finished router.
pub fn guard(router: Router, guard: Guard) -> Router {
    let in_flight = Admission::new(guard.in_flight_max);
    router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(guard.body_bytes_max))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(in_words_of_ours))
        .layer(from_fn_with_state(in_flight, limit))
        .layer(from_fn(trace::layer))
}

async fn not_found() -> ProblemResponse {
    ProblemResponse::new(Code::NotFound, "there is nothing at this path")
}

async fn method_not_allowed() -> ProblemResponse {
    ProblemResponse::new(Code::MethodNotAllowed, "this path does not know this method")
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over so")]
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(panic = text, "a handler panicked");
    ProblemResponse::new(Code::Internal, "the request could not be worked on").into_response()
}

/// What axum refuses by itself (a path that is no text, say) it tells in plain text; here it becomes a problem.
async fn in_words_of_ours(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_plain = kind.is_some_and(|kind| kind.starts_with("text/plain"));
    if !response.status().is_client_error() || !is_plain || response.extensions().get::<Problem>().is_some() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let told = to_bytes(body, REFUSAL_BYTES_MAX).await.unwrap_or_default();
    refused(parts.status, &String::from_utf8_lossy(&told)).into_response()
}

/// An open event stream does not count: its handler has answered long ago.
async fn limit(State(in_flight): State<Arc<Admission>>, request: Request, next: Next) -> Response {
    match in_flight.enter() {
        Ok(_place) => next.run(request).await,
        Err(busy) => busy.into_response(),
    }
}
