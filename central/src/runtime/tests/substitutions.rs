//! Other goods, backorders and what is expected over HTTP: what is told, and what is refused how.

use super::bench::{Answer, Bench, order_json};
use super::console::{login, page};
use super::promises::shop;
use crate::flows::date_backorders::date_backorders;
use crate::flows::route_orders::{Router, route_orders};
use crate::ports::access::Scope;
use crate::ports::poke::Poke;
use axum::http::{Method, StatusCode};
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::limits::{ORDER_LINES_MAX, SUBSTITUTES_MAX};
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

struct Silent;

impl Poke for Silent {
    fn poke(&self, _tenant: &TenantId, _store: &StoreId, _why: &str) {}
}

async fn route(bench: &Bench) {
    let router = Router {
        watch: &bench.app.watch,
        poke: &Silent,
        policy: &*bench.app.policies,
        decision_id: &bench.app.decision_id,
    };
    route_orders(&*bench.app.storage, &router, bench.app.clock.now()).await.unwrap();
}

/// Leeds has five of A and none of B, and A stands in for B at a price.
async fn with_substitute() -> Bench {
    let bench = shop().await;
    let list = json!({ "substitutes": [{ "sku": "A", "unit_price": { "minor": 120, "currency": "GBP" } }] });
    let put = bench.ask(Method::PUT, "/v1/catalogue/B/substitutes", KEY, Some(&list)).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text);
    assert_eq!(bench.get("/v1/catalogue/B/substitutes", KEY).await.json(), list);
    bench
}

/// An order of two of B at a pound each, placed and routed.
async fn order(bench: &Bench, terms: &Value) -> String {
    let mut body = order_json(1);
    body["lines"] = json!([{ "sku": "B", "quantity": 2, "unit_price": { "minor": 100, "currency": "GBP" } }]);
    for (name, value) in terms.as_object().unwrap() {
        body[name] = value.clone();
    }
    let placed = bench.place(KEY, &format!("k{terms}").replace(' ', ""), &body).await;
    assert_eq!(placed.status, StatusCode::ACCEPTED, "{}", placed.text);
    route(bench).await;
    placed.json()["order"].as_str().unwrap().to_owned()
}

async fn reply(bench: &Bench, order: &str, number: &str, body: &Value) -> Answer {
    let path = format!("/v1/orders/{order}/substitutions/{number}");
    bench.ask(Method::POST, &path, KEY, Some(body)).await
}

async fn sound(bench: &Bench) {
    let audit = bench.app.storage.audit(None).await.unwrap();
    assert_eq!((audit.reserved_mismatch, audit.oversold, audit.orphaned_holds), (0, 0, 0));
}

#[tokio::test]
async fn a_proposal_is_told_answered_and_explained() {
    let bench = with_substitute().await;
    let order = order(&bench, &json!({ "substitution": "ask", "price_up_max": 20 })).await;
    let shown = bench.get(&format!("/v1/orders/{order}/substitutions"), KEY).await.json();
    let told = &shown["substitutions"][0];
    assert_eq!((&told["state"], &told["instead"]), (&json!("waiting"), &json!("A")));
    assert_eq!(told["unit_price"]["minor"], 120);
    assert!(!shown.to_string().contains("leeds"), "a storefront learns no store: {shown}");

    let accepted = json!({ "answer": "accept", "by": "customer" });
    let answer = reply(&bench, &order, "1", &accepted).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(
        (&answer.json()["replayed"], &answer.json()["substitution"]["state"]),
        (&json!(false), &json!("made"))
    );
    assert_eq!(reply(&bench, &order, "1", &accepted).await.json()["replayed"], true);
    let declined = reply(&bench, &order, "1", &json!({ "answer": "decline", "by": "customer" })).await;
    assert_eq!(declined.problem(), (409, "illegal_transition".to_owned()));
    route(&bench).await;

    let view = bench.get(&format!("/v1/orders/{order}"), KEY).await.json();
    assert_eq!(view["state"], "allocated");
    assert_eq!((&view["lines"][0]["cancelled"], &view["lines"][1]["substitutes"]), (&json!(2), &json!(1)));
    let explained = bench.get(&format!("/v1/orders/{order}/explain"), KEY).await.json();
    assert_eq!(explained["substitutions"][0]["new_line"], 1_001);
    let timeline = bench.get(&format!("/v1/orders/{order}/timeline"), KEY).await.text;
    assert!(timeline.contains("the customer is asked: 2 of A in place of B"), "{timeline}");
    sound(&bench).await;
}

