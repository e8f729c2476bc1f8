//! Orders that are looked for, over HTTP and in the console.

use super::bench::{Answer, Bench, bench, order_json};
use super::console::{login, page};
use super::explain::routed;
use super::ordering::{placed, rich};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

async fn found(bench: &Bench, token: &str, query: &str) -> Vec<String> {
    let answer = bench.get(&format!("/v1/orders?{query}"), token).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
    ids(&answer.json())
}

fn ids(told: &Value) -> Vec<String> {
    let id = |order: &Value| order["order"].as_str().unwrap().to_owned();
    told["orders"].as_array().unwrap().iter().map(id).collect()
}

fn with(mut order: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        order[*name] = value.clone();
    }
    order
}

/// Three orders, a minute apart: of ada through web, of nobody through the marketplace, of ada again.
async fn three() -> (Bench, [String; 3]) {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let first =
        with(rich("c-1"), &[("reference", json!("W-1")), ("promise_by", json!("2027-01-20T12:00:00Z"))]);
    let second = with(order_json(1), &[("channel", json!("marketplace")), ("reference", json!("M-1"))]);
    let mut orders = Vec::new();
    for (key, order) in [("k1", first), ("k2", second), ("k3", rich("c-1"))] {
        orders.push(placed(&bench, &admin, key, &order).await);
        bench.clock.advance(60_000);
    }
    (bench, orders.try_into().unwrap())
}

#[tokio::test]
async fn an_order_is_found_by_whatever_people_have_at_hand() {
    let (bench, [first, second, third]) = three().await;
    let one = |order: &String| vec![order.clone()];
    let adas = vec![third.clone(), first.clone()];
    let all = vec![third.clone(), second.clone(), first.clone()];
    for (query, expected) in [
        (String::new(), all.clone()),
        (format!("q={second}"), one(&second)),
        ("q=W-1".to_owned(), one(&first)),
        ("q=c-1".to_owned(), adas.clone()),
        ("q=ZQ-mail%40example.org".to_owned(), adas.clone()),
        ("reference=M-1".to_owned(), one(&second)),
        ("customer=c-1".to_owned(), adas.clone()),
        ("customer=zq-mail%40example.org&reference=W-1".to_owned(), one(&first)),
        ("customer=c-1&channel=marketplace".to_owned(), vec![]),
        ("channel=marketplace".to_owned(), one(&second)),
        ("sku=TEE-1".to_owned(), all.clone()),
        ("sku=NONE-1".to_owned(), vec![]),
        ("state=placed".to_owned(), all.clone()),
        ("state=shipped,exception".to_owned(), vec![]),
        ("promise_before=2027-01-20".to_owned(), one(&first)),
        ("promise_before=2027-01-20T12:00:00Z".to_owned(), vec![]),
        ("from=2027-01-15T08:01:00Z".to_owned(), vec![third.clone(), second.clone()]),
        ("from=2027-01-15&to=2027-01-15T08:01:00Z".to_owned(), one(&first)),
        ("to=2027-01-14".to_owned(), vec![]),
    ] {
        assert_eq!(found(&bench, KEY, &query).await, expected, "{query}");
    }
    let theirs = bench.tenant("rival").await;
    for query in [format!("q={first}"), "customer=c-1".to_owned(), "state=placed".to_owned(), String::new()] {
        assert_eq!(found(&bench, &theirs, &query).await, Vec::<String>::new(), "{query}");
    }
}

#[tokio::test]
async fn pages_go_on_where_they_ended_whatever_comes_meanwhile() {
    for lead in ["", "state=placed&", "sku=TEE-1&"] {
        let (bench, [first, second, third]) = three().await;
        let begun = bench.get(&format!("/v1/orders?{lead}limit=2"), KEY).await.json();
        assert_eq!(ids(&begun), [third, second], "{lead}");
        let cursor = begun["next"].as_str().unwrap();
        placed(&bench, KEY, "later", &order_json(3)).await;
        let rest = bench.get(&format!("/v1/orders?{lead}limit=2&cursor={cursor}"), KEY).await.json();
        assert_eq!((ids(&rest), &rest["next"]), (vec![first], &Value::Null), "{lead}");
    }
    let (bench, [first, ..]) = three().await;
    let adas = bench.get("/v1/orders?customer=c-1&limit=1", KEY).await.json();
    let cursor = adas["next"].as_str().unwrap();
    let rest = bench.get(&format!("/v1/orders?customer=c-1&limit=1&cursor={cursor}"), KEY).await.json();
    assert_eq!(ids(&rest), [first]);
}

