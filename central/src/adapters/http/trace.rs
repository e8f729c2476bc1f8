//! The outermost layer: W3C trace context in and out, one log line and one measurement per
//! request, and the one place where a problem is written out.

use super::answer::{Refused, Told};
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use holdfast_platform::random;
use holdfast_shared::error::Code;
use holdfast_shared::ids::TraceId;

/// The trace of a request: the caller's, or a new one.
#[derive(Debug, Clone)]
pub(super) struct Trace(TraceId);

impl Trace {
    pub(super) fn id(&self) -> TraceId {
        self.0.clone()
    }

    /// Continues `traceparent`, when it is one (version 00, ids not all zero).
    fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get("traceparent")?.to_str().ok()?;
        let parts: Vec<&str> = text.split('-').collect();
        let ["00", trace, span, flags] = parts.as_slice() else { return None };
        let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let sound = trace.len() == 32
            && span.len() == 16
            && flags.len() == 2
            && hex(span)
            && hex(flags)
            && trace.bytes().any(|byte| byte != b'0');
        sound.then(|| TraceId::new(*trace).ok()).flatten().map(Self)
    }

    fn new() -> Option<Self> {
        TraceId::new(HEXLOWER.encode(&random::bytes::<16>().ok()?)).ok().map(Self)
    }
}

impl<S: Sync> FromRequestParts<S> for Trace {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refused> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Refused::new(Code::Internal, "the system gives no random bytes"))
    }
}

/// What a response names as its own step of the trace.
fn traceparent(trace: &Trace) -> Option<HeaderValue> {
    let span = HEXLOWER.encode(&random::bytes::<8>().ok()?);
    HeaderValue::from_str(&format!("00-{}-{span}-01", trace.0)).ok()
}

pub(super) async fn follow(mut request: Request, next: Next) -> Response {
    let trace = Trace::of(request.headers()).or_else(Trace::new);
    if let Some(trace) = &trace {
        request.extensions_mut().insert(trace.clone());
    }
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let mut response = next.run(request).await;
    if let Some(Told(mut problem)) = response.extensions_mut().remove::<Told>() {
        problem.trace_id = trace.as_ref().map(|trace| trace.0.to_string());
        let status = response.status();
        tracing::debug!(%method, path, %status, code = problem.code.as_str(), detail = problem.detail, "refused");
        let headers = std::mem::take(response.headers_mut());
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        response = (status, kind, body).into_response();
        // Layers below may have set headers; the form of the body is ours.
        for (name, value) in headers.into_iter().filter_map(|(name, value)| name.map(|name| (name, value))) {
            if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
                response.headers_mut().insert(name, value);
            }
        }
        if problem.retryable {
            response.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
        }
        if problem.code == Code::Unauthenticated {
            let asks = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, asks);
        }
    }
    if let Some(value) = trace.as_ref().and_then(traceparent) {
        response.headers_mut().insert("traceparent", value);
    }
    let labels = [("method", method.to_string()), ("path", path), ("status", response.status().as_str().to_owned())];
    metrics::counter!("holdfast_http_requests_total", &labels).increment(1);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", HeaderValue::from_static(text));
        Trace::of(&headers).map(|trace| trace.id().to_string())
    }

    #[test]
    fn a_callers_trace_goes_on() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(shown("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").as_deref(), Some(id));
    }

    #[test]
    fn what_is_no_trace_context_is_left() {
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
        ] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
