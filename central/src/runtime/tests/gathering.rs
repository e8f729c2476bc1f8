//! A pickup at a store that has nothing of it, over HTTP and in the console: others send it there.

use super::bench::Bench;
use super::console::{login, page};
use super::policies::People;
use super::promises::shop;
use crate::core::test_support::beat;
use crate::flows::evaluate::evaluate;
use crate::flows::in_force::know_in_force;
use crate::flows::route_orders::{Routed, Router, route_orders};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

async fn route(bench: &Bench) -> Routed {
    let app = &bench.app;
    know_in_force(&*app.storage, &app.policies).await.unwrap();
    let next = app.decision_id;
    let router = Router { watch: &app.watch, poke: &*app.poke, policy: &*app.policies, decision_id: &next };
    route_orders(&*app.storage, &router, app.clock.now()).await.unwrap()
}

fn pickup() -> Value {
    json!({
        "channel": "web", "kind": "pickup", "pickup_store": "york",
        "destination": { "latitude": 53.8, "longitude": -1.5 }, "lines": [{ "sku": "A", "quantity": 2 }]
    })
}

/// Leeds has five units of A, york has none and pickups are gathered there; an order of two waits.
async fn gathered() -> (Bench, String) {
    let bench = shop().await;
    bench.put_store(KEY, "york").await;
    let now = bench.app.clock.now();
    bench.app.watch.with(|observatory| observatory.hear(beat("york", "b1", 1), now.mono));
    evaluate(&*bench.app.storage, &bench.app.watch, now).await.unwrap();
    let author = bench.key("acme", &[Scope::PolicyWrite]).await;
    let second = bench.key("acme", &[Scope::PolicyApprove]).await;
    let people = People { bench, author, second };
    people.active("[routing.consolidate]\npickup = 'always'\n").await;
    let bench = people.bench;
    let placed = bench.place(KEY, "k", &pickup()).await;
    assert_eq!(placed.status, StatusCode::ACCEPTED, "{}", placed.text);
    let order = placed.json()["order"].as_str().unwrap().to_owned();
    let routed = route(&bench).await;
    assert_eq!((routed.gathered, routed.backordered), (1, 0));
    (bench, order)
}

#[tokio::test]
async fn a_storefront_learns_that_its_order_comes_together_and_not_where() {
    let (bench, order) = gathered().await;
    let told = bench.get(&format!("/v1/orders/{order}"), KEY).await;
    assert_eq!(told.json()["state"], "placed");
    assert!(told.json()["gathering"]["due_at"].is_string(), "{}", told.text);
    assert!(!told.text.contains("york") && !told.text.contains("leeds"), "{}", told.text);
}

#[tokio::test]
async fn customer_service_sees_what_travels_and_for_whom() {
    let (bench, order) = gathered().await;
    let assigned = route(&bench).await;
    assert_eq!(assigned.assigned, 1, "what travels is an order like any other");
    let told = bench.get(&format!("/v1/orders/{order}/explain"), KEY).await.json();
    let gathering = &told["gathering"];
    assert_eq!(gathering["store"], "york", "{told}");
    assert_eq!(gathering["units"], json!([{ "sku": "A", "wanted": 2, "arrived": 0 }]));
    assert_eq!(told["decisions"][0]["gather"]["feeders"][0]["store"], "leeds");
    let child = gathering["child"].as_str().unwrap();
    let travels = bench.get(&format!("/v1/orders/{child}/explain"), KEY).await.json();
    assert_eq!(
        (&travels["gathering"]["order"], &travels["fences"][0]["words"]),
        (&json!(order), &json!("offered to leeds"))
    );
    let cookie = login(&bench, KEY).await;
    for (shown, other) in [(order.as_str(), child), (child, order.as_str())] {
        let text = page(&bench, &format!("/console/orders/{shown}"), &cookie).await.text;
        assert!(text.contains("Gathered at one store") && text.contains("0 of 2 × A"), "{text}");
        assert!(text.contains(&format!("/console/orders/{other}")), "{text}");
    }
}

#[tokio::test]
async fn an_order_that_is_cancelled_meanwhile_asks_its_goods_back() {
    let (bench, order) = gathered().await;
    let body = json!({ "reason": "changed my mind" });
    let asked = bench.ask(Method::POST, &format!("/v1/orders/{order}/cancel"), KEY, Some(&body)).await;
    assert_eq!(asked.json()["cancelled_units"], 2, "{}", asked.text);
    let told = bench.get(&format!("/v1/orders/{order}"), KEY).await.json();
    assert_eq!(told["gathering"]["ended_by"], "cancelled", "{told}");
    let travels = bench.get(&format!("/v1/orders/{order}-g"), KEY).await.json();
    assert_eq!(travels["state"], "cancelled");
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_gathered_and_gathers_nothing() {
    let (bench, order) = gathered().await;
    let asked = json!({ "demand": pickup() });
    let told = bench.ask(Method::POST, "/v1/policies/1/dry-run", KEY, Some(&asked)).await;
    let decision = &told.json()["decisions"][0];
    assert_eq!(decision["gather"]["feeders"][0]["store"], "leeds", "{}", told.text);
    assert!(decision["words"].as_str().unwrap().contains("Instead of"), "{}", told.text);
    let open = bench.get("/v1/gatherings", KEY).await.json();
    let orders: Vec<&Value> =
        open["gatherings"].as_array().unwrap().iter().map(|one| &one["order"]).collect();
    assert_eq!(orders, [&json!(order)], "only the one from before");
}

#[tokio::test]
async fn what_is_on_its_way_is_told_by_store() {
    let (bench, order) = gathered().await;
    route(&bench).await;
    for path in ["/v1/gatherings", "/v1/gatherings?store=york"] {
        let told = bench.get(path, KEY).await.json();
        let one = &told["gatherings"][0];
        assert_eq!((&one["order"], &one["store"]), (&json!(order), &json!("york")), "{told}");
        let parcel = &one["parcels"][0];
        assert_eq!(
            (&parcel["from"], &parcel["lines"]),
            (&json!("leeds"), &json!([{ "sku": "A", "units": 2 }]))
        );
        assert_eq!(parcel.get("left_at"), None, "leeds has not handed it over");
    }
    assert_eq!(bench.get("/v1/gatherings?store=leeds", KEY).await.json()["gatherings"], json!([]));
    assert_eq!(bench.get("/v1/gatherings?shop=york", KEY).await.status, StatusCode::BAD_REQUEST);
    let cookie = login(&bench, KEY).await;
    let text = page(&bench, "/console/gatherings", &cookie).await.text;
    assert!(text.contains("0 of 2 units are here") && text.contains("being made ready"), "{text}");
}
