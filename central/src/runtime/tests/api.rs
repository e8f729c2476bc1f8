//! The API: who may what, and what is refused how.

use super::bench::{bench, order_json, store_json};
use crate::adapters::http::{DOORS, Needs};
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode, header};
use holdfast_shared::limits::BODY_BYTES_MAX;
use holdfast_shared::time::UtcMs;
use serde_json::json;

#[tokio::test]
async fn each_door_opens_for_its_scopes_and_for_nobody_else() {
    let bench = bench();
    let mut tokens = Vec::new();
    for scope in Scope::ALL {
        tokens.push((scope, bench.key("acme", &[scope]).await));
    }
    for (method, path, needs) in DOORS {
        let (Needs::AnyOf(scopes) | Needs::OrCustomer(scopes)) = needs else { continue };
        let path = path.replace("{order}", "x").replace("{store}", "x").replace("{exception}", "x");
        let path = path
            .replace("{key}", "x")
            .replace("{fact}", "x")
            .replace("{task}", "x")
            .replace("{promise}", "x");
        let stranger = bench.ask(method.clone(), &path, "", None).await;
        assert_eq!(stranger.problem(), (401, "unauthenticated".to_owned()), "{method} {path}");
        let path = path.replace("{consumer}", "x").replace("{event}", "1").replace("{kind}", "OrderPlaced");
        for (scope, token) in &tokens {
            if path.ends_with("/stream") && (scopes.contains(scope) || *scope == Scope::Admin) {
                continue; // Never ends; its own test opens it.
            }
            let answer = bench.ask(method.clone(), &path, token, None).await;
            let opened = !matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            let may = scopes.contains(scope) || *scope == Scope::Admin;
            assert_eq!(opened, may, "{method} {path} with {}: {}", scope.as_str(), answer.text);
        }
    }
}

/// Doors to what names people, stores, reasons or money's ways; a list of its own, so that a slip in the table is seen.
const FOR_SERVICE: &[&str] = &[
    "GET /v1/orders/{order}/explain",
    "GET /v1/orders/{order}/trace",
    "GET /v1/orders/{order}/steps",
    "POST /v1/orders/{order}/erase",
    "POST /v1/orders/{order}/payment/retry",
    "GET /v1/customers/{customer}",
    "POST /v1/customers/{customer}/erase",
    "GET /v1/returns",
    "POST /v1/returns/{return}/approve",
    "POST /v1/returns/{return}/refuse",
    "POST /v1/returns/{return}/damaged",
    "GET /v1/webhooks/carriers",
    "GET /v1/webhooks/payments",
    "GET /v1/stores/{store}/tasks",
    "POST /v1/tasks/{task}/take-back",
    "GET /v1/exceptions",
    "POST /v1/exceptions/{exception}/repair",
    "GET /v1/reconciliation/report",
    "GET /v1/activity",
    "GET /v1/events",
];
const FOR_ADMINS: &[&str] = &[
    "GET /v1/audit",
    "POST /v1/api-keys",
    "GET /v1/api-keys",
    "DELETE /v1/api-keys/{key}",
    "PUT /v1/consumers/{consumer}",
    "DELETE /v1/consumers/{consumer}",
    "GET /v1/consumers/{consumer}/secrets",
    "POST /v1/consumers/{consumer}/secrets",
];

fn scopes_of(door: &str) -> &'static [Scope] {
    let found = DOORS.iter().find(|(method, path, _)| format!("{method} {path}") == door);
    match found.unwrap_or_else(|| panic!("there is no {door}")) {
        (_, _, Needs::AnyOf(scopes)) => scopes,
        (_, _, other) => panic!("{door} needs {other:?}"),
    }
}

#[test]
fn what_is_for_customer_service_or_admins_is_not_for_a_storefronts_key() {
    for door in FOR_SERVICE {
        let storefront = [Scope::OrdersRead, Scope::OrdersWrite];
        let opens = |scope: &Scope| storefront.contains(scope);
        assert!(!scopes_of(door).iter().any(opens), "{door} opens for {:?}", scopes_of(door));
    }
    for door in FOR_ADMINS {
        assert_eq!(scopes_of(door), [Scope::Admin], "{door}");
    }
}

#[tokio::test]
async fn a_tenant_sees_nothing_of_another() {
    let bench = bench();
    let (ours, theirs) = (bench.tenant("acme").await, bench.tenant("rival").await);
    bench.put_store(&ours, "leeds").await;
    let order = bench.place(&ours, "k1", &order_json(1)).await.json()["order"].as_str().unwrap().to_owned();
    for path in ["", "/timeline", "/explain"] {
        let answer = bench.get(&format!("/v1/orders/{order}{path}"), &theirs).await;
        assert_eq!(answer.problem(), (404, "unknown_order".to_owned()));
    }
    let reason = json!({ "reason": "mischief" });
    let cancel = bench.ask(Method::POST, &format!("/v1/orders/{order}/cancel"), &theirs, Some(&reason)).await;
    assert_eq!(cancel.problem(), (404, "unknown_order".to_owned()));
    for path in ["", "/history", "/tasks"] {
        let answer = bench.get(&format!("/v1/stores/leeds{path}"), &theirs).await;
        assert_eq!(answer.problem(), (404, "unknown_store".to_owned()));
    }
    assert_eq!(bench.get("/v1/orders", &theirs).await.json()["orders"], json!([]));
    assert_eq!(bench.get("/v1/stores", &theirs).await.json()["stores"], json!([]));
    let same_key = bench.place(&theirs, "k1", &order_json(2)).await;
    assert_eq!(same_key.status, StatusCode::ACCEPTED, "keys of two tenants do not meet: {}", same_key.text);
}

