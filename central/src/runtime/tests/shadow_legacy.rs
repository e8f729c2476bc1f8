//! The decisions of another system over HTTP: taken once, compared whichever came first, missed in time.

use super::bench::{Answer, Bench};
use super::explain::route;
use super::promises::shop;
use super::shadow::{KEY, diffs, placed, side};
use crate::core::shadow::legacy::WAIT_MS;
use crate::flows::shadow_look::look_at_legacy;
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use holdfast_shared::limits::SHADOW_BATCH_MAX;
use serde_json::{Value, json};

fn said(id: &str, order: &str, node: &str) -> Value {
    json!({
        "id": id, "order": order, "line": 1, "node": node, "kind": "ship", "quantity": 1,
        "decided_at": "2027-01-15T08:00:00Z"
    })
}

async fn tell(bench: &Bench, decisions: &[Value]) -> Answer {
    let body = json!({ "decisions": decisions });
    bench.ask(Method::POST, "/v1/shadow/decisions", KEY, Some(&body)).await
}

async fn look_after(bench: &Bench, ms: i64) {
    let app = &bench.app;
    look_at_legacy(&*app.storage, &app.policies, app.clock.now().utc.plus(ms)).await.unwrap();
}

#[tokio::test]
async fn either_side_may_come_first() {
    let bench = shop().await;
    assert_eq!(tell(&bench, &[said("a", "ref k1", "leeds")]).await.status, StatusCode::OK);
    look_after(&bench, 0).await;
    assert_eq!(side(&bench, "legacy").await, Value::Null, "it waits");
    placed(&bench, "k1").await;
    let later = placed(&bench, "k2").await;
    route(&bench).await;
    look_after(&bench, 30_000).await;
    assert_eq!(side(&bench, "legacy").await["equal"], 1);
    tell(&bench, &[said("b", &later, "LEEDS")]).await;
    look_after(&bench, 30_000).await;
    let told = side(&bench, "legacy").await;
    assert_eq!((&told["compared"], &told["by_class"]), (&json!(2), &json!({ "mapping": 1 })), "{told}");
    let found = diffs(&bench, "?against=legacy").await;
    assert_eq!((&found[0]["order"], &found[0]["sku"]), (&json!(later), &json!("A")), "{found:?}");
    assert!(found[0]["words"].as_str().unwrap().contains("it may be leeds"), "{found:?}");
}

#[tokio::test]
async fn the_same_id_counts_once_and_other_words_under_it_are_told() {
    let bench = shop().await;
    let first = tell(&bench, &[said("a", "ref k1", "leeds"), said("b", "ref k2", "leeds")]).await.json();
    assert_eq!(first, json!({ "taken": 2, "repeated": 0, "conflicting": [] }));
    let again = tell(&bench, &[said("a", "ref k1", "leeds"), said("b", "ref k2", "york")]).await.json();
    assert_eq!(again, json!({ "taken": 0, "repeated": 1, "conflicting": ["b"] }));
}

#[tokio::test]
async fn what_never_comes_is_a_difference_of_its_own() {
    let bench = shop().await;
    tell(&bench, &[said("a", "ref nowhere", "leeds")]).await;
    let silent = placed(&bench, "k1").await;
    route(&bench).await;
    look_after(&bench, WAIT_MS - 1).await;
    assert_eq!(side(&bench, "legacy").await, Value::Null, "not before its time");
    look_after(&bench, WAIT_MS).await;
    let missing = diffs(&bench, "?class=missing_here").await;
    assert_eq!((&missing[0]["order"], &missing[0]["severity"]), (&json!("ref nowhere"), &json!("critical")));
    assert_eq!(diffs(&bench, "?class=missing_there").await.len(), 0, "it has said nothing since");
    let app = &bench.app;
    let now = app.clock.now().utc.plus(WAIT_MS);
    let batch = [serde_json::from_value(said("b", "ref k9", "leeds")).unwrap()];
    app.storage.take_legacy(&"acme".parse().unwrap(), &batch, now).await.unwrap();
    look_after(&bench, WAIT_MS).await;
    let missing = diffs(&bench, "?class=missing_there").await;
    assert_eq!((missing.len(), &missing[0]["order"]), (1, &json!(silent)));
    assert_eq!(missing[0]["here"]["nodes"], json!({ "leeds": 1 }));
    look_after(&bench, WAIT_MS).await;
    assert_eq!(diffs(&bench, "?class=missing_there").await.len(), 1, "once");
    tell(&bench, &[said("c", &silent, "leeds")]).await;
    look_after(&bench, WAIT_MS).await;
    assert_eq!(diffs(&bench, "?class=missing_there").await.len(), 0, "it came after all");
}

#[tokio::test]
async fn batches_that_cannot_be_are_refused_as_a_whole() {
    let bench = shop().await;
    let with = |field: &str, value: Value| {
        let mut one = said("a", "ref k1", "leeds");
        one[field] = value;
        vec![one]
    };
    let many: Vec<Value> =
        (0..=SHADOW_BATCH_MAX).map(|n| said(&format!("d{n}"), "ref k1", "leeds")).collect();
    for (batch, code, part) in [
        (Vec::new(), "invalid_request", "1 to 500"),
        (many, "invalid_request", "this one holds 501"),
        (with("quantity", json!(0)), "invalid_request", "quantity is 0"),
        (with("stock", json!(3)), "unknown_field", "stock"),
        (with("node", json!("x".repeat(65))), "invalid_request", "64 characters"),
        (
            vec![said("a", "o", "leeds"), said("a", "p", "leeds")],
            "invalid_request",
            "as that of an earlier one",
        ),
    ] {
        let refused = tell(&bench, &batch).await;
        assert_eq!(refused.problem(), (400, code.to_owned()), "{}", refused.text);
        assert!(refused.text.contains(part), "{}", refused.text);
    }
    let reader = bench.key("acme", &[Scope::FleetRead]).await;
    let body = json!({ "decisions": [said("a", "ref k1", "leeds")] });
    let refused = bench.ask(Method::POST, "/v1/shadow/decisions", &reader, Some(&body)).await;
    assert_eq!(refused.problem().0, 403);
    let rival = bench.tenant("rival").await;
    bench.ask(Method::POST, "/v1/shadow/decisions", &rival, Some(&body)).await;
    look_after(&bench, WAIT_MS).await;
    assert_eq!(side(&bench, "legacy").await, Value::Null, "what another tenant says is its own");
}