#[tokio::test]
async fn a_substitute_that_costs_more_than_agreed_is_not_sent() {
    let bench = with_substitute().await;
    for terms in [
        json!({ "substitution": "allow" }),
        json!({ "substitution": "ask", "price_up_max": 19 }),
        json!({ "substitution": "none", "price_up_max": 50 }),
    ] {
        let order = order(&bench, &terms).await;
        let view = bench.get(&format!("/v1/orders/{order}"), KEY).await.json();
        assert_eq!(view["state"], "backordered", "{terms}");
    }
    let order = order(&bench, &json!({ "substitution": "allow", "price_up_max": 20 })).await;
    let view = bench.get(&format!("/v1/orders/{order}"), KEY).await.json();
    assert_eq!((&view["state"], &view["lines"][1]["sku"]), (&json!("allocated"), &json!("A")));
    sound(&bench).await;
}

#[tokio::test]
async fn what_cannot_be_said_of_substitutes_is_refused() {
    let bench = shop().await;
    let many: Vec<Value> = (0..=SUBSTITUTES_MAX).map(|n| json!({ "sku": format!("S{n}") })).collect();
    for (sku, list, wanted) in [
        ("B", json!([{ "sku": "B" }]), "invalid_request"),
        ("B", json!([{ "sku": "A" }, { "sku": "A" }]), "invalid_request"),
        ("B", json!(many), "invalid_request"),
        ("B", json!([{ "sku": "A", "unit_price": { "minor": -1, "currency": "GBP" } }]), "invalid_request"),
        ("B", json!([{ "sku": "NONE" }]), "unknown_sku"),
        ("NONE", json!([{ "sku": "A" }]), "unknown_sku"),
        ("B", json!([{ "sku": "A", "name": "Tea" }]), "unknown_field"),
    ] {
        let body = json!({ "substitutes": list });
        let put = bench.ask(Method::PUT, &format!("/v1/catalogue/{sku}/substitutes"), KEY, Some(&body)).await;
        assert_eq!(put.problem().1, wanted, "{body}");
    }
    let order = order(&bench, &json!({ "substitution": "ask" })).await;
    let accept = json!({ "answer": "accept", "by": "customer" });
    assert_eq!(reply(&bench, &order, "1", &accept).await.problem(), (404, "not_found".to_owned()));
    assert_eq!(reply(&bench, &order, "x", &accept).await.problem(), (404, "not_found".to_owned()));
    let unsure = json!({ "answer": "maybe", "by": "customer" });
    assert_eq!(reply(&bench, &order, "1", &unsure).await.problem().0, 400);
}

#[tokio::test]
async fn support_answers_for_the_customer_in_the_console() {
    let bench = with_substitute().await;
    let order = order(&bench, &json!({ "substitution": "ask", "price_up_max": 20 })).await;
    let cookie = login(&bench, KEY).await;
    let shown = page(&bench, &format!("/console/orders/{order}"), &cookie).await;
    for wanted in ["2 of A in place of B (line 1)", "The customer accepts", "answer by"] {
        assert!(shown.text.contains(wanted), "{wanted}: {}", shown.text);
    }
    let body = json!({ "answer": "decline", "by": "ann" });
    assert_eq!(reply(&bench, &order, "1", &body).await.status, StatusCode::OK);
    route(&bench).await;
    let shown = page(&bench, &format!("/console/orders/{order}"), &cookie).await;
    assert!(shown.text.contains("by ann") && !shown.text.contains("The customer accepts"), "{}", shown.text);
    let waiting = page(&bench, "/console/backorders", &cookie).await;
    assert!(waiting.text.contains(&order) && waiting.text.contains("no date is known"), "{}", waiting.text);
}

