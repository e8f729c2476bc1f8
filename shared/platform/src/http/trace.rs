//! The W3C trace of a request: taken over from the caller or begun here, and told back.
//!
//! A `traceparent` that the standard forbids is ignored, as the standard says: a new trace begins, and the answer
//! tells its id (`traceresponse`, `traceparent`, and `trace_id` in a problem).

use super::ProblemResponse;
use crate::clock::unix_ns;
use crate::telemetry::{self, Span, SpanKind};
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::TraceId;
use holdfast_shared::trace::{SpanId, TraceParent, TraceState, Upstream};
use tracing::Instrument;

pub const HEADER: &str = "traceparent";
const STATE: &str = "tracestate";
/// The answer's own, as the W3C's draft names it.
const RESPONSE: &str = "traceresponse";
/// Asked every few seconds by whoever watches: nobody's trace.
const UNTOLD: [&str; 2] = ["/healthz", "/metrics"];

/// Extracts the trace id of this request.
#[derive(Debug, Clone)]
pub struct Trace(pub TraceId);

/// Where this request stands in its trace.
#[derive(Debug, Clone)]
pub struct Called {
    pub trace: TraceId,
    /// This request's own.
    pub span: SpanId,
    /// None: the trace begins with this request.
    pub upstream: Option<Upstream>,
}

impl Called {
    fn of(headers: &HeaderMap) -> Result<Self, ProblemResponse> {
        let span = SpanId::from_bytes(random()?);
        let Some(parent) = given(headers) else { return Ok(Self { trace: begin()?, span, upstream: None }) };
        let TraceParent { trace, span: caller, sampled } = parent;
        let upstream = Some(Upstream { span: caller, sampled, state: state(headers) });
        Ok(Self { trace, span, upstream })
    }

    /// What hands it on from here.
    #[must_use]
    pub fn parent(&self) -> TraceParent {
        let sampled = self.upstream.as_ref().is_none_or(|upstream| upstream.sampled);
        TraceParent { trace: self.trace.clone(), span: self.span, sampled }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Trace {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemResponse> {
        Ok(Self(Called::from_request_parts(parts, state).await?.trace))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Called {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        match parts.extensions.get::<Self>() {
            Some(called) => Ok(called.clone()),
            // Without the guard around it, as in tests of one handler.
            None => Self::of(&parts.headers),
        }
    }
}

fn random<const N: usize>() -> Result<[u8; N], ProblemResponse> {
    crate::random::bytes::<N>().map_err(|error| ProblemResponse::new(Code::Internal, error.to_string()))
}

fn begin() -> Result<TraceId, ProblemResponse> {
    TraceId::new(HEXLOWER.encode(&random::<16>()?))
        .map_err(|error| ProblemResponse::new(Code::Internal, error.to_string()))
}

/// Two of them are as good as none.
fn given(headers: &HeaderMap) -> Option<TraceParent> {
    let mut all = headers.get_all(HEADER).iter();
    let only = all.next().filter(|_| all.next().is_none())?;
    only.to_str().ok()?.parse().ok()
}

/// Several are one list.
fn state(headers: &HeaderMap) -> Option<TraceState> {
    let all: Option<Vec<&str>> = headers.get_all(STATE).iter().map(|value| value.to_str().ok()).collect();
    all?.join(",").parse().ok()
}

/// Gives the request its trace, and writes it into problems and the answer's headers.
pub(super) async fn layer(mut request: Request, next: Next) -> Response {
    let called = match Called::of(request.headers()) {
        Ok(called) => called,
        Err(problem) => return problem.into_response(),
    };
    request.extensions_mut().insert(called.clone());
    let measured = telemetry::tells_of(&called.trace).then(|| Measured::begin(&request, &called)).flatten();
    let (method, trace) = (request.method().clone(), &called.trace);
    let span = tracing::info_span!("request", %method, path = request.uri().path(), %trace);
    let mut response = next.run(request).instrument(span).await;
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        problem.trace_id = Some(called.trace.to_string());
        let mut told = ProblemResponse::from(problem).into_response();
        // Headers that others set meanwhile stay; the length is that of the new body.
        let mut headers = std::mem::take(response.headers_mut());
        headers.remove(axum::http::header::CONTENT_LENGTH);
        for (name, value) in &headers {
            told.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        response = told;
    }
    if let Ok(value) = HeaderValue::from_str(&called.parent().to_string()) {
        response.headers_mut().insert(HEADER, value.clone());
        response.headers_mut().insert(RESPONSE, value);
    }
    if let Some(measured) = measured {
        telemetry::record(measured.end(&response));
    }
    response
}

/// A request that a collector is told of, by the pattern of its path: what stands in its place may name somebody.
struct Measured {
    method: String,
    route: String,
    called: Called,
    begin_ns: u64,
}

impl Measured {
    fn begin(request: &Request, called: &Called) -> Option<Self> {
        let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let route = route.filter(|route| !UNTOLD.contains(route))?.to_owned();
        let (method, begin_ns) = (request.method().to_string(), unix_ns());
        Some(Self { method, route, called: called.clone(), begin_ns })
    }

    fn end(self, response: &Response) -> Span {
        let Called { trace, span, upstream } = self.called;
        let status = response.status();
        Span {
            trace,
            span,
            parent: upstream.map(|upstream| upstream.span),
            link: None,
            name: format!("{} {}", self.method, self.route),
            kind: SpanKind::Server,
            begin_ns: self.begin_ns,
            end_ns: unix_ns(),
            attributes: vec![
                ("http.request.method", self.method),
                ("http.route", self.route),
                ("http.response.status_code", status.as_str().to_owned()),
            ],
            failed: status.is_server_error(),
        }
    }
}
