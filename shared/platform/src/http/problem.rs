//! An error answer as application/problem+json.

use crate::random;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_shared::error::{Code, Problem};

/// For what is not a matter of load: a few seconds, not the same for all.
const RETRY_AFTER_S_MAX: u64 = 4;

/// A [`Problem`] on its way out. The trace layer adds the trace id.
///
/// Boxed, so that the `Result` of every handler stays small.
#[derive(Debug, Clone)]
pub struct ProblemResponse(pub Box<Problem>);

impl ProblemResponse {
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(code, detail)))
    }
}

impl<T: Into<Problem>> From<T> for ProblemResponse {
    fn from(problem: T) -> Self {
        Self(Box::new(problem.into()))
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let problem = *self.0;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem is texts and numbers; should it fail all the same, the status still tells.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            let random = random::bytes::<8>().map_or(0, u64::from_le_bytes);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(1 + random % RETRY_AFTER_S_MAX));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(problem);
        response
    }
}
