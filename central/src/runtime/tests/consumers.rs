//! The registry of consumers over HTTP: who may, what is refused, what is told once.

use super::bench::{Bench, bench, order_json};
use super::receiver::Receiver;
use crate::core::events::signing::signature;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

fn terms(sink: &Value) -> Value {
    json!({ "consumer": { "owner": "accounting", "contact": "acc@example.com", "sink": sink } })
}

async fn fetched(bench: &Bench, token: &str, name: &str) -> Value {
    bench.get(&format!("/v1/consumers/{name}/events"), token).await.json()
}

#[tokio::test]
async fn a_consumer_is_registered_changed_and_forgotten() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let hook = terms(&json!({ "kind": "webhook", "url": "http://127.0.0.1:9/hook" }));
    let made = bench.ask(Method::PUT, "/v1/consumers/erp", &admin, Some(&hook)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let secret = made.json()["secret"]["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    let again = bench.ask(Method::PUT, "/v1/consumers/erp", &admin, Some(&hook)).await;
    assert_eq!((again.status, again.json().get("secret").cloned()), (StatusCode::OK, None), "told once");
    for path in ["/v1/consumers", "/v1/consumers/erp", "/v1/consumers/erp/secrets"] {
        let told = bench.get(path, &admin).await;
        assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
        assert!(!told.text.contains(&secret), "{path} tells the secret");
    }
    let theirs = bench.tenant("rival").await;
    assert_eq!(bench.get("/v1/consumers/erp", &theirs).await.problem().0, 404);
    assert_eq!(bench.get("/v1/consumers", &theirs).await.json()["consumers"], json!([]));
    let gone = bench.ask(Method::DELETE, "/v1/consumers/erp", &admin, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.get("/v1/consumers/erp", &admin).await.problem().0, 404);
}

#[tokio::test]
async fn what_cannot_be_meant_is_told_with_what_to_do() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    for (sink, part) in [
        (json!({ "kind": "webhook", "url": "ftp://a" }), "use https"),
        (json!({ "kind": "webhook", "url": "https://u:p@a.example" }), "password"),
        (json!({ "kind": "nats" }), "events.nats.url"),
        (json!({ "kind": "kafka", "topic": "t" }), "Kafka"),
    ] {
        let refused = bench.ask(Method::PUT, "/v1/consumers/erp", &admin, Some(&terms(&sink))).await;
        assert_eq!(refused.problem(), (400, "invalid_request".to_owned()));
        assert!(refused.text.contains(part), "{sink}: {}", refused.text);
    }
    let mut wrong = terms(&json!({ "kind": "pull" }));
    wrong["consumer"]["filter"] = json!({ "kinds": ["OrderShiped"] });
    let refused = bench.ask(Method::PUT, "/v1/consumers/erp", &admin, Some(&wrong)).await;
    assert!(refused.text.contains("did you mean OrderShipped?"), "{}", refused.text);
    let name =
        bench.ask(Method::PUT, "/v1/consumers/ERP", &admin, Some(&terms(&json!({ "kind": "pull" })))).await;
    assert_eq!(name.problem().1, "invalid_request");
}

