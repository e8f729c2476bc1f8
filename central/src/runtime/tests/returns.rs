//! Returns over HTTP and in the console: what is refused, and who may ask.

use super::bench::{bench, order_json};
use super::console::{form, login, page};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
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
