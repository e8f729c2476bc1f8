use super::*;

/// Set to write the document instead of comparing it.
const UPDATE: &str = "HOLDFAST_UPDATE_OPENAPI";

#[test]
fn the_checked_in_openapi_document_is_what_the_code_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let made = crate::adapters::http::openapi_text();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == made, "openapi.json is stale: run `holdfast-agent openapi > agent/openapi.json`");
    assert!(made.contains("\"openapi\": \"3.1"));
}

#[test]
fn every_operation_says_how_it_fails() {
    let document = serde_json::to_value(openapi()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let tells = |status: &str| operation["responses"].get(status).is_some();
            assert!(tells("500") && tells("503"), "{method} {path}");
            let open = operation["security"].as_array().is_none_or(Vec::is_empty);
            assert_eq!((tells("401"), tells("403")), (!open, !open), "{method} {path}");
            let has_body = operation.get("requestBody").is_some();
            assert_eq!((tells("413"), tells("415")), (has_body, has_body), "{method} {path}");
            assert!(tells("404") || !(has_body || path.contains('{')), "{method} {path}");
            assert!(!tells("default") && !tells("4XX"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn status_and_health_are_open_and_hold_no_secret() {
    let lan = Lan::new();
    assert_eq!(lan.send(ask("GET", "/healthz")).await.body, json!({ "ok": true, "damaged": false }));
    let status = lan.send(ask("GET", "/v1/status")).await;
    assert_eq!(
        (&status.body["enrolled"], &status.body["central"]["reachable"]),
        (&json!(false), &Value::Null)
    );
    assert!(status.body["advice"][0].as_str().unwrap().contains("enroll"));
    assert!(!status.body.to_string().contains(ADMIN));
}

#[tokio::test]
async fn a_trace_is_kept_from_the_caller_or_begun() {
    let lan = Lan::new();
    let own = lan.send(ask("GET", "/healthz")).await;
    assert_eq!(own.headers["traceparent"].len(), 55);
    let request = Request::builder()
        .uri("/v1/nothing")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .body(Body::empty())
        .unwrap();
    let response = lan.router.clone().oneshot(request).await.unwrap();
    let bytes = to_bytes(response.into_body(), 10_000).await.unwrap();
    let problem: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(problem["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let lan = Lan::new();
    for (method, path, status, code) in [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/nothing", 404, "not_found"),
        ("DELETE", "/v1/status", 405, "method_not_allowed"),
        ("GET", "/errors/nothing", 404, "not_found"),
        ("GET", "/../Cargo.toml", 404, "not_found"),
    ] {
        let answer = lan.send(ask(method, path)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{method} {path}");
    }
}

#[tokio::test]
async fn every_code_has_its_page() {
    let lan = Lan::new();
    for code in holdfast_shared::error::Code::ALL {
        let page = lan.send(ask("GET", format!("/errors/{}", code.as_str()))).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.as_str().unwrap().contains(code.hint()), "{}", code.as_str());
    }
}

#[tokio::test]
async fn the_web_app_is_served_with_a_tag_and_a_strict_policy() {
    let lan = Lan::new();
    let page = lan.send(ask("GET", "/")).await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"));
    let html = page.body.as_str().unwrap();
    assert!(!html.contains("<style") && !html.contains("onclick") && !html.contains("style="));
    let request = Request::builder().uri("/").header("if-none-match", &page.headers["etag"]);
    let again = lan.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    for path in ["/js/app.js", "/base.css", "/icon.svg", "/manifest.webmanifest"] {
        assert_eq!(lan.send(ask("GET", path)).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn events_need_a_paired_device_and_carry_what_happens() {
    let lan = Lan::new();
    assert_eq!(lan.send(ask("GET", "/v1/events")).await.status, StatusCode::UNAUTHORIZED);
    let token = lan.pair(Role::Picker).await;
    let mut stream = lan.listen(&token).await;
    lan.hub.publish(Event::Status);
    assert_eq!(heard(&mut stream).await, "event: status\ndata: {}\n\n");
}
