//! Promises to carts over HTTP: what is told, what is held, and what is refused how.

use super::agents::enrolled;
use super::bench::{Answer, Bench, bench, order_json};
use crate::core::test_support::beat;
use crate::flows::evaluate::evaluate;
use crate::ports::access::{ReplicaIdentity, Scope};
use axum::http::{Method, StatusCode};
use holdfast_shared::limits::{CART_HOLD_S_MAX, CART_LINES_MAX};
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest};
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

/// Leeds is eligible and has five units of A. It is a Friday, eight in the morning.
pub(super) async fn shop() -> Bench {
    shop_in(bench()).await
}

pub(super) async fn shop_in(bench: Bench) -> Bench {
    enrolled(&bench).await;
    let items = json!({ "items": [{ "sku": "A", "name": "Tea" }, { "sku": "B", "name": "Cup" }] });
    bench.ask(Method::PUT, "/v1/catalogue", KEY, Some(&items)).await;
    let bytes = include_bytes!("../../../../shared/src/wire/sync/golden/request_v1.hfs");
    let request = SyncRequest::decode(bytes).unwrap();
    let identity = ReplicaIdentity {
        tenant: "acme".parse().unwrap(),
        store: request.store.clone(),
        replica: request.replica.clone(),
    };
    let now = bench.app.clock.now();
    bench.app.storage.exchange(&identity, None, &request, now).await.unwrap();
    bench.app.watch.with(|observatory| observatory.hear(beat("leeds", "b1", 1), now.mono));
    evaluate(&*bench.app.storage, &bench.app.watch, now).await.unwrap();
    bench
}

fn cart(quantity: i64) -> Value {
    json!({
        "channel": "web", "kinds": ["ship"], "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "A", "quantity": quantity }]
    })
}

fn held(quantity: i64) -> Value {
    let mut cart = cart(quantity);
    cart["hold"] = json!({ "ttl_s": 600 });
    cart
}

async fn ask(bench: &Bench, key: &str, body: &Value) -> Answer {
    bench.ask_with(Method::POST, "/v1/promises", KEY, Some(body), &[("idempotency-key", key)]).await
}

async fn reserved(bench: &Bench) -> i64 {
    let positions = bench.get("/v1/positions?sku=A", KEY).await.json();
    let audit = bench.app.storage.audit(None).await.unwrap();
    assert_eq!((audit.reserved_mismatch, audit.oversold, audit.orphaned_holds), (0, 0, 0));
    positions["positions"][0]["reserved"].as_i64().unwrap()
}

