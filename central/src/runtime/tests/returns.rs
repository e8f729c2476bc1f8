//! Returns over HTTP and in the console: what is refused, and who may ask.

use super::bench::{Bench, bench, bench_on, order_json};
use super::console::{form, login, page};
use crate::adapters::sqlite::SqliteStore;
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use holdfast_platform::sqlite::{Mode, Options, Place};
use rusqlite::Connection;
use serde_json::{Value, json};

fn wish(quantity: i64) -> Value {
    json!({ "lines": [{ "line": 1, "quantity": quantity, "reason": "wrong_size" }] })
}

#[tokio::test]
async fn what_cannot_be_returned_is_refused_with_its_reason() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let placed = bench.place(&admin, "k1", &order_json(2)).await;
    let order = placed.json()["order"].as_str().unwrap().to_owned();
    let path = format!("/v1/orders/{order}/returns");
    let ask = async |key: &[(&str, &str)], body: Value| {
        bench.ask_with(Method::POST, &path, &admin, Some(&body), key).await.problem()
    };
    let key: &[(&str, &str)] = &[("idempotency-key", "r1")];
    assert_eq!(ask(&[], wish(1)).await, (400, "missing_idempotency_key".to_owned()));
    assert_eq!(ask(key, wish(1)).await, (409, "illegal_transition".to_owned()), "nothing has left");
    assert_eq!(ask(key, wish(0)).await, (422, "invalid_quantity".to_owned()));
    assert_eq!(ask(key, json!({ "lines": [] })).await, (400, "invalid_request".to_owned()));
    let mut other = wish(1);
    other["lines"][0]["reason"] = json!("boredom");
    assert_eq!(ask(key, other).await, (400, "invalid_request".to_owned()));
    let mut exchange = wish(1);
    exchange["wished"] = json!("exchange");
    assert_eq!(ask(key, exchange).await, (400, "invalid_request".to_owned()));
    let mut typing = wish(1);
    typing["lins"] = json!([]);
    assert_eq!(ask(key, typing).await, (400, "unknown_field".to_owned()));
    assert_eq!(bench.get(&path, &admin).await.json(), json!({ "returns": [] }));
    let unknown = bench.get("/v1/orders/o-nobody/returns", &admin).await;
    assert_eq!(unknown.problem(), (404, "unknown_order".to_owned()));
}

#[tokio::test]
async fn a_return_is_decided_by_customer_service_and_seen_by_its_tenant() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let reason = json!({ "reason": "a good customer" });
    let approve = "/v1/returns/o-1-r1/approve";
    let missing = bench.ask(Method::POST, approve, &admin, Some(&reason)).await;
    assert_eq!(missing.problem(), (404, "not_found".to_owned()));
    let silent = bench.ask(Method::POST, approve, &admin, Some(&json!({ "reason": " " }))).await;
    assert_eq!(silent.problem(), (400, "invalid_request".to_owned()));
    let reader = bench.key("acme", &[Scope::OrdersRead]).await;
    assert_eq!(bench.ask(Method::POST, approve, &reader, Some(&reason)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(bench.get("/v1/returns", &reader).await.status, StatusCode::FORBIDDEN, "it names stores");
    let listed = bench.get("/v1/returns?state=asked&store=leeds", &admin).await.json();
    assert_eq!(listed, json!({ "returns": [], "next": null }));
    let wrong = bench.get("/v1/returns?state=lost", &admin).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text);
    let cookie = login(&bench, &admin).await;
    let shown = page(&bench, "/console/returns?state=asked", &cookie).await;
    assert!(
        shown.text.contains("Goods that come back") && shown.text.contains("No returns"),
        "{}",
        shown.text
    );
    let act = form(&bench, "/console/returns/o-1-r1/lose", &cookie, "reason=x", "same-origin").await;
    assert_eq!(act.status, StatusCode::BAD_REQUEST, "{}", act.text);
}

/// A return that a store began without being asked, as its sync would write it; and what to keep alive beside it.
async fn begun_by_a_store() -> (Bench, String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("central.db");
    let options = Options { mode: Mode::Inline, ..Options::default() };
    let bench = bench_on(SqliteStore::open(&Place::File(path.clone()), options, [7; 8]).unwrap(), None);
    let admin = bench.tenant("acme").await;
    let placed = bench.place(&admin, "k1", &order_json(2)).await;
    let order = placed.json()["order"].as_str().unwrap().to_owned();
    let receipt = json!({ "said": "received", "fact": "till.1.1", "store": "zq-leeds", "line": 1, "sku": "TEE-1",
        "units": 1, "condition": "sellable" });
    let conn = Connection::open(&path).unwrap();
    conn.execute(
        "INSERT INTO order_return (tenant, order_id, number, return_id, state, facts, entry, asked_at, changed_at)
         VALUES ('acme', ?1, 1, ?1 || '-r1', 'asked', 2, 1, 1800000000000, 1800000000000)",
        [&order],
    )
    .unwrap();
    for (sequence, said) in [(1, json!({ "said": "adopted", "store": "zq-leeds" })), (2, receipt)] {
        let row = "INSERT INTO return_fact (tenant, order_id, number, sequence, at, actor, said)
            VALUES ('acme', ?1, 1, ?2, 1800000000000, 'zq-till', ?3)";
        conn.execute(row, rusqlite::params![order, sequence, said.to_string()]).unwrap();
    }
    (bench, order, folder)
}

#[tokio::test]
async fn a_storefront_hears_of_a_return_and_of_no_store_and_no_person() {
    let (bench, order, _folder) = begun_by_a_store().await;
    let shop = bench.key("acme", &[Scope::OrdersRead, Scope::OrdersWrite]).await;
    let paths = [format!("/v1/returns/{order}-r1"), format!("/v1/orders/{order}/returns")];
    for path in &paths {
        let told = bench.get(path, &shop).await;
        assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
        assert!(told.text.contains("\"sellable\":1") && !told.text.contains("zq-"), "{path}: {}", told.text);
        let support = bench.get(path, "acme-admin").await;
        assert!(support.text.contains("zq-leeds"), "{path}: {}", support.text);
    }
    let facts = bench.get(&paths[0], "acme-admin").await.json();
    assert_eq!(facts["facts"].as_array().map(Vec::len), Some(2), "{facts}");
}

#[tokio::test]
async fn what_a_person_says_of_a_return_is_a_step_of_its_orders_trace() {
    let (bench, order, _folder) = begun_by_a_store().await;
    let reason = json!({ "reason": "a good customer" });
    let path = format!("/v1/returns/{order}-r1/approve");
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let heads = [("traceparent", parent)];
    let approved = bench.ask_with(Method::POST, &path, "acme-admin", Some(&reason), &heads).await;
    assert_eq!(approved.status, StatusCode::OK, "{}", approved.text);
    let refused = bench.ask_with(Method::POST, &path, "acme-admin", Some(&reason), &heads).await;
    assert_eq!(refused.problem().0, 409);
    let told = bench.get(&format!("/v1/orders/{order}/trace"), "acme-admin").await.json();
    let steps = told["steps"].as_array().unwrap();
    let asked: Vec<&Value> = steps.iter().filter(|step| step["name"] == "return approved").collect();
    assert_eq!(asked.len(), 1, "what was refused did nothing: {told}");
    assert_eq!(asked[0]["link"]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert!(steps.iter().any(|step| step["name"] == "return_approved"), "{told}");
}
