//! What stands around every router: limits, traces, and problems for what no handler answers.

use super::{Admission, ProblemResponse, trace};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use holdfast_shared::error::Code;
use holdfast_shared::limits::BODY_BYTES_MAX;
use std::any::Any;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

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

/// An open event stream does not count: its handler has answered long ago.
async fn limit(State(in_flight): State<Arc<Admission>>, request: Request, next: Next) -> Response {
    match in_flight.enter() {
        Ok(_place) => next.run(request).await,
        Err(busy) => busy.into_response(),
    }
}