#[tokio::test]
async fn an_order_is_taken_once_for_its_key() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let first = bench.place(&admin, "k1", &order_json(1)).await;
    assert_eq!((first.status, &first.json()["replayed"]), (StatusCode::ACCEPTED, &json!(false)));
    let again = bench.place(&admin, "k1", &order_json(1)).await;
    assert_eq!((again.status, &again.json()["replayed"]), (StatusCode::ACCEPTED, &json!(true)));
    for same in ["order", "trace_id", "status_url"] {
        assert_eq!(first.json()[same], again.json()[same]);
    }
    let other = bench.place(&admin, "k1", &order_json(2)).await;
    assert_eq!(other.problem(), (409, "idempotency_key_reused".to_owned()));
    let keyless = bench.ask(Method::POST, "/v1/orders", &admin, Some(&order_json(1))).await;
    assert_eq!(keyless.problem(), (400, "missing_idempotency_key".to_owned()));
    let status = bench.get(first.json()["status_url"].as_str().unwrap(), &admin).await;
    assert_eq!(status.json()["state"], "placed");
}

#[tokio::test]
async fn bad_orders_are_refused_with_what_is_wrong() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let mut unknown_field = order_json(1);
    unknown_field["frill"] = json!(true);
    let mut unknown_sku = order_json(1);
    unknown_sku["lines"][0]["sku"] = json!("NOPE");
    let mut wrong_type = order_json(1);
    wrong_type["lines"][0]["quantity"] = json!("one");
    for (body, expected) in [
        (unknown_field, (400, "unknown_field")),
        (unknown_sku, (404, "unknown_sku")),
        (wrong_type, (400, "invalid_request")),
        (order_json(-1), (422, "invalid_quantity")),
        (order_json(1_000_001), (422, "invalid_quantity")),
    ] {
        let (status, code) = bench.place(&admin, "k", &body).await.problem();
        assert!((400..=422).contains(&status) && code == expected.1, "{body}: {status} {code}");
    }
    let mut huge = order_json(1);
    huge["note"] = json!("x".repeat(BODY_BYTES_MAX));
    assert_eq!(bench.place(&admin, "k", &huge).await.problem(), (413, "body_too_large".to_owned()));
    let query = bench.get("/v1/orders?stat=placed", &admin).await;
    assert_eq!(query.problem(), (400, "unknown_field".to_owned()));
    assert_eq!(bench.get("/v1/orders?limit=0", &admin).await.problem().1, "invalid_request");
}

#[tokio::test]
async fn a_storefront_learns_no_store() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let shop = bench.key("acme", &[Scope::OrdersWrite]).await;
    let mut pickup = order_json(1);
    pickup["kind"] = json!("pickup");
    pickup["pickup_store"] = json!("leeds");
    let order = bench.place(&shop, "k1", &pickup).await.json()["order"].as_str().unwrap().to_owned();
    for path in ["", "/timeline"] {
        let answer = bench.get(&format!("/v1/orders/{order}{path}"), &shop).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.text.contains("leeds") && !answer.text.contains("\"store\""), "{}", answer.text);
    }
    let explain = bench.get(&format!("/v1/orders/{order}/explain"), &shop).await;
    assert_eq!(explain.problem(), (403, "forbidden".to_owned()));
}

#[tokio::test]
async fn stores_are_described_closed_and_opened() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let wrong_path = bench.ask(Method::PUT, "/v1/stores/york", &admin, Some(&store_json("leeds"))).await;
    assert_eq!(wrong_path.problem(), (400, "invalid_request".to_owned()));
    let mut nowhere = store_json("york");
    nowhere["zone"] = json!("Europe/Leeds");
    let nowhere = bench.ask(Method::PUT, "/v1/stores/york", &admin, Some(&nowhere)).await;
    assert_eq!(nowhere.problem(), (400, "invalid_request".to_owned()));

    let closure = json!({ "hard": true, "cause": "weather" });
    let closed = bench.ask(Method::PUT, "/v1/stores/leeds/closure", &admin, Some(&closure)).await;
    assert_eq!(closed.status, StatusCode::NO_CONTENT, "{}", closed.text);
    let seen = bench.get("/v1/stores/leeds", &admin).await.json();
    assert_eq!(
        (&seen["closures"][0]["cause"], &seen["closures"][0]["hard"]),
        (&json!("weather"), &json!(true))
    );
    let opened = bench.ask(Method::DELETE, "/v1/stores/leeds/closure", &admin, None).await;
    assert_eq!(opened.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.get("/v1/stores/leeds", &admin).await.json()["closures"], json!([]));
    let nobody = bench.ask(Method::PUT, "/v1/stores/nowhere/closure", &admin, Some(&closure)).await;
    assert_eq!(nobody.problem(), (404, "unknown_store".to_owned()));
}

