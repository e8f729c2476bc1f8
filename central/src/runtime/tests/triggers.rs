//! What makes work leave beside a dark store, over HTTP: labels that fail, and stock that is not known.

use super::drills::busy_leeds;
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_label_that_fails_moves_the_work_once_and_the_customer_hears_of_the_date() {
    let (bench, ship, pickup) = busy_leeds().await;
    let carrier = bench.key("acme", &[Scope::FleetWrite]).await;
    let storefront = bench.key("acme", &[Scope::OrdersWrite]).await;
    let at = format!("/v1/tasks/{ship}-1/label-failed");
    let failed = json!({ "reason": "no such postcode" });
    let refused = bench.ask(Method::POST, &at, &storefront, Some(&failed)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let told = bench.ask(Method::POST, &at, &carrier, Some(&failed)).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        answers.push(told.json());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!((&answers[0]["outcome"], &answers[0]["service"]), (&json!("moved"), &json!("standard")));
    let timeline = bench.get(&format!("/v1/orders/{ship}/timeline"), "acme-admin").await.json();
    let kinds: Vec<&str> =
        timeline["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    for kind in ["promise_changed", "label_failed", "recalled", "moved"] {
        assert_eq!(kinds.iter().filter(|told| **told == kind).count(), 1, "{kind}: {kinds:?}");
    }
    let explained = bench.get(&format!("/v1/orders/{ship}/explain"), "acme-admin").await.json();
    assert!(explained["promise"]["new_by"].is_string(), "an hour is too short for any carrier: {explained}");
    let at = format!("/v1/tasks/{pickup}-1/label-failed");
    let none = bench.ask(Method::POST, &at, &carrier, Some(&failed)).await;
    assert_eq!(none.problem().1, "invalid_request", "a pickup has no label");
    let unknown = bench.ask(Method::POST, "/v1/tasks/o9-1/label-failed", &carrier, Some(&failed)).await;
    assert_eq!(unknown.problem(), (404, "unknown_task".to_owned()));
}

#[tokio::test]
async fn a_dry_drill_may_suppose_that_stock_is_not_known_and_a_live_one_may_not() {
    let (bench, ship, _) = busy_leeds().await;
    let drill = |mode: &str| {
        json!({
            "mode": mode, "stores": ["leeds"], "reason": "what if sync stops?", "supposing": "stale_stock"
        })
    };
    let shown = bench.ask(Method::POST, "/v1/drills", "acme-admin", Some(&drill("dry"))).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    let tasks = shown.json()["tasks"].clone();
    let of_ship = |task: &&Value| task["order"] == json!(ship);
    let outcome = tasks.as_array().unwrap().iter().find(of_ship).unwrap()["outcome"].clone();
    assert_eq!((&outcome["outcome"], &outcome["leaves"]), (&json!("moves"), &json!("at_once")), "{tasks}");
    let live = bench.ask(Method::POST, "/v1/drills", "acme-admin", Some(&drill("live"))).await;
    assert_eq!(live.problem().1, "invalid_request", "{}", live.text);
}
