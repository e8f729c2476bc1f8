//! What happened to an order, told to its customer, to customer service and to a store; and who may read which.

use super::bench::{Bench, bench, order_json};
use super::console::form;
use super::explain::{route, routed};
use super::ordering::{placed, rich};
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

async fn timeline(bench: &Bench, token: &str, order: &str, query: &str) -> Value {
    let answer = bench.get(&format!("/v1/orders/{order}/timeline{query}"), token).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
    answer.json()
}

fn kinds(told: &Value) -> Vec<String> {
    let kind = |event: &Value| event["kind"].as_str().unwrap().to_owned();
    told["events"].as_array().unwrap().iter().map(kind).collect()
}

async fn token(bench: &Bench, order: &str, body: &Value) -> Value {
    let made = bench.ask(Method::POST, &format!("/v1/orders/{order}/token"), KEY, Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()
}

#[tokio::test]
async fn three_audiences_read_three_stories_of_one_order() {
    let (bench, order) = routed().await;
    let exception = NewException {
        key: "k".to_owned(),
        category: Category::Stuck,
        severity: Severity::Low,
        order: Some(order.parse().unwrap()),
        task: None,
        store: None,
        detail: "zq-stuck".to_owned(),
        suggestion: "s".to_owned(),
    };
    let now = bench.app.clock.now().utc;
    bench.app.storage.raise(&"acme".parse().unwrap(), &exception, now).await.unwrap();
    let support = timeline(&bench, KEY, &order, "").await;
    assert_eq!(support["audience"], "support");
    for kind in ["placed", "decided", "allocated", "exception_raised"] {
        assert!(kinds(&support).contains(&kind.to_owned()), "{kind}: {support}");
    }
    let customer = timeline(&bench, KEY, &order, "?audience=customer").await;
    assert_eq!(
        (kinds(&customer), &customer["state_words"]),
        (vec!["received".to_owned()], &json!("We are getting your order ready."))
    );
    for word in ["leeds", "acme-admin", "zq-", "closest"] {
        assert!(!customer.to_string().contains(word), "{word}: {customer}");
    }
    let store = timeline(&bench, KEY, &order, "?audience=store&store=leeds").await;
    assert_eq!(kinds(&store), ["allocated"]);
    assert!(!store.to_string().contains("zq-"));
    let elsewhere = timeline(&bench, KEY, &order, "?audience=store&store=york").await;
    assert_eq!(elsewhere["events"], json!([]));
    for (query, code) in [
        ("?audience=store", "invalid_request"),
        ("?store=leeds", "invalid_request"),
        ("?audience=boss", "invalid_request"),
    ] {
        let refused = bench.get(&format!("/v1/orders/{order}/timeline{query}"), KEY).await;
        assert_eq!(refused.problem(), (400, code.to_owned()), "{query}");
    }
    let shop = bench.key("acme", &[Scope::OrdersRead]).await;
    assert_eq!(timeline(&bench, &shop, &order, "").await["audience"], "customer");
    for query in ["?audience=support", "?audience=store&store=leeds"] {
        let refused = bench.get(&format!("/v1/orders/{order}/timeline{query}"), &shop).await;
        assert_eq!(refused.problem().0, 403, "{query}");
    }
}

#[tokio::test]
async fn payments_stand_in_the_story_of_customer_service() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = placed(&bench, &admin, "k1", &rich("zq-1")).await;
    let told = timeline(&bench, &admin, &order, "").await;
    assert!(!told.to_string().contains("tok_secret"), "{told}");
    assert_eq!(told["events"][0]["source"], "order");
}

