//! What people tell routing of stores and goods, and what is refused how.

use super::bench::{bench, store_json};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn terms_of_a_store_are_kept_and_shown_again() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let mut store = store_json("leeds");
    let cost = json!({ "per_parcel": { "minor": 250, "currency": "GBP" }, "per_unit": { "minor": 10, "currency": "GBP" } });
    store["handles"] = json!(["age_check", "cold"]);
    store["handling_cost"] = cost.clone();
    store["margin_permille"] = json!(420);
    store["delivers_km"] = json!(8.5);
    let put = bench.ask(Method::PUT, "/v1/stores/leeds", &admin, Some(&store)).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text);
    let shown = bench.get("/v1/stores/leeds", &admin).await.text;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let shown = shown.get("store").filter(|store| store.is_object()).unwrap_or(&shown).clone();
    assert_eq!(shown["handles"], json!(["cold", "age_check"]));
    assert_eq!((&shown["handling_cost"], &shown["delivers_km"]), (&cost, &json!(8.5)));
}

#[tokio::test]
async fn terms_that_cannot_be_are_refused_in_words() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let money = |minor: i64, currency: &str| json!({ "minor": minor, "currency": currency });
    let cases = [
        ("handles", json!(["frozen"]), "`cold`, `hazmat`, `oversize`, `age_check`"),
        ("margin_permille", json!(2_000), "margin_permille is 2000"),
        ("delivers_km", json!(0), "delivers_km is 0"),
        ("handling_cost", json!({ "per_parcel": money(-1, "GBP"), "per_unit": money(0, "GBP") }), "negative"),
        (
            "handling_cost",
            json!({ "per_parcel": money(1, "GBP"), "per_unit": money(0, "EUR") }),
            "GBP and EUR",
        ),
        ("handling_cost", json!({ "per_parcel": money(1, "GBP") }), "per_unit"),
    ];
    for (field, value, told) in cases {
        let mut store = store_json("leeds");
        store[field] = value;
        let put = bench.ask(Method::PUT, "/v1/stores/leeds", &admin, Some(&store)).await;
        assert!(put.status.is_client_error() && put.text.contains(told), "{field}: {}", put.text);
    }
    let items = json!({ "items": [{ "sku": "ICE-1", "name": "Ice", "needs": ["frozen"] }] });
    let put = bench.ask(Method::PUT, "/v1/catalogue", &admin, Some(&items)).await;
    assert!(put.status.is_client_error() && put.text.contains("`cold`, `hazmat`"), "{}", put.text);
}
