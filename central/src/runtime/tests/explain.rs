//! One order explained over HTTP and in the console: who had it by which fence, and the whole of each decision.

use super::bench::Bench;
use super::console::{login, page};
use super::promises::shop;
use crate::flows::in_force::know_in_force;
use crate::flows::route_orders::{Router, route_orders};
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

async fn route(bench: &Bench) {
    let app = &bench.app;
    know_in_force(&*app.storage, &app.policies).await.unwrap();
    let decision_id = || "d-1".parse().unwrap();
    let router = Router {
        watch: &app.watch,
        poke: &*app.poke,
        policy: &*app.policies,
        stock: &app.stock,
        carriers: &app.carriers,
        decision_id: &decision_id,
    };
    route_orders(&*app.storage, &router, app.clock.now()).await.unwrap();
}

/// An order of two units of A, which leeds has, and its id.
async fn routed() -> (Bench, String) {
    let bench = shop().await;
    let order = json!({
        "channel": "web", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "A", "quantity": 2 }]
    });
    let placed = bench.place(KEY, "k", &order).await.json();
    route(&bench).await;
    (bench, placed["order"].as_str().unwrap().to_owned())
}

async fn explained(bench: &Bench, order: &str, query: &str) -> Value {
    bench.get(&format!("/v1/orders/{order}/explain{query}"), KEY).await.json()
}

#[tokio::test]
async fn an_order_tells_who_had_it_by_which_fence() {
    let (bench, order) = routed().await;
    let told = explained(&bench, &order, "").await;
    let offered = &told["fences"][0];
    assert_eq!(
        (&offered["kind"], &offered["words"]),
        (&json!("offered"), &json!("offered to leeds")),
        "{told}"
    );
    let task = offered["task"].as_str().unwrap();
    let body = json!({ "reason": "the van broke down" });
    bench.ask(axum::http::Method::POST, &format!("/v1/tasks/{task}/take-back"), KEY, Some(&body)).await;
    let told = explained(&bench, &order, "").await;
    let kinds: Vec<&str> =
        told["fences"].as_array().unwrap().iter().map(|step| step["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"offered"), Some(&"taken_back")), "{told}");
    let last = told["fences"].as_array().unwrap().last().unwrap();
    assert_eq!(last["fence"], offered["fence"]);
    assert!(last["words"].as_str().unwrap().contains("the van broke down"), "{last}");
}

#[tokio::test]
async fn the_page_of_an_order_shows_scores_by_term_and_fences() {
    let (bench, order) = routed().await;
    let cookie = login(&bench, KEY).await;
    let shown = page(&bench, &format!("/console/orders/{order}"), &cookie).await.text;
    for words in [
        "Who had it, by fence",
        "offered to leeds",
        "Chosen: Closest store",
        "hand over by",
        "<th>distance</th>",
        "Store leeds (chosen)",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}