#[tokio::test]
async fn a_customers_token_reads_its_own_order_until_it_expires() {
    let (bench, order) = routed().await;
    let other = bench.place(KEY, "k2", &order_json(1)).await;
    let made = token(&bench, &order, &json!({ "expires_in_s": 600 })).await;
    let own = made["token"].as_str().unwrap();
    assert_eq!(made["timeline_url"], format!("/v1/orders/{order}/timeline"));
    let told = timeline(&bench, own, &order, "").await;
    assert_eq!((&told["audience"], kinds(&told)), (&json!("customer"), vec!["received".to_owned()]));
    for query in ["?audience=support", "?audience=store&store=leeds", "?store=leeds"] {
        let refused = bench.get(&format!("/v1/orders/{order}/timeline{query}"), own).await;
        assert_eq!(refused.problem().0, 403, "{query}");
    }
    let stranger = other.json()["order"].as_str().unwrap_or("o-other").to_owned();
    assert_eq!(bench.get(&format!("/v1/orders/{stranger}/timeline"), own).await.problem().0, 403);
    for path in [format!("/v1/orders/{order}"), "/v1/orders".to_owned(), "/v1/stores".to_owned()] {
        assert_eq!(bench.get(&path, own).await.problem().0, 401, "{path}");
    }
    let altered = own.replace("acme", "rival");
    bench.tenant("rival").await;
    assert_eq!(bench.get(&format!("/v1/orders/{order}/timeline"), &altered).await.problem().0, 401);
    bench.clock.advance(600_000);
    let late = bench.get(&format!("/v1/orders/{order}/timeline"), own).await;
    assert!(late.problem().0 == 401 && late.text.contains("has expired"), "{}", late.text);
    for seconds in [0, -1, 90 * 86_400 + 1] {
        let body = json!({ "expires_in_s": seconds });
        let path = format!("/v1/orders/{order}/token");
        assert_eq!(bench.ask(Method::POST, &path, KEY, Some(&body)).await.problem().0, 400, "{seconds}");
    }
}

#[tokio::test]
async fn a_key_of_one_store_sees_that_store_and_its_orders_alone() {
    let (bench, order) = routed().await;
    bench.put_store(KEY, "york").await;
    let cup = json!({ "channel": "web", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "B", "quantity": 1 }] });
    let unplaced = bench.place(KEY, "k2", &cup).await.json()["order"].as_str().unwrap().to_owned();
    route(&bench).await;
    let ask = |store: &str, scopes: Value| json!({ "name": "till", "scopes": scopes, "store": store });
    for (body, status) in [
        (ask("leeds", json!(["support"])), 400),
        (ask("leeds", json!(["orders_read", "admin"])), 400),
        (ask("nowhere", json!(["orders_read"])), 404),
    ] {
        let refused = bench.ask(Method::POST, "/v1/api-keys", KEY, Some(&body)).await;
        assert_eq!(refused.problem().0, status, "{body}");
    }
    let body = ask("leeds", json!(["orders_read", "fleet_read"]));
    let made = bench.ask(Method::POST, "/v1/api-keys", KEY, Some(&body)).await.json();
    let (key, store) = (made["token"].as_str().unwrap(), &made["store"]);
    assert_eq!(store, "leeds");
    let listed = bench.get("/v1/orders", key).await.json();
    let ids: Vec<&str> =
        listed["orders"].as_array().unwrap().iter().map(|order| order["order"].as_str().unwrap()).collect();
    assert_eq!(ids, [order.as_str()]);
    assert_eq!(timeline(&bench, key, &order, "").await["audience"], "store");
    assert_eq!(bench.get(&format!("/v1/orders/{order}"), key).await.status, StatusCode::OK);
    assert_eq!(bench.get("/v1/stores/leeds/tasks", key).await.status, StatusCode::OK);
    for path in [format!("/v1/orders/{unplaced}"), format!("/v1/orders/{unplaced}/timeline")] {
        assert_eq!(bench.get(&path, key).await.problem().0, 404, "{path}");
    }
    for path in [
        "/v1/stores/york",
        "/v1/stores/york/tasks",
        "/v1/stores",
        "/v1/orders?store=york",
        "/v1/exceptions",
        "/v1/kpis/orders",
        "/v1/events/stream?audience=owner",
        "/v1/events/stream?store=york&audience=store",
        "/v1/events",
        "/v1/consumers",
    ] {
        assert_eq!(bench.get(path, key).await.problem().0, 403, "{path}");
    }
    let support = format!("/v1/orders/{order}/timeline?audience=support");
    assert_eq!(bench.get(&support, key).await.problem().0, 403);
    let entered = form(&bench, "/console/login", "", &format!("key={key}"), "same-origin").await;
    assert!(entered.headers.get("set-cookie").is_none(), "the console shows the whole tenant");
}
