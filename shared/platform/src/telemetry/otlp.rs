//! The wire: OTLP's messages for traces (opentelemetry-proto, `trace/v1`), as much of them as is said here.
//! Their numbers are the standard's; a test of the whole reads them back with its own library.

use super::{Span, SpanKind};
use data_encoding::HEXLOWER;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<WireSpan>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct WireSpan {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    begin_ns: u64,
    #[prost(fixed64, tag = "8")]
    end_ns: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, repeated, tag = "13")]
    links: Vec<Link>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Link {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Text>,
}

/// The one of its kinds of values that is used.
#[derive(Clone, PartialEq, Message)]
struct Text {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    partial: Option<Partial>,
}

#[derive(Clone, PartialEq, Message)]
struct Partial {
    #[prost(int64, tag = "1")]
    rejected_spans: i64,
}

const FAILED: i32 = 2;

const fn kind(kind: SpanKind) -> i32 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
    }
}

fn pair(key: &str, text: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(Text { text: Some(text.to_owned()) }) }
}

fn trace_bytes(hex: &str) -> Vec<u8> {
    // Checked when it became a trace id.
    HEXLOWER.decode(hex.as_bytes()).unwrap_or_default()
}

fn wire(span: &Span) -> WireSpan {
    let link = |(trace, span): &(holdfast_shared::ids::TraceId, holdfast_shared::trace::SpanId)| Link {
        trace_id: trace_bytes(trace.as_str()),
        span_id: span.to_bytes().to_vec(),
    };
    WireSpan {
        trace_id: trace_bytes(span.trace.as_str()),
        span_id: span.span.to_bytes().to_vec(),
        parent_span_id: span.parent.map(|parent| parent.to_bytes().to_vec()).unwrap_or_default(),
        name: span.name.clone(),
        kind: kind(span.kind),
        begin_ns: span.begin_ns,
        end_ns: span.end_ns.max(span.begin_ns),
        attributes: span.attributes.iter().map(|(key, text)| pair(key, text)).collect(),
        links: span.link.iter().map(link).collect(),
        status: span.failed.then_some(Status { code: FAILED }),
    }
}

/// One message.
pub(super) fn encode(service: &str, spans: &[Span]) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let attributes = vec![pair("service.name", service), pair("service.version", version)];
    let scope = Scope { name: String::from("holdfast"), version: version.to_owned() };
    let spans = spans.iter().map(wire).collect();
    let resource_spans = ResourceSpans {
        resource: Some(Resource { attributes }),
        scope_spans: vec![ScopeSpans { scope: Some(scope), spans }],
    };
    Request { resource_spans: vec![resource_spans] }.encode_to_vec()
}

/// How many of them the collector did not want.
pub(super) fn rejected(answer: &[u8]) -> u64 {
    let partial = Answer::decode(answer).ok().and_then(|answer| answer.partial);
    partial.and_then(|partial| u64::try_from(partial.rejected_spans).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_never_ends_before_it_begins_and_says_when_it_failed() {
        let of = |begin_ns, end_ns, failed| Span {
            trace: "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(),
            span: holdfast_shared::trace::SpanId::of_record("x"),
            parent: None,
            link: None,
            name: "x".to_owned(),
            kind: SpanKind::Internal,
            begin_ns,
            end_ns,
            attributes: Vec::new(),
            failed,
        };
        let backwards = wire(&of(9, 5, false));
        assert_eq!((backwards.begin_ns, backwards.end_ns, backwards.status), (9, 9, None));
        let failed = wire(&of(5, 9, true));
        assert_eq!((failed.end_ns, failed.status), (9, Some(Status { code: FAILED })));
    }

    #[test]
    fn what_a_collector_did_not_want_is_read_from_its_answer() {
        let answer = Answer { partial: Some(Partial { rejected_spans: 7 }) }.encode_to_vec();
        assert_eq!(rejected(&answer), 7);
        assert_eq!(rejected(&[]), 0, "all of them are there");
        assert_eq!(rejected(b"{}"), 0, "an answer of another kind says nothing");
    }
}