/// One that comes later reads all of it, and has what the other has.
#[tokio::test]
async fn a_consumer_added_after_the_fact_rebuilds_what_one_from_the_start_has() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let pull = terms(&json!({ "kind": "pull" }));
    bench.ask(Method::PUT, "/v1/consumers/early", &admin, Some(&pull)).await;
    let mut early: Vec<Value> = Vec::new();
    for n in 0..7 {
        let order = bench.place(&admin, &format!("k{n}"), &order_json(1)).await.json();
        if n % 2 == 0 {
            let path = format!("/v1/orders/{}/cancel", order["order"].as_str().unwrap());
            bench.ask(Method::POST, &path, &admin, Some(&json!({ "reason": "changed mind" }))).await;
        }
        let told = fetched(&bench, &admin, "early").await;
        early.extend(told["events"].as_array().unwrap().clone());
        let done = json!({ "up_to": told["up_to"] });
        let path = "/v1/consumers/early/acknowledge";
        assert_eq!(bench.ask(Method::POST, path, &admin, Some(&done)).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(fetched(&bench, &admin, "early").await["events"], json!([]), "nothing is told twice");
    let mut from_start = pull.clone();
    from_start["from"] = json!({ "sequence": 0 });
    bench.ask(Method::PUT, "/v1/consumers/late", &admin, Some(&from_start)).await;
    let told = fetched(&bench, &admin, "late").await;
    let late = told["events"].as_array().unwrap();
    let without_mark = |event: &Value| {
        let mut event = event.clone();
        event.as_object_mut().unwrap().remove("backfill");
        event
    };
    assert!(late.iter().all(|event| event["backfill"] == true));
    assert!(early.iter().all(|event| event["backfill"] == false));
    let (early, late): (Vec<_>, Vec<_>) =
        (early.iter().map(without_mark).collect(), late.iter().map(without_mark).collect());
    assert_eq!(early.len(), 11);
    assert_eq!(early, late);
}

#[tokio::test]
async fn a_replay_goes_back_by_number_or_time_and_marks_what_it_tells_again() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.ask(Method::PUT, "/v1/consumers/c", &admin, Some(&terms(&json!({ "kind": "pull" })))).await;
    for n in 0..3 {
        bench.clock.advance(1_000);
        bench.place(&admin, &format!("k{n}"), &order_json(1)).await;
    }
    let told = fetched(&bench, &admin, "c").await;
    let done = json!({ "up_to": told["up_to"] });
    bench.ask(Method::POST, "/v1/consumers/c/acknowledge", &admin, Some(&done)).await;
    let third = &told["events"][2];
    for from in [json!({ "sequence": 2 }), json!({ "time": third["time"] })] {
        let asked = json!({ "from": from });
        let moved = bench.ask(Method::POST, "/v1/consumers/c/replay", &admin, Some(&asked)).await;
        assert_eq!(moved.status, StatusCode::OK, "{}", moved.text);
        let again = fetched(&bench, &admin, "c").await;
        assert_eq!(again["events"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&again["events"][0]["id"], &again["events"][0]["backfill"]),
            (&third["id"], &json!(true))
        );
    }
    bench.place(&admin, "k9", &order_json(1)).await;
    let fresh = fetched(&bench, &admin, "c").await;
    assert_eq!(fresh["events"][1]["backfill"], false, "what happens now is news");
}

#[tokio::test]
async fn two_secrets_sign_while_one_takes_the_place_of_the_other() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let receiver = Receiver::start().await;
    let hook = terms(&json!({ "kind": "webhook", "url": receiver.url("/hook") }));
    let first =
        bench.ask(Method::PUT, "/v1/consumers/erp", &admin, Some(&hook)).await.json()["secret"].clone();
    let second = bench.ask(Method::POST, "/v1/consumers/erp/secrets", &admin, None).await.json();
    let third = bench.ask(Method::POST, "/v1/consumers/erp/secrets", &admin, None).await;
    assert_eq!(third.problem().0, 409);
    bench.place(&admin, "k1", &order_json(1)).await;
    let sent = bench.ask(Method::POST, "/v1/consumers/erp/events/1/redeliver", &admin, None).await;
    assert_eq!(sent.json()["outcome"], "taken", "{}", sent.text);
    let letter = receiver.letters().remove(0);
    let at: i64 = letter.head("webhook-timestamp").parse().unwrap();
    let signed = letter.head("webhook-signature");
    for secret in [&first, &second] {
        let own = signature(secret["secret"].as_str().unwrap(), &letter.head("webhook-id"), at, &letter.body);
        assert!(signed.split(' ').any(|one| one == own), "{signed}");
        assert!(letter.head("holdfast-key-ids").contains(secret["key_id"].as_str().unwrap()));
    }
    let old = format!("/v1/consumers/erp/secrets/{}", first["key_id"].as_str().unwrap());
    assert_eq!(bench.ask(Method::DELETE, &old, &admin, None).await.status, StatusCode::NO_CONTENT);
    let last = format!("/v1/consumers/erp/secrets/{}", second["key_id"].as_str().unwrap());
    assert_eq!(bench.ask(Method::DELETE, &last, &admin, None).await.problem().0, 409);
}

#[tokio::test]
async fn the_catalogue_names_what_is_told_and_how_it_looks() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let told = bench.get("/v1/events/catalogue", &admin).await.json();
    let placed = told["kinds"].as_array().unwrap().iter().find(|kind| kind["name"] == "OrderPlaced").unwrap();
    assert_eq!(
        (&placed["class"], &placed["type"]),
        (&json!("create"), &json!("com.holdfast.OrderPlaced.v1"))
    );
    let schema = bench.get(placed["schema_url"].as_str().unwrap(), &admin).await.json();
    assert_eq!(schema["properties"]["order"]["type"], "string");
    assert_eq!(bench.get("/v1/events/schemas/Nothing", &admin).await.problem().0, 404);
}