#[tokio::test]
async fn a_backorder_has_its_place_and_its_date() {
    let bench = shop().await;
    let order = order(&bench, &json!({})).await;
    let expected = json!({ "expected": [
        { "store": "leeds", "quantity": 2, "expected_at": "2027-01-20T08:00:00Z" }
    ] });
    let put = bench.ask(Method::PUT, "/v1/stock/skus/B/expected", KEY, Some(&expected)).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text);
    let kept = bench.get("/v1/stock/skus/B/expected", KEY).await.json();
    assert_eq!(kept["expected"][0]["quantity"], 2);
    let view = bench.get(&format!("/v1/orders/{order}"), KEY).await.json();
    assert_eq!(view["lines"][0]["expected_at"], kept["expected"][0]["expected_at"]);
    assert_eq!((&view["lines"][0]["place"], &view["lines"][0]["units_ahead"]), (&json!(1), &json!(0)));
    let cookie = login(&bench, KEY).await;
    let shown = page(&bench, &format!("/console/orders/{order}"), &cookie).await;
    assert!(shown.text.contains("place 1 in the queue, 0 units ahead"), "{}", shown.text);
    let list = bench.get("/v1/backorders", KEY).await.json();
    let row = &list["backorders"][0];
    assert_eq!((&row["order"], &row["place"], &row["units"]), (&json!(order), &json!(1), &json!(2)));
    let exceptions = bench.get("/v1/exceptions", KEY).await.text;
    assert!(exceptions.contains("line 1: 2 of B, expected by 2027-01-20"), "{exceptions}");
    let none = json!({ "expected": [] });
    bench.ask(Method::PUT, "/v1/stock/skus/B/expected", KEY, Some(&none)).await;
    date_backorders(&*bench.app.storage, bench.app.clock.now().utc).await.unwrap();
    let events = bench.get("/v1/events?limit=50", KEY).await.json();
    let dated = events["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "BackorderDated");
    assert_eq!(dated.count(), 2, "a date, and none any more: each once");
}

#[tokio::test]
async fn what_cannot_be_expected_is_refused() {
    let bench = shop().await;
    let receipt = |store: &str, quantity: Value, at: &str| json!({ "expected": [{ "store": store, "quantity": quantity, "expected_at": at }] });
    let soon = "2027-01-20T08:00:00Z";
    for (body, wanted) in [
        (receipt("leeds", json!(0), soon), "invalid_quantity"),
        (receipt("leeds", json!(-2), soon), "invalid_quantity"),
        (receipt("leeds", json!(1.5), soon), "invalid_request"),
        (receipt("leeds", json!(1), "2020-01-01T00:00:00Z"), "invalid_request"),
        (receipt("leeds", json!(1), "2099-01-01T00:00:00Z"), "invalid_request"),
        (receipt("nowhere", json!(1), soon), "unknown_store"),
    ] {
        let put = bench.ask(Method::PUT, "/v1/stock/skus/B/expected", KEY, Some(&body)).await;
        assert_eq!(put.problem().1, wanted, "{body}: {}", put.text);
    }
    let put =
        bench.ask(Method::PUT, "/v1/stock/skus/NONE/expected", KEY, Some(&json!({ "expected": [] }))).await;
    assert_eq!(put.problem(), (404, "unknown_sku".to_owned()));
    for cursor in ["zz", "1.2", "1.2.3", "1.2.3.4.5", "w.x.y.z"] {
        let page = bench.get(&format!("/v1/backorders?cursor={cursor}"), KEY).await;
        assert_eq!(page.problem().1, "invalid_request", "{cursor}");
    }
    let reader = bench.key("acme", &[Scope::OrdersRead]).await;
    assert_eq!(bench.get("/v1/backorders", &reader).await.status, StatusCode::OK);
    let put =
        bench.ask(Method::PUT, "/v1/stock/skus/B/expected", &reader, Some(&json!({ "expected": [] }))).await;
    assert_eq!(put.problem().0, 403);
}

