//! One trace for an order: whose request it came from, what was asked of it later, and what the answers tell.

use super::bench::{Bench, bench, order_json};
use super::console::{login, page};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const OTHER: &str = "0af7651916cd43dd8448eb211c80319c";

async fn placed(bench: &Bench, admin: &str, key: &str, parent: &str) -> Value {
    let headers = [("idempotency-key", key), ("traceparent", parent), ("tracestate", "shop=t61")];
    let placed = bench.ask_with(Method::POST, "/v1/orders", admin, Some(&order_json(1)), &headers).await;
    assert_eq!(placed.status, StatusCode::ACCEPTED, "{}", placed.text);
    placed.json()
}

async fn told(bench: &Bench, admin: &str, order: &Value) -> Value {
    let told = bench.get(&format!("/v1/orders/{}/trace", order["order"].as_str().unwrap()), admin).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    told.json()
}

fn named<'t>(told: &'t Value, name: &str) -> &'t Value {
    told["steps"].as_array().unwrap().iter().find(|step| step["name"] == name).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn the_order_hangs_on_the_request_that_it_came_from() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = placed(&bench, &admin, "k", &format!("00-{TRACE}-00f067aa0ba902b7-01")).await;
    let told = told(&bench, &admin, &order).await;
    assert_eq!(told["trace_id"], TRACE);
    assert_eq!(named(&told, "storefront")["span"], "00f067aa0ba902b7");
    assert_eq!(named(&told, "storefront")["words"], "tracestate shop=t61");
    let intake = named(&told, "placed");
    assert_eq!((&intake["parent"], &intake["actor"]), (&json!("00f067aa0ba902b7"), &json!("key:acme-admin")));
    assert_eq!(named(&told, "OrderPlaced")["parent"], intake["span"]);
    assert_eq!(told["traceparent"], format!("00-{TRACE}-{}-01", intake["span"].as_str().unwrap()));
    assert!(told["idle_ms"].is_i64(), "nobody has it yet, and it waits");
}

#[tokio::test]
async fn a_parent_that_the_standard_forbids_begins_a_new_trace() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let zeros = "0".repeat(32);
    for (key, wrong) in [
        ("k1", format!("00-{zeros}-00f067aa0ba902b7-01")),
        ("k2", format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase())),
        ("k3", format!("ff-{TRACE}-00f067aa0ba902b7-01")),
        ("k4", "not a trace".to_owned()),
    ] {
        let order = placed(&bench, &admin, key, &wrong).await;
        let trace = order["trace_id"].as_str().unwrap();
        assert!(trace != TRACE && trace != zeros && trace.len() == 32, "{wrong:?} became {trace}");
        let told = told(&bench, &admin, &order).await;
        assert_eq!((&told["steps"][0]["name"], &told["trace_id"]), (&json!("placed"), &json!(trace)));
    }
}

#[tokio::test]
async fn what_is_asked_later_in_another_trace_is_linked_and_not_lost() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = placed(&bench, &admin, "k", &format!("00-{TRACE}-00f067aa0ba902b7-01")).await;
    let path = format!("/v1/orders/{}/cancel", order["order"].as_str().unwrap());
    let parent = format!("00-{OTHER}-b7ad6b7169203331-01");
    let headers = [("traceparent", parent.as_str())];
    let reason = json!({ "reason": "changed my mind" });
    let cancelled = bench.ask_with(Method::POST, &path, &admin, Some(&reason), &headers).await;
    assert_eq!(cancelled.status, StatusCode::ACCEPTED, "{}", cancelled.text);
    let refused = bench.ask_with(Method::POST, &path, &admin, Some(&json!({ "reason": "" })), &headers).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    let told = told(&bench, &admin, &order).await;
    let asked: Vec<&Value> =
        told["steps"].as_array().unwrap().iter().filter(|step| step["what"] == "request").collect();
    assert_eq!(asked.len(), 1, "a request that was refused did nothing: {asked:?}");
    assert_eq!((&asked[0]["name"], &asked[0]["link"]["trace_id"]), (&json!("cancel"), &json!(OTHER)));
    assert!(told.get("idle_ms").is_none(), "a cancelled order waits for nothing");
}

#[tokio::test]
async fn events_of_an_order_name_its_trace_whatever_they_tell() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    placed(&bench, &admin, "k", &format!("00-{TRACE}-00f067aa0ba902b7-01")).await;
    let events = bench.app.storage.events_after(&"acme".parse().unwrap(), 0, 10).await.unwrap();
    assert!(!events.is_empty());
    assert!(events.iter().all(|event| event.trace_id.as_ref().is_some_and(|trace| trace.as_str() == TRACE)));
}

#[tokio::test]
async fn what_took_long_is_asked_about_in_seconds_and_the_page_tells_the_same() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = placed(&bench, &admin, "k", &format!("00-{TRACE}-00f067aa0ba902b7-01")).await;
    let id = order["order"].as_str().unwrap();
    for (asked, code) in [("0", 400), ("x", 400), ("60", 200)] {
        let answer = bench.get(&format!("/v1/orders/{id}/trace?long_after_s={asked}"), &admin).await;
        assert_eq!(answer.status.as_u16(), code, "{asked}: {}", answer.text);
    }
    let cookie = login(&bench, &admin).await;
    let shown = page(&bench, &format!("/console/orders/{id}/trace"), &cookie).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    assert!(shown.text.contains(TRACE) && shown.text.contains("00f067aa0ba902b7"), "{}", shown.text);
    let of_order = page(&bench, &format!("/console/orders/{id}"), &cookie).await;
    assert!(of_order.text.contains(&format!("/console/orders/{id}/trace")), "{}", of_order.text);
    assert_eq!(
        bench.get("/v1/orders/o-none/trace", &admin).await.problem(),
        (404, "unknown_order".to_owned())
    );
}
