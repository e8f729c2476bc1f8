//! A version asked over HTTP what it would decide: it answers in full, and nothing comes of it.

use super::bench::{Bench, bench_on, order_json};
use super::explain::route;
use super::promises::shop_in;
use crate::adapters::sqlite::{SqliteStore, back_up};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use holdfast_platform::sqlite::{Mode, Options, Place};
use serde_json::{Value, json};
use std::path::Path;

const KEY: &str = "acme-admin";

async fn shop_on_disk(folder: &Path) -> Bench {
    let options = Options { mode: Mode::Inline, ..Options::default() };
    let place = Place::File(folder.join("central.db"));
    shop_in(bench_on(SqliteStore::open(&place, options, [7; 8]).unwrap(), None)).await
}

/// The whole database, row for row, as one file.
fn copied(folder: &Path, name: &str) -> Vec<u8> {
    let to = folder.join(name);
    back_up(&folder.join("central.db"), &to).unwrap();
    std::fs::read(to).unwrap()
}

async fn draft(bench: &Bench, text: &str) -> u64 {
    let author = bench.key("acme", &[Scope::PolicyWrite]).await;
    let draft = json!({ "text": text, "reason": "a trial" });
    bench.ask(Method::POST, "/v1/policies", &author, Some(&draft)).await.json()["version"].as_u64().unwrap()
}

async fn asked(bench: &Bench, version: u64, question: &Value) -> super::bench::Answer {
    let path = format!("/v1/policies/{version}/dry-run");
    bench.ask(Method::POST, &path, KEY, Some(question)).await
}

fn order_of(quantity: i64) -> Value {
    let mut order = order_json(quantity);
    order["lines"][0]["sku"] = json!("A");
    order
}

#[tokio::test]
async fn a_draft_answers_about_an_order_a_cart_and_a_demand_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bench = shop_on_disk(folder.path()).await;
    let version = draft(&bench, "[stock.classes.default]\nbuffer_units = 1\n").await;
    let placed = bench.place(KEY, "k", &order_of(1)).await.json()["order"].clone();
    route(&bench).await;
    let cart = json!({
        "channel": "web", "kinds": ["ship", "pickup"], "destination": { "latitude": 53.8, "longitude": -1.5 },
        "pickup_store": "leeds", "lines": [{ "sku": "A", "quantity": 2 }]
    });
    let before = copied(folder.path(), "before.db");
    for (question, decisions) in
        [(json!({ "order": placed }), 1), (json!({ "cart": cart }), 2), (json!({ "demand": order_of(3) }), 1)]
    {
        let answer = asked(&bench, version, &question).await;
        assert_eq!(answer.status, StatusCode::OK, "{question}: {}", answer.text);
        let told = answer.json();
        assert!(told["policy"].as_str().unwrap().starts_with(&format!("v{version} ")), "{told}");
        assert_eq!(told["decisions"].as_array().unwrap().len(), decisions, "{told}");
        let first = &told["decisions"][0];
        assert_eq!(first["choice"]["parcels"][0]["store"], "leeds", "{told}");
        assert!(first["choice"]["parcels"][0]["journey"]["arrives_by"].is_string(), "{told}");
        assert!(
            first["rungs"][0]["candidates"][0]["verdict"]["verdict"].is_string(),
            "the whole decision: {told}"
        );
    }
    assert!(copied(folder.path(), "after.db") == before, "the database is what it was, byte for byte");
    bench.place(KEY, "k2", &order_of(1)).await;
    assert!(copied(folder.path(), "placed.db") != before, "an order would have been seen");
}

#[tokio::test]
async fn the_version_that_is_asked_also_says_how_stock_is_sold() {
    let folder = tempfile::tempdir().unwrap();
    let bench = shop_on_disk(folder.path()).await;
    let version = draft(&bench, "[stock.classes.default]\nbuffer_units = 4\n").await;
    let question = json!({ "demand": order_of(3) });
    let in_force = asked(&bench, 0, &question).await.json();
    assert_eq!(in_force["decisions"][0]["choice"]["choice"], "assign", "{in_force}");
    let buffered = asked(&bench, version, &question).await.json();
    let given = &buffered["decisions"][0]["choice"];
    assert_ne!(given["parcels"][0]["lines"][0]["quantity"], json!(3), "five less four are one: {buffered}");
}

#[tokio::test]
async fn questions_that_cannot_be_are_refused_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let bench = shop_on_disk(folder.path()).await;
    let mut held = json!({
        "channel": "web", "kinds": ["ship"], "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "A", "quantity": 2 }], "hold": { "ttl_s": 60 }
    });
    for (question, status, code) in [
        (json!({}), 400, "invalid_request"),
        (json!({ "demand": order_of(1), "order": "o-1" }), 400, "invalid_request"),
        (json!({ "cart": held.clone() }), 400, "invalid_request"),
        (json!({ "order": "o-none" }), 404, "unknown_order"),
        (json!({ "demand": order_json(1), "now": 3 }), 400, "unknown_field"),
        (json!({ "demand": order_of(0) }), 422, "invalid_quantity"),
    ] {
        assert_eq!(asked(&bench, 0, &question).await.problem(), (status, code.to_owned()), "{question}");
    }
    held["hold"] = Value::Null;
    held["lines"][0]["sku"] = json!("NOPE");
    assert_eq!(asked(&bench, 0, &json!({ "cart": held })).await.problem().1, "unknown_sku");
    let nowhere = asked(&bench, 99, &json!({ "demand": order_of(1) })).await;
    assert_eq!(nowhere.problem(), (404, "unknown_policy".to_owned()));
}
