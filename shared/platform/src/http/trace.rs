//! The W3C trace of a request: taken over from the caller or begun here, and told back.

use super::ProblemResponse;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::TraceId;
use tracing::Instrument;

const HEADER: &str = "traceparent";
const NONE: &str = "00000000000000000000000000000000";

/// Extracts the trace id of this request.
#[derive(Debug, Clone)]
pub struct Trace(pub TraceId);

impl<S: Send + Sync> FromRequestParts<S> for Trace {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        let id = parts.extensions.get::<TraceId>().cloned().or_else(|| begin().ok());
        id.map(Self).ok_or_else(|| ProblemResponse::new(Code::Internal, "no trace could be begun"))
    }
}

/// The header that hands a trace on to another process.
pub fn traceparent(trace: &TraceId) -> Result<String, crate::random::RandomError> {
    Ok(format!("00-{trace}-{}-01", HEXLOWER.encode(&crate::random::bytes::<8>()?)))
}

fn begin() -> Result<TraceId, ProblemResponse> {
    let bytes = crate::random::bytes::<16>()
        .map_err(|error| ProblemResponse::new(Code::Internal, error.to_string()))?;
    TraceId::new(HEXLOWER.encode(&bytes))
        .map_err(|error| ProblemResponse::new(Code::Internal, error.to_string()))
}

fn given(headers: &HeaderMap) -> Option<TraceId> {
    let text = headers.get(HEADER)?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let formed = version.len() == 2 && trace.len() == 32 && parent.len() == 16 && flags.len() == 2;
    // Version ff and the trace of zeros are forbidden by the standard.
    if formed && version != "ff" && trace != NONE { TraceId::new(trace).ok() } else { None }
}

/// Gives the request its trace, and writes it into problems and the answer's header.
pub(super) async fn layer(mut request: Request, next: Next) -> Response {
    let trace = match given(request.headers()).map_or_else(begin, Ok) {
        Ok(trace) => trace,
        Err(problem) => return problem.into_response(),
    };
    request.extensions_mut().insert(trace.clone());
    let span =
        tracing::info_span!("request", method = %request.method(), path = request.uri().path(), %trace);
    let mut response = next.run(request).instrument(span).await;
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        problem.trace_id = Some(trace.to_string());
        let mut told = ProblemResponse::from(problem).into_response();
        // Headers that others set meanwhile stay; the length is that of the new body.
        let mut headers = std::mem::take(response.headers_mut());
        headers.remove(axum::http::header::CONTENT_LENGTH);
        for (name, value) in &headers {
            told.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        response = told;
    }
    if let Ok(header) = traceparent(&trace)
        && let Ok(value) = HeaderValue::from_str(&header)
    {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
