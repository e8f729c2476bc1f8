//! A whole order is cancelled over HTTP: once under its key, and by its state without one.

use super::bench::{Answer, Bench, bench, order_json};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

async fn placed(bench: &Bench, admin: &str, key: &str) -> String {
    let placed = bench.place(admin, key, &order_json(2)).await;
    format!("/v1/orders/{}/cancel", placed.json()["order"].as_str().unwrap())
}

async fn ask(bench: &Bench, admin: &str, path: &str, key: Option<&str>, body: &Value) -> Answer {
    let heads: Vec<(&str, &str)> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
    bench.ask_with(Method::POST, path, admin, Some(body), &heads).await
}

#[tokio::test]
async fn under_a_key_the_same_wish_gets_the_same_answer() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let path = placed(&bench, &admin, "k1").await;
    let wish = json!({ "reason": "changed my mind" });
    let first = ask(&bench, &admin, &path, Some("c1"), &wish).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text);
    let first = first.json();
    assert_eq!((&first["cancelled_units"], first.get("replayed")), (&json!(2), None));
    let again = ask(&bench, &admin, &path, Some("c1"), &wish).await;
    assert_eq!((again.status, &again.json()["replayed"]), (StatusCode::ACCEPTED, &json!(true)));
    assert_eq!((&again.json()["cancelled_units"], &again.json()["change"]), (&json!(2), &first["change"]));
    let part = json!({ "reason": "fewer", "lines": [{ "line": 1, "quantity": 1 }] });
    let reused = ask(&bench, &admin, &path, Some("c1"), &part).await;
    assert_eq!(reused.problem(), (409, "idempotency_key_reused".to_owned()));
    let other = placed(&bench, &admin, "k2").await;
    let reused = ask(&bench, &admin, &other, Some("c1"), &wish).await;
    assert_eq!(reused.problem(), (409, "idempotency_key_reused".to_owned()), "it is that of another order");
    let late = ask(&bench, &admin, &path, Some("c2"), &wish).await;
    assert_eq!(late.problem(), (409, "illegal_transition".to_owned()));
    let listed = bench.get(&path.replace("/cancel", "/changes"), &admin).await.json();
    assert_eq!(listed["changes"].as_array().map(Vec::len), Some(1), "{listed}");
}

#[tokio::test]
async fn without_a_key_the_state_alone_says_whether_it_was_done() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let path = placed(&bench, &admin, "k1").await;
    let wish = json!({ "reason": "changed my mind" });
    let first = ask(&bench, &admin, &path, None, &wish).await;
    assert_eq!((first.status, &first.json()["cancelled_units"]), (StatusCode::ACCEPTED, &json!(2)));
    assert_eq!(
        ask(&bench, &admin, &path, None, &wish).await.problem(),
        (409, "illegal_transition".to_owned())
    );
    let part = json!({ "reason": "fewer", "lines": [{ "line": 1, "quantity": 1 }] });
    let keyless = ask(&bench, &admin, &path, None, &part).await;
    assert_eq!(keyless.problem(), (400, "missing_idempotency_key".to_owned()));
    let spoilt = ask(&bench, &admin, &path, Some("two words \u{e9}"), &wish).await;
    assert_eq!(
        spoilt.problem(),
        (400, "invalid_request".to_owned()),
        "a key that is none is not passed over"
    );
    let silent = ask(&bench, &admin, &path, Some("c1"), &json!({ "reason": " " })).await;
    assert_eq!(silent.problem(), (400, "invalid_request".to_owned()));
}
