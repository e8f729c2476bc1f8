//! How routing does, over HTTP and in the console.

use super::bench::Bench;
use super::console::{login, page};
use super::explain::{route, routed};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

async fn kpis(bench: &Bench, query: &str) -> Value {
    let answer = bench.get(&format!("/v1/kpis/routing{query}"), KEY).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

/// Two units at leeds, and an order that nobody can take.
pub(super) async fn a_day() -> Bench {
    let (bench, _) = routed().await;
    let order = json!({
        "channel": "marketplace", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "B", "quantity": 1 }]
    });
    let placed = bench.place(KEY, "k2", &order).await.json();
    route(&bench).await;
    let body = json!({ "reason": "no longer wanted" });
    let path = format!("/v1/orders/{}/cancel", placed["order"].as_str().unwrap());
    let cancelled = bench.ask(Method::POST, &path, KEY, Some(&body)).await;
    assert!(cancelled.status.is_success(), "{}", cancelled.text);
    bench
}

#[tokio::test]
async fn what_was_routed_is_counted_by_what_orders_are_and_by_where_they_went() {
    let bench = a_day().await;
    let told = kpis(&bench, "").await;
    let total = &told["total"];
    assert_eq!((&total["counts"]["assigned"], &total["counts"]["units"]), (&json!(1), &json!(2)), "{told}");
    assert_eq!((&total["counts"]["unplaced"], &total["counts"]["cancelled"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&total["rates"]["best_node_share"], &total["rates"]["routing_success"]),
        (&json!(1.0), &json!(0.5))
    );
    assert_eq!(total["rates"]["promise_accuracy"], Value::Null, "of nothing there is no share");
    let names = |told: &Value| -> Vec<String> {
        let name = |slice: &Value| slice["name"].as_str().unwrap_or("none").to_owned();
        told["slices"].as_array().unwrap().iter().map(name).collect()
    };
    assert_eq!(names(&told), ["web", "marketplace"]);
    assert_eq!(told["slices"][0]["counts"]["units"], 2);
    assert_eq!(names(&kpis(&bench, "?by=kind").await), ["ship"]);
    assert_eq!(names(&kpis(&bench, "?by=region").await), ["none"]);
    assert_eq!(names(&kpis(&bench, "?by=node").await), ["leeds"]);
    let by_policy = names(&kpis(&bench, "?by=policy").await);
    assert!(by_policy.len() == 1 && by_policy[0].starts_with("v0 "), "{by_policy:?}");
    assert_eq!((&told["days"][0]["day"], told["days"].as_array().unwrap().len()), (&json!("2027-01-15"), 1));
    let before = kpis(&bench, "?from=2027-01-01&to=2027-01-14").await;
    assert_eq!((&before["total"]["counts"]["units"], &before["slices"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn others_see_nothing_and_what_cannot_be_meant_is_refused() {
    let bench = a_day().await;
    let theirs = bench.tenant("rival").await;
    let told = bench.get("/v1/kpis/routing", &theirs).await.json();
    assert_eq!((&told["total"]["counts"]["units"], &told["slices"]), (&json!(0), &json!([])));
    for (query, words) in
        [("from=2025-01-01", "days"), ("by=weather", "weather"), ("since=2026-01-01", "since")]
    {
        let refused = bench.get(&format!("/v1/kpis/routing?{query}"), KEY).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(refused.text.contains(words), "{query}: {}", refused.text);
    }
}

#[tokio::test]
async fn the_console_shows_bars_by_day_and_a_table() {
    let bench = a_day().await;
    let cookie = login(&bench, KEY).await;
    let shown = page(&bench, "/console/routing?by=node", &cookie).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    for words in [
        "How routing does",
        "<title>2027-01-15: 100.0%</title>",
        "Units that the best node got",
        "<a href=\"/console/stores/leeds\">leeds</a>",
        "Best node",
    ] {
        assert!(shown.text.contains(words), "{words}: {}", shown.text);
    }
    assert!(!shown.text.contains(" style="), "nothing inline");
    let empty = page(&bench, "/console/routing?from=2026-12-01&to=2026-12-02", &cookie).await;
    assert!(empty.text.contains("Nothing was routed in these days"));
    let author = login(&bench, &bench.key("acme", &[Scope::PolicyWrite]).await).await;
    assert_eq!(page(&bench, "/console/routing", &author).await.problem().0, 403);
}

#[tokio::test]
async fn the_share_of_the_best_node_is_a_metric() {
    let bench = a_day().await;
    let metrics = bench.get("/metrics", "").await.text;
    for name in
        ["holdfast_routed_units_total{best_node=\"yes\",tenant=\"acme\"}", "holdfast_reservation_seconds"]
    {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
}