#[tokio::test]
async fn positions_are_asked_by_repeated_sku() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let found = bench.get("/v1/positions?sku=TEE-1&sku=MUG-2", &admin).await;
    assert_eq!(found.json()["positions"], json!([]));
    assert_eq!(bench.get("/v1/positions", &admin).await.problem().1, "invalid_request");
    assert_eq!(bench.get("/v1/positions?sku=a%20b", &admin).await.problem().1, "invalid_request");
    assert_eq!(bench.get("/v1/positions?sku=A&store=x", &admin).await.problem().1, "unknown_field");
}

#[tokio::test]
async fn an_exception_is_resolved_once_with_a_reason_and_its_author() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let exception = NewException {
        key: "k".to_owned(),
        category: Category::Stuck,
        severity: Severity::Low,
        order: None,
        task: None,
        store: None,
        detail: "d".to_owned(),
        suggestion: "s".to_owned(),
    };
    bench.app.storage.raise(&"acme".parse().unwrap(), &exception, UtcMs(1)).await.unwrap();
    let open = bench.get("/v1/exceptions", &admin).await.json();
    let path = format!("/v1/exceptions/{}/resolve", open["exceptions"][0]["exception"].as_str().unwrap());
    let silent = bench.ask(Method::POST, &path, &admin, Some(&json!({ "resolution": " " }))).await;
    assert_eq!(silent.problem(), (400, "invalid_request".to_owned()));
    let reason = json!({ "resolution": "called them" });
    assert_eq!(bench.ask(Method::POST, &path, &admin, Some(&reason)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.ask(Method::POST, &path, &admin, Some(&reason)).await.problem().0, 404);
    assert_eq!(bench.get("/v1/exceptions", &admin).await.json()["exceptions"], json!([]));
    let all = bench.get("/v1/exceptions?all=true", &admin).await.json();
    assert_eq!(all["exceptions"][0]["resolution"], "called them (key:acme-admin)");
}

#[tokio::test]
async fn a_revoked_key_opens_nothing() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let wanted = json!({ "name": "shop", "scopes": ["orders_read"] });
    let made = bench.ask(Method::POST, "/v1/api-keys", &admin, Some(&wanted)).await.json();
    let (token, key) = (made["token"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert_eq!(bench.get("/v1/orders", token).await.status, StatusCode::OK);
    let listed = bench.get("/v1/api-keys", &admin).await;
    assert!(listed.text.contains(key) && !listed.text.contains(token), "{}", listed.text);
    let path = format!("/v1/api-keys/{key}");
    assert_eq!(bench.ask(Method::DELETE, &path, &admin, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.get("/v1/orders", token).await.problem(), (401, "unauthenticated".to_owned()));
    assert_eq!(bench.ask(Method::DELETE, &path, &admin, None).await.problem().0, 404);
}

#[tokio::test]
async fn a_trace_goes_through_to_the_order_and_back() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let headers = [("idempotency-key", "k"), ("traceparent", parent.as_str())];
    let placed = bench.ask_with(Method::POST, "/v1/orders", &admin, Some(&order_json(1)), &headers).await;
    assert_eq!(placed.json()["trace_id"], trace);
    assert!(placed.headers["traceparent"].to_str().unwrap().starts_with(&format!("00-{trace}-")));
    let refused = bench.ask_with(Method::GET, "/v1/nothing", "", None, &headers).await;
    assert_eq!((refused.problem().1.as_str(), &refused.json()["trace_id"]), ("not_found", &json!(trace)));
}

#[tokio::test]
async fn only_customer_service_takes_work_back() {
    let bench = bench();
    bench.tenant("acme").await;
    let storefront = bench.key("acme", &[Scope::OrdersWrite]).await;
    let support = bench.key("acme", &[Scope::Support]).await;
    for (key, reason, code) in [
        (&storefront, "the van broke down", "forbidden"),
        (&support, " ", "invalid_request"),
        (&support, "the van broke down", "unknown_task"),
    ] {
        let body = json!({ "reason": reason });
        let answer = bench.ask(Method::POST, "/v1/tasks/o-1-1/take-back", key, Some(&body)).await;
        assert_eq!(answer.problem().1, code);
    }
}

#[tokio::test]
async fn what_needs_no_credential_tells_nothing_of_a_tenant() {
    let bench = bench();
    assert_eq!(bench.get("/healthz", "").await.json()["status"], "ok");
    assert_eq!(bench.get("/openapi.json", "").await.json()["openapi"], "3.1.0");
    let page = bench.get("/errors/not_released", "").await;
    assert!(page.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    assert!(page.text.contains("409"));
    assert_eq!(bench.get("/errors/no_such", "").await.problem().0, 404);
    let metrics = bench.get("/metrics", "").await;
    assert!(metrics.text.contains("holdfast_http_requests_total"), "{}", metrics.text);
}
