use super::*;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, header};
use axum::routing::{get, post};
use holdfast_shared::error::{Code, Problem};
use std::sync::Arc;
use tower::ServiceExt;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    qty: u32,
}

fn app(limits: Guard) -> Router {
    let line = post(|ApiJson(line): ApiJson<Line>| async move { line.qty.to_string() });
    let router = Router::new()
        .route("/line", line)
        .route("/n/{n}", get(|ApiPath(n): ApiPath<u8>| async move { n.to_string() }))
        .route(
            "/raw/{text}",
            get(|axum::extract::Path(text): axum::extract::Path<String>| async move { text }),
        )
        .route("/lines", post(|ApiJson(lines): ApiJson<Vec<Line>>| async move { lines.len().to_string() }))
        .route("/q", get(|ApiQuery(line): ApiQuery<Line>| async move { line.qty.to_string() }))
        .route("/key", post(|Idempotency(key): Idempotency| async move { key.to_string() }))
        .route("/me", get(|Bearer(token): Bearer| async move { token.reveal().to_owned() }))
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("ouch")
                }
            }),
        )
        .route("/trace", get(|Trace(trace): Trace| async move { trace.to_string() }));
    guard(router, limits)
}

async fn problem(response: Response<Body>) -> Problem {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

async fn send(limits: Guard, request: Request<Body>) -> Response<Body> {
    app(limits).oneshot(request).await.unwrap()
}

fn json(body: impl Into<Body>) -> Request<Body> {
    Request::post("/line").header("content-type", "application/json").body(body.into()).unwrap()
}

async fn code(request: Request<Body>) -> Code {
    problem(send(Guard { body_bytes_max: 100, ..Guard::default() }, request).await).await.code
}

fn plain(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_bad_body_is_told_by_kind() {
    assert_eq!(code(json(r#"{"qty":1,"sku":"a"}"#)).await, Code::UnknownField);
    assert_eq!(code(json(r#"{"qty":"many"}"#)).await, Code::InvalidRequest);
    assert_eq!(code(json(r#"{"qty":"#)).await, Code::InvalidRequest);
    assert_eq!(code(json(vec![b' '; 101])).await, Code::BodyTooLarge);
    // serde would read it, field by field.
    assert_eq!(code(json("[1]")).await, Code::InvalidRequest);
    assert_eq!(code(json("\n [1]")).await, Code::InvalidRequest);
    let untyped = Request::post("/line").body(Body::from(r#"{"qty":1}"#)).unwrap();
    assert_eq!(code(untyped).await, Code::UnsupportedMediaType);
}

#[tokio::test]
async fn paths_queries_and_headers_are_refused_as_problems() {
    assert_eq!(code(plain("/n/999")).await, Code::InvalidRequest);
    assert_eq!(code(plain("/q?qty=x")).await, Code::InvalidRequest);
    assert_eq!(code(plain("/q?qty=1&more=2")).await, Code::UnknownField);
    assert_eq!(code(plain("/nowhere")).await, Code::NotFound);
    assert_eq!(code(plain("/line")).await, Code::MethodNotAllowed);
    assert_eq!(code(plain("/panic")).await, Code::Internal);
    assert_eq!(code(plain("/me")).await, Code::Unauthenticated);
    let keyless = Request::post("/key").body(Body::empty()).unwrap();
    assert_eq!(code(keyless).await, Code::MissingIdempotencyKey);
}

#[tokio::test]
async fn what_the_framework_refuses_by_itself_is_a_problem_too() {
    let response = send(Guard::default(), plain("/raw/%FF")).await;
    let trace = response.headers()["traceparent"].to_str().unwrap().to_owned();
    let problem = problem(response).await;
    assert_eq!(problem.code, Code::InvalidRequest);
    assert!(problem.detail.contains("UTF-8"), "{}", problem.detail);
    assert!(trace.contains(problem.trace_id.as_deref().unwrap()), "{trace}");
}

#[tokio::test]
async fn an_array_is_read_where_an_array_is_expected() {
    let request = Request::post("/lines").header("content-type", "application/json");
    let response = send(Guard::default(), request.body(Body::from(r#"[{"qty":1}]"#)).unwrap()).await;
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn the_callers_trace_is_kept_and_told() {
    let given = |path: &str| {
        let header = format!("00-{TRACE}-b7ad6b7169203331-01");
        Request::get(path).header("traceparent", header).body(Body::empty()).unwrap()
    };
    let response = send(Guard::default(), given("/trace")).await;
    assert!(response.headers()["traceparent"].to_str().unwrap().contains(TRACE));
    let told = problem(send(Guard::default(), given("/nowhere")).await).await;
    assert_eq!(told.trace_id.as_deref(), Some(TRACE));
    // Without a caller's trace one is begun.
    assert!(problem(send(Guard::default(), plain("/nowhere")).await).await.trace_id.is_some());
}

#[tokio::test]
async fn a_trace_that_the_standard_forbids_is_none_and_a_new_one_is_told() {
    let begun = |values: Vec<String>| async move {
        let mut request = Request::get("/trace").body(Body::empty()).unwrap();
        for value in values {
            request.headers_mut().append("traceparent", value.parse().unwrap());
        }
        let response = send(Guard::default(), request).await;
        let told = response.headers()["traceresponse"].to_str().unwrap().to_owned();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 10).await.unwrap();
        let trace = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(
            told.split('-').nth(1),
            Some(trace.as_str()),
            "the answer names the trace that the handler had"
        );
        trace
    };
    let span = "b7ad6b7169203331";
    for wrong in [
        format!("00-{}-{span}-01", TRACE.to_uppercase()),
        format!("00-{}-{span}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("ff-{TRACE}-{span}-01"),
        format!("00-{TRACE}-{span}-01-more"),
        String::from("nonsense"),
    ] {
        let trace = begun(vec![wrong.clone()]).await;
        assert!(trace != TRACE && trace.len() == 32, "{wrong:?} became {trace}");
    }
    let good = format!("00-{TRACE}-{span}-01");
    assert_ne!(begun(vec![good.clone(), good.clone()]).await, TRACE, "two parents are none");
    assert_eq!(begun(vec![format!("cc-{TRACE}-{span}-01-what-the-future-says")]).await, TRACE);
    assert_eq!(begun(vec![good]).await, TRACE);
}

#[tokio::test]
async fn what_travels_with_a_trace_is_read_beside_it_and_not_alone() {
    let read = |parent: Option<&str>, states: &[&str]| {
        let mut request = Request::get("/").body(Body::empty()).unwrap();
        parent.map(|parent| request.headers_mut().append("traceparent", parent.parse().unwrap()));
        for state in states {
            request.headers_mut().append("tracestate", state.parse().unwrap());
        }
        let (mut parts, _) = request.into_parts();
        async move {
            let called = <Called as axum::extract::FromRequestParts<()>>::from_request_parts(&mut parts, &());
            called.await.ok().unwrap()
        }
    };
    let parent = format!("00-{TRACE}-b7ad6b7169203331-00");
    let called = read(Some(&parent), &["rojo=1", "congo=2"]).await;
    assert_ne!(called.span.to_string(), "b7ad6b7169203331", "a request is a span of its own");
    let upstream = called.upstream.clone().unwrap();
    assert_eq!(upstream.state.unwrap().as_str(), "rojo=1,congo=2");
    assert!(!upstream.sampled && called.parent().to_string().ends_with("-00"), "passed on as it was said");
    assert_eq!(read(Some(&parent), &["broken"]).await.upstream.unwrap().state, None);
    assert!(read(None, &["rojo=1"]).await.upstream.is_none());
}

#[tokio::test]
async fn more_than_the_limit_in_flight_is_shed() {
    let response = send(Guard { in_flight_max: 0, ..Guard::default() }, plain("/trace")).await;
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(problem(response).await.code, Code::Busy);
}

#[tokio::test]
async fn a_place_in_flight_is_given_back() {
    let entered = Arc::new(tokio::sync::Notify::new());
    let inside = Arc::clone(&entered);
    let hang = get(move || {
        inside.notify_one();
        std::future::pending::<()>()
    });
    let app = guard(Router::new().route("/", hang), Guard { in_flight_max: 1, ..Guard::default() });
    let first = tokio::spawn(app.clone().oneshot(plain("/")));
    entered.notified().await;
    assert_eq!(problem(app.clone().oneshot(plain("/")).await.unwrap()).await.code, Code::Busy);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(problem(app.oneshot(plain("/none")).await.unwrap()).await.code, Code::NotFound);
}

#[test]
fn an_unchanged_file_is_not_sent_again() {
    let tag = etag(b"body");
    let mut headers = axum::http::HeaderMap::new();
    assert!(!not_modified(&headers, &tag));
    headers.insert(header::IF_NONE_MATCH, format!("\"other\", W/{tag}").parse().unwrap());
    assert!(not_modified(&headers, &tag));
    assert!(!not_modified(&headers, &etag(b"else")));
}