#[tokio::test]
async fn lines_that_cannot_be_ordered_are_refused_in_words() {
    let bench = shop().await;
    let line = |quantity: Value| json!([{ "sku": "A", "quantity": quantity }]);
    let many: Vec<Value> =
        (0..=ORDER_LINES_MAX).map(|n| json!({ "sku": format!("S{n}"), "quantity": 1 })).collect();
    for (lines, code, words) in [
        (line(json!(0)), "invalid_quantity", "lines[0].quantity is 0"),
        (line(json!(-1)), "invalid_quantity", "lines[0].quantity is -1"),
        (line(json!(1_000_001)), "invalid_quantity", "expected 1 to 1000000"),
        (line(json!(1.5)), "invalid_request", "floating point"),
        (line(json!("2")), "invalid_request", "string"),
        (json!([]), "invalid_request", "has 0"),
        (json!(many), "invalid_request", "has 501"),
        (
            json!([{ "sku": "A", "quantity": 1 }, { "sku": "A", "quantity": 2 }]),
            "invalid_request",
            "add the quantities up",
        ),
        (json!([{ "sku": "A", "quantity": 1, "price_up_max": -1 }]), "invalid_request", "price_up_max is -1"),
        (
            json!([{ "sku": "A", "quantity": 1, "substitution": "maybe" }]),
            "invalid_request",
            "`none`, `ask`, `allow`",
        ),
    ] {
        let mut body = order_json(1);
        body["lines"] = lines;
        let refused = bench.place(KEY, "k", &body).await;
        assert_eq!(refused.problem().1, code, "{}", refused.text);
        assert!(refused.text.contains(words), "{words}: {}", refused.text);
    }
    let mut body = order_json(1);
    let many: Vec<Value> = (0..10_000).map(|n| json!({ "sku": format!("S{n}"), "quantity": 1 })).collect();
    body["lines"] = json!(many);
    assert_eq!(bench.place(KEY, "k", &body).await.problem(), (413, "body_too_large".to_owned()));
}

#[tokio::test]
async fn a_promise_for_a_place_that_is_none_is_refused_in_words() {
    let bench = shop().await;
    let cart = |kind: &str, place: Value| {
        json!({
            "channel": "web", "kinds": [kind], "destination": place,
            "lines": [{ "sku": "A", "quantity": 1 }]
        })
    };
    let here = json!({ "latitude": 53.8, "longitude": -1.5 });
    let mut elsewhere = cart("pickup", here.clone());
    elsewhere["pickup_store"] = json!("nowhere");
    for (body, code, words) in [
        (cart("ship", json!({ "latitude": 90.5, "longitude": 0.0 })), "invalid_request", "not a place"),
        (cart("ship", json!({ "latitude": 1.0, "longitude": 181.0 })), "invalid_request", "not a place"),
        (cart("ship", json!({ "latitude": 1.0 })), "invalid_request", "longitude"),
        (cart("ship", json!("London")), "invalid_request", "destination"),
        (cart("pickup", here), "invalid_request", "pickup_store"),
        (elsewhere, "unknown_store", "nowhere is not known"),
    ] {
        let refused = bench.ask(Method::POST, "/v1/promises", KEY, Some(&body)).await;
        assert_eq!(refused.problem().1, code, "{body}: {}", refused.text);
        assert!(refused.text.contains(words), "{words}: {}", refused.text);
    }
}