#[tokio::test]
async fn after_an_erasure_a_customer_is_not_found() {
    let (bench, [first, _, third]) = three().await;
    for order in [&first, &third] {
        let path = format!("/v1/orders/{order}/cancel");
        bench.ask(Method::POST, &path, KEY, Some(&json!({ "reason": "over" }))).await;
    }
    assert_eq!(found(&bench, KEY, "customer=c-1").await.len(), 2);
    bench.ask(Method::POST, "/v1/customers/c-1/erase", KEY, None).await;
    for query in ["customer=c-1", "q=c-1", "customer=zq-mail%40example.org", "q=zq-mail%40example.org"] {
        assert_eq!(found(&bench, KEY, query).await, Vec::<String>::new(), "{query}");
    }
    assert_eq!(found(&bench, KEY, "reference=W-1").await, [first], "the order stays");
}

#[tokio::test]
async fn what_cannot_be_meant_is_told_and_what_is_personal_is_not_repeated() {
    let (bench, _) = three().await;
    let refused = |answer: &Answer| (answer.problem(), answer.json()["detail"].as_str().unwrap().to_owned());
    for (query, words) in [
        ("state=shiped", "expected one of placed, "),
        ("from=yesterday", "expected a time like"),
        ("promise_before=2027-13-01", "promise_before"),
        ("from=2027-01-15&to=2027-01-14", "from lies behind to"),
        ("sku=a%20b", "sku"),
        ("store=", "store"),
        ("q=", "q must have 1 to"),
        ("cursor=7f", "cursor"),
        ("limit=0", "limit"),
        ("stat=placed", "stat"),
    ] {
        let ((status, _), detail) = refused(&bench.get(&format!("/v1/orders?{query}"), KEY).await);
        assert!(status == 400 && detail.contains(words), "{query}: {status} {detail}");
    }
    let long = format!("customer={}", "zq".repeat(200));
    let told = bench.get(&format!("/v1/orders?{long}"), KEY).await;
    assert!(told.problem().0 == 400 && !told.text.contains("zqzq"), "{}", told.text);
}

#[tokio::test]
async fn whose_orders_are_whose_is_for_customer_service_alone() {
    let (bench, [first, ..]) = three().await;
    let shop = bench.key("acme", &[Scope::OrdersRead]).await;
    assert_eq!(bench.get("/v1/orders?customer=c-1", &shop).await.problem().0, 403);
    assert_eq!(bench.get("/v1/orders?store=leeds", &shop).await.problem().0, 403);
    assert_eq!(found(&bench, &shop, "q=c-1").await, Vec::<String>::new());
    assert_eq!(found(&bench, &shop, "q=W-1").await, [first]);
}

#[tokio::test]
async fn a_store_finds_the_orders_that_it_works_on() {
    let (bench, order) = routed().await;
    let other = bench.place(KEY, "k9", &order_json(1)).await;
    assert!(other.status.is_client_error() || other.status == StatusCode::ACCEPTED);
    assert_eq!(found(&bench, KEY, "store=leeds").await, std::slice::from_ref(&order));
    assert_eq!(found(&bench, KEY, "store=york").await, Vec::<String>::new());
    assert_eq!(found(&bench, KEY, &format!("store=york&q={order}")).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_console_finds_by_one_field() {
    let (bench, [first, second, _]) = three().await;
    let cookie = login(&bench, KEY).await;
    let shown =
        page(&bench, "/console/orders?q=zq-mail%40example.org&sku=&from=&to=&store=", &cookie).await.text;
    assert!(shown.contains(&first) && !shown.contains(&second), "{shown}");
    assert!(
        shown.contains("value=\"zq-mail@example.org\"") && shown.contains("order, reference, customer, mail")
    );
    let bad = page(&bench, "/console/orders?from=yesterday", &cookie).await;
    assert_eq!(bad.problem().0, 400);
}