#[tokio::test]
async fn a_cart_learns_what_can_be_promised_and_no_node() {
    let bench = shop().await;
    let mut both = cart(2);
    both["kinds"] = json!(["ship", "pickup", "delivery"]);
    both["pickup_store"] = json!("leeds");
    let answer = bench.ask(Method::POST, "/v1/promises", KEY, Some(&both)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let mut told = answer.json();
    for option in told["options"].as_array_mut().unwrap() {
        let sure = option["confidence"].as_f64().unwrap();
        assert!(sure > 0.99 && sure < 1.0, "fresh stock is nearly sure, and never quite: {sure}");
        option["confidence"] = json!("nearly sure");
    }
    assert_eq!(
        told["options"],
        json!([
            { "kind": "pickup", "service": null, "by": "2027-01-15T09:00:00Z", "confidence": "nearly sure", "parcels": 1 },
            { "kind": "ship", "service": "standard", "by": "2027-01-18T23:59:59.999Z", "confidence": "nearly sure",
                "parcels": 1 },
        ])
    );
    assert_eq!(told["unavailable"][0]["kind"], "delivery");
    assert_eq!((&told["promise"], &told["replayed"]), (&Value::Null, &json!(false)));
    assert!(!answer.text.contains("leeds"), "{}", answer.text);
    assert_eq!(reserved(&bench).await, 0, "asking holds nothing");
}

#[tokio::test]
async fn what_is_not_there_is_told_with_what_is() {
    let bench = shop().await;
    let told = ask(&bench, "k", &cart(6)).await.json();
    assert_eq!(told["options"], json!([]));
    assert_eq!(told["unavailable"][0]["lines"], json!([{ "sku": "A", "wanted": 6, "available": 5 }]));
    let refused = ask(&bench, "k", &held(6)).await;
    assert_eq!(refused.problem(), (409, "insufficient_stock".to_owned()));
    let problem = refused.json();
    assert_eq!(problem["detail"], "6 of A wanted, 5 there to promise");
    assert!(problem["hint"].as_str().unwrap().starts_with("Hold less"), "{problem}");
    assert_eq!(reserved(&bench).await, 0);
}

#[tokio::test]
async fn carts_that_cannot_be_are_refused_with_what_is_wrong() {
    let bench = shop().await;
    let changed = |path: &str, value: Value| {
        let mut body = held(1);
        *body.pointer_mut(path).unwrap() = value;
        body
    };
    let with = |field: &str, value: Value| {
        let mut body = held(1);
        body[field] = value;
        body
    };
    let many: Vec<Value> =
        (0..=CART_LINES_MAX).map(|n| json!({ "sku": format!("S{n}"), "quantity": 1 })).collect();
    let twice = json!([{ "sku": "A", "quantity": 1 }, { "sku": "A", "quantity": 1 }]);
    for (body, status, code, part) in [
        (changed("/destination/latitude", json!(90.5)), 400, "invalid_request", "not a place"),
        (changed("/destination", json!({ "latitude": 1.0 })), 400, "invalid_request", "longitude"),
        (changed("/kinds", json!([])), 400, "invalid_request", "kinds is empty"),
        (changed("/kinds", json!(["pickup"])), 400, "invalid_request", "pickup_store"),
        (changed("/kinds", json!(["ship", "delivery"])), 400, "invalid_request", "one kind"),
        (with("pickup_store", json!("leeds")), 400, "invalid_request", "only for a pickup"),
        (changed("/lines", json!([])), 400, "invalid_request", "1 to 100 lines"),
        (changed("/lines", json!(many)), 400, "invalid_request", "has 101"),
        (changed("/lines", twice), 400, "invalid_request", "add the quantities up"),
        (changed("/lines/0/quantity", json!(0)), 422, "invalid_quantity", "is 0"),
        (changed("/lines/0/quantity", json!(-1)), 422, "invalid_quantity", "is -1"),
        (changed("/lines/0/sku", json!("NOPE")), 404, "unknown_sku", "no NOPE"),
        (changed("/hold/ttl_s", json!(0)), 400, "invalid_request", "ttl_s is 0"),
        (changed("/hold/ttl_s", json!(CART_HOLD_S_MAX + 1)), 400, "invalid_request", "3600 seconds"),
        (with("gift", json!(true)), 400, "unknown_field", "gift"),
        (changed("/channel", json!("4111111111111111")), 400, "invalid_request", "card number"),
    ] {
        let answer = ask(&bench, "k", &body).await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{body}: {}", answer.text);
        let problem = answer.json();
        assert!(problem["detail"].as_str().unwrap().contains(part), "{body}: {problem}");
        assert!(!problem["hint"].as_str().unwrap().is_empty());
    }
    let mut nowhere = cart(1);
    nowhere["kinds"] = json!(["pickup"]);
    nowhere["pickup_store"] = json!("atlantis");
    assert_eq!(ask(&bench, "k", &nowhere).await.problem(), (404, "unknown_store".to_owned()));
    let keyless = bench.ask(Method::POST, "/v1/promises", KEY, Some(&held(1))).await;
    assert_eq!(keyless.problem(), (400, "missing_idempotency_key".to_owned()));
    assert_eq!(reserved(&bench).await, 0);
}

#[tokio::test]
async fn units_are_held_once_and_given_back_once() {
    let bench = shop().await;
    let first = ask(&bench, "k1", &held(3)).await.json();
    assert_eq!(first["held_until"], "2027-01-15T08:10:00Z");
    assert_eq!(reserved(&bench).await, 3);
    let again = ask(&bench, "k1", &held(3)).await.json();
    assert_eq!((&again["promise"], &again["replayed"]), (&first["promise"], &json!(true)));
    assert_eq!(again["options"], first["options"]);
    assert_eq!(reserved(&bench).await, 3, "once");
    assert_eq!(ask(&bench, "k1", &held(2)).await.problem(), (409, "idempotency_key_reused".to_owned()));
    let second = ask(&bench, "k2", &held(3)).await;
    assert_eq!(second.problem(), (409, "insufficient_stock".to_owned()));
    assert_eq!(second.json()["detail"], "3 of A wanted, 2 there to promise");

    let path = format!("/v1/promises/{}", first["promise"].as_str().unwrap());
    assert_eq!(bench.get(&path, KEY).await.json()["state"], "held");
    for _ in 0..2 {
        let ended = bench.ask(Method::DELETE, &path, KEY, None).await;
        assert_eq!((ended.status, &ended.json()["state"]), (StatusCode::OK, &json!("given_back")));
        assert_eq!(reserved(&bench).await, 0);
    }
    assert_eq!(ask(&bench, "k3", &held(5)).await.status, StatusCode::OK);
    assert_eq!(bench.get("/v1/promises/p-none", KEY).await.problem(), (404, "not_found".to_owned()));
    let unknown = bench.ask(Method::DELETE, "/v1/promises/p-none", KEY, None).await;
    assert_eq!(unknown.problem(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn an_order_takes_its_promise_over_and_is_taken_when_it_is_over() {
    let bench = shop().await;
    let promise = ask(&bench, "k1", &held(3)).await.json()["promise"].as_str().unwrap().to_owned();
    let mut order = order_json(1);
    order["lines"] = json!([{ "sku": "A", "quantity": 3 }]);
    order["promise"] = json!(promise);
    for replayed in [false, true] {
        let placed = bench.place(KEY, "o1", &order).await;
        assert_eq!(placed.status, StatusCode::ACCEPTED);
        let told = placed.json();
        assert_eq!((&told["promise"], &told["replayed"]), (&json!("taken_over"), &json!(replayed)));
    }
    let path = format!("/v1/promises/{promise}");
    assert_eq!(bench.get(&path, KEY).await.json()["state"], "taken_over");
    let kept = bench.ask(Method::DELETE, &path, KEY, None).await;
    assert_eq!(kept.problem(), (409, "illegal_transition".to_owned()));
    assert_eq!(reserved(&bench).await, 3);
    let second = bench.place(KEY, "o2", &order).await;
    assert_eq!((second.status, &second.json()["promise"]), (StatusCode::ACCEPTED, &json!("over")));

    let late = ask(&bench, "k2", &held(2)).await.json()["promise"].as_str().unwrap().to_owned();
    let after = bench.app.clock.now().utc.plus(600_000);
    bench.app.storage.sweep_promises(after, 1_000).await.unwrap();
    assert_eq!(bench.get(&format!("/v1/promises/{late}"), KEY).await.json()["state"], "expired");
    for (key, gone) in [("o3", late.as_str()), ("o4", "p-none")] {
        order["promise"] = json!(gone);
        let placed = bench.place(KEY, key, &order).await;
        assert_eq!((placed.status, &placed.json()["promise"]), (StatusCode::ACCEPTED, &json!("over")));
    }
    let ordinary = bench.place(KEY, "o5", &order_json(1)).await;
    assert_eq!(ordinary.json().get("promise"), None);
}

#[tokio::test]
async fn a_promise_is_its_tenants_own() {
    let bench = shop().await;
    let theirs = bench.tenant("rival").await;
    let promise = ask(&bench, "k1", &held(1)).await.json()["promise"].as_str().unwrap().to_owned();
    let path = format!("/v1/promises/{promise}");
    for method in [Method::GET, Method::DELETE] {
        let answer = bench.ask(method, &path, &theirs, None).await;
        assert_eq!(answer.problem(), (404, "not_found".to_owned()));
    }
    let mut order = order_json(1);
    order["promise"] = json!(promise);
    assert_eq!(bench.place(&theirs, "o1", &order).await.json()["promise"], "over");
    assert_eq!(bench.get(&path, KEY).await.json()["state"], "held");
    assert_eq!(bench.get("/v1/promises/accuracy", &theirs).await.json()["channels"], json!([]));
}

#[tokio::test]
async fn accuracy_is_asked_for_a_period() {
    let bench = shop().await;
    let reader = bench.key("acme", &[Scope::OrdersRead]).await;
    let day = "from=2027-01-14T00:00:00Z&to=2027-01-15T00:00:00Z";
    let told = bench.get(&format!("/v1/promises/accuracy?{day}"), &reader).await;
    assert_eq!((told.status, told.json()), (StatusCode::OK, json!({ "channels": [] })));
    let upside_down = "/v1/promises/accuracy?from=2027-01-15T00:00:00Z&to=2027-01-14T00:00:00Z";
    assert_eq!(bench.get(upside_down, &reader).await.problem(), (400, "invalid_request".to_owned()));
    let unknown = bench.get("/v1/promises/accuracy?since=x", &reader).await;
    assert_eq!(unknown.problem(), (400, "unknown_field".to_owned()));
}
