//! The queue of exceptions over HTTP: who has one, what a repair would do and does, what it cost.

use super::bench::{Bench, bench, order_json};
use super::console::{form, login, page};
use crate::core::exception::{Category, NewException, Severity};
use crate::flows::time_exceptions::time_exceptions;
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

fn about(order: Option<&str>, key: &str) -> NewException {
    NewException {
        key: key.to_owned(),
        category: Category::Stuck,
        severity: Severity::High,
        order: order.map(|order| order.parse().unwrap()),
        task: None,
        store: Some("leeds".parse().unwrap()),
        detail: format!("{key} stands still"),
        suggestion: "Look at it.".to_owned(),
    }
}

struct Desk {
    bench: Bench,
    admin: String,
}

impl Desk {
    async fn new() -> Self {
        let bench = bench();
        let admin = bench.tenant("acme").await;
        bench.put_store(&admin, "leeds").await;
        Self { bench, admin }
    }

    async fn raise(&self, order: Option<&str>, key: &str) -> String {
        let now = self.bench.app.clock.now().utc;
        self.bench.app.storage.raise(&"acme".parse().unwrap(), &about(order, key), now).await.unwrap();
        let told = self.bench.get("/v1/exceptions", &self.admin).await.json();
        told["exceptions"][0]["exception"].as_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> super::bench::Answer {
        self.bench.ask(Method::POST, &format!("/v1/exceptions/{path}"), token, Some(&body)).await
    }

    async fn one(&self, id: &str) -> Value {
        self.bench.get(&format!("/v1/exceptions/{id}"), &self.admin).await.json()
    }
}

#[tokio::test]
async fn one_is_shown_with_whose_it_is_what_can_be_done_and_what_happened() {
    let desk = Desk::new().await;
    let placed = desk.bench.place(&desk.admin, "k", &order_json(1)).await.json();
    let order = placed["order"].as_str().unwrap();
    let id = desk.raise(Some(order), "s1").await;
    let told = desk.one(&id).await;
    assert_eq!((&told["owner"], &told["state"]), (&json!("fulfilment"), &json!("open")));
    assert!(told["means"].as_str().unwrap().contains("stands still for longer"));
    assert_eq!(told["timeline"][0]["kind"], "placed");
    let repairs: Vec<(&str, bool)> = told["repairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["repair"].as_str().unwrap(), one["suggested"].as_bool().unwrap()))
        .collect();
    assert_eq!(repairs[0], ("resend", true));
    assert!(told["repairs"][2]["not_now"].as_str().unwrap().contains("names no task"), "{told}");
    assert!(told["labels"].as_array().unwrap().contains(&json!("network")));
    assert_eq!(desk.bench.get("/v1/exceptions/x999", &desk.admin).await.problem().0, 404);
    let other = desk.bench.tenant("other").await;
    assert_eq!(desk.bench.get(&format!("/v1/exceptions/{id}"), &other).await.problem().0, 404);
}

#[tokio::test]
async fn of_two_people_who_take_it_the_second_is_told_who_has_it() {
    let desk = Desk::new().await;
    let id = desk.raise(None, "s1").await;
    let bob = desk.bench.key("acme", &[Scope::Support]).await;
    let take = format!("{id}/take");
    assert_eq!(desk.post(&take, &desk.admin, json!({})).await.status, StatusCode::NO_CONTENT);
    let refused = desk.post(&take, &bob, json!({})).await;
    assert_eq!(refused.problem(), (409, "illegal_transition".to_owned()));
    assert!(refused.text.contains("key:acme-admin has"), "{}", refused.text);
    assert_eq!(desk.post(&take, &bob, json!({ "from_others": true })).await.status, StatusCode::NO_CONTENT);
    let mine = desk.bench.get("/v1/exceptions?taken_by=me", &bob).await.json();
    assert_eq!(mine["exceptions"][0]["exception"], json!(id));
    let hers = desk.bench.get("/v1/exceptions?taken_by=me", &desk.admin).await.json();
    assert_eq!(hers["exceptions"], json!([]));
    let reader = desk.bench.key("acme", &[Scope::FleetRead]).await;
    assert_eq!(desk.post(&take, &reader, json!({})).await.problem().0, 403);
}

#[tokio::test]
async fn a_repair_is_shown_carried_out_once_and_on_record() {
    let desk = Desk::new().await;
    let placed = desk.bench.place(&desk.admin, "k", &order_json(1)).await.json();
    let order = placed["order"].as_str().unwrap().to_owned();
    let id = desk.raise(Some(&order), "s1").await;
    let path = format!("{id}/repair");
    let look =
        desk.post(&path, &desk.admin, json!({ "repair": "cancel_order", "preview": true })).await.json();
    assert!(look["does"].as_str().unwrap().contains(&order) && look.get("not_now").is_none(), "{look}");
    let shown = desk.bench.get(&format!("/v1/orders/{order}"), &desk.admin).await.json();
    assert_eq!(shown["state"], "placed", "looking changes nothing");
    let nameless = desk.post(&path, &desk.admin, json!({ "repair": "cancel_order" })).await;
    assert_eq!(nameless.problem(), (400, "invalid_request".to_owned()));
    let body = json!({ "repair": "cancel_order", "reason": "the customer called" });
    let done = desk.post(&path, &desk.admin, body.clone()).await.json();
    assert_eq!((&done["outcome"], &done["replayed"]), (&json!("done"), &json!(false)), "{done}");
    let again = desk.post(&path, &desk.admin, body).await.json();
    assert_eq!((&again["outcome"], &again["replayed"]), (&json!("done"), &json!(true)));
    let told = desk.one(&id).await;
    assert_eq!((&told["state"], &told["resolved_by"]), (&json!("resolved"), &json!("key:acme-admin")));
    assert_eq!(told["attempts"].as_array().unwrap().len(), 1);
    assert!(told["attempts"][0]["reason"] == "the customer called");
    let kinds: Vec<&str> =
        told["timeline"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"repair"), "the order's people see it: {kinds:?}");
}

#[tokio::test]
async fn what_has_mended_itself_meanwhile_is_told_and_nothing_is_done() {
    let desk = Desk::new().await;
    let placed = desk.bench.place(&desk.admin, "k", &order_json(1)).await.json();
    let order = placed["order"].as_str().unwrap().to_owned();
    let id = desk.raise(Some(&order), "s1").await;
    let storage = &desk.bench.app.storage;
    let now = desk.bench.app.clock.now().utc;
    storage.settle(&"acme".parse().unwrap(), "s1", "it moved on", now).await.unwrap();
    let body = json!({ "repair": "cancel_order", "reason": "it hangs" });
    let moot = desk.post(&format!("{id}/repair"), &desk.admin, body).await.json();
    assert_eq!(moot["outcome"], "moot", "{moot}");
    assert!(moot["words"].as_str().unwrap().contains("it moved on"));
    let shown = desk.bench.get(&format!("/v1/orders/{order}"), &desk.admin).await.json();
    assert_eq!(shown["state"], "placed");
    let impossible = desk.raise(None, "s2").await;
    let body = json!({ "repair": "take_back", "reason": "it hangs" });
    let refused = desk.post(&format!("{impossible}/repair"), &desk.admin, body).await.json();
    assert_eq!(refused["outcome"], "refused", "{refused}");
}

#[tokio::test]
async fn a_repair_asks_for_the_scope_of_what_it_does() {
    let desk = Desk::new().await;
    let id = desk.raise(None, "s1").await;
    let support = desk.bench.key("acme", &[Scope::Support]).await;
    let body = json!({ "repair": "enrol_anew", "reason": "a new box" });
    assert_eq!(desk.post(&format!("{id}/repair"), &support, body.clone()).await.problem().0, 403);
    let done = desk.post(&format!("{id}/repair"), &desk.admin, body).await.json();
    assert!(done["enrolment_code"].as_str().unwrap().len() >= 8, "{done}");
    let told = desk.one(&id).await;
    assert!(
        !told.to_string().contains(done["enrolment_code"].as_str().unwrap()),
        "told once, and kept nowhere"
    );
}

#[tokio::test]
async fn resolving_takes_a_label_of_its_kind_and_minutes_and_many_share_them() {
    let desk = Desk::new().await;
    let (first, second) = (desk.raise(None, "s1").await, desk.raise(None, "s2").await);
    let wrong = json!({ "resolution": "done", "root_cause": "stock_wrong" });
    let refused = desk.post(&format!("{first}/resolve"), &desk.admin, wrong).await;
    assert_eq!(refused.problem(), (400, "invalid_request".to_owned()));
    assert!(refused.text.contains("expected one of network"), "{}", refused.text);
    let many = json!({
        "exceptions": [first, second, "x999"], "resolution": "the line is back", "root_cause": "network", "minutes": 25,
    });
    let done = desk.post("resolve", &desk.admin, many).await.json();
    assert_eq!((done["resolved"].as_array().unwrap().len(), &done["left"]), (2, &json!(["x999"])));
    let trend = desk.bench.get("/v1/exceptions/trend", &desk.admin).await.json();
    assert_eq!((&trend["minutes"], &trend["by_person_permille"]), (&json!(25), &json!(1000)));
    assert_eq!(trend["causes"][0]["root_cause"], "network");
    let late = desk.post(&format!("{first}/resolve"), &desk.admin, json!({ "resolution": "again" })).await;
    assert_eq!(late.problem().0, 404);
    let none = desk.post("resolve", &desk.admin, json!({ "exceptions": [], "resolution": "x" })).await;
    assert_eq!(none.problem().0, 400);
}

#[tokio::test]
async fn it_is_told_once_when_nobody_takes_it_in_time_and_not_while_it_waits() {
    let desk = Desk::new().await;
    let id = desk.raise(None, "s1").await;
    let app = &desk.bench.app;
    let late = async |minutes: i64| {
        let now = app.clock.now().utc.plus(minutes * 60_000);
        let told = time_exceptions(&*app.storage, &app.policies, now).await.unwrap();
        told.into_iter().map(|one| one.breach.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(late(15).await, [""; 0]);
    assert_eq!(late(16).await, ["late_to_look"]);
    assert_eq!(late(17).await, [""; 0]);
    desk.post(&format!("{id}/wait"), &desk.admin, json!({ "on": "the carrier" })).await;
    assert_eq!(late(5 * 60).await, [""; 0]);
    desk.post(&format!("{id}/wait"), &desk.admin, json!({ "on": null })).await;
    assert_eq!(late(5 * 60).await, ["late_to_end"]);
    let events = desk.bench.get("/v1/events", &desk.admin).await.text;
    assert!(events.contains("ExceptionRaised") && events.contains("late_to_look"), "{events}");
}

#[tokio::test]
async fn the_queue_is_narrowed_and_what_cannot_be_meant_is_refused() {
    let desk = Desk::new().await;
    desk.raise(None, "alpha").await;
    desk.raise(None, "beta").await;
    let found = async |query: &str| {
        let told = desk.bench.get(&format!("/v1/exceptions?{query}"), &desk.admin).await;
        told.json()["exceptions"].as_array().map_or(0, Vec::len)
    };
    for (query, expected) in [
        ("q=ALPHA", 1),
        ("owner=fulfilment", 2),
        ("owner=security", 0),
        ("category=drift", 0),
        ("severity=high", 2),
        ("state=taken", 0),
        ("store=leeds", 2),
        ("store=york", 0),
    ] {
        assert_eq!(found(query).await, expected, "{query}");
    }
    for query in ["owner=security&category=stuck", "state=odd", "store=a%20b", "wrong=1"] {
        let refused = desk.bench.get(&format!("/v1/exceptions?{query}"), &desk.admin).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}: {}", refused.text);
    }
}

#[tokio::test]
async fn the_console_shows_one_and_its_forms_work_it() {
    let desk = Desk::new().await;
    let placed = desk.bench.place(&desk.admin, "k", &order_json(1)).await.json();
    let order = placed["order"].as_str().unwrap().to_owned();
    let id = desk.raise(Some(&order), "s1").await;
    let cookie = login(&desk.bench, &desk.admin).await;
    let listed = page(&desk.bench, "/console/exceptions?q=s1&owner=", &cookie).await;
    assert!(listed.text.contains(&format!("href=\"/console/exceptions/{id}\"")), "{}", listed.text);
    let path = format!("/console/exceptions/{id}");
    let shown = page(&desk.bench, &path, &cookie).await;
    for words in ["What can be done", "cancel order", "suggested", "What happened to the order", "due in"] {
        assert!(shown.text.contains(words), "{words}: {}", shown.text);
    }
    let act = async |act: &str, body: &str| {
        form(&desk.bench, &format!("{path}/{act}"), &cookie, body, "same-origin").await
    };
    assert_eq!(act("take", "from_others=false").await.status, StatusCode::SEE_OTHER);
    assert_eq!(act("wait", "on=the+carrier").await.status, StatusCode::SEE_OTHER);
    let repaired = act("repair", "repair=cancel_order&reason=the+customer+called").await;
    assert!(repaired.text.contains("done: cancels what is left"), "{}", repaired.text);
    let other = desk.raise(None, "s2").await;
    let ticked = format!("exception={other}&reason=looked+at");
    let many = form(&desk.bench, "/console/exceptions/resolve", &cookie, &ticked, "same-origin").await;
    assert_eq!(many.status, StatusCode::SEE_OTHER, "{}", many.text);
    let over = page(&desk.bench, &format!("/console/exceptions/{other}"), &cookie).await;
    assert!(over.text.contains("Resolved: looked at"), "{}", over.text);
    let trend = page(&desk.bench, "/console/exceptions/trend", &cookie).await;
    assert!(trend.text.contains("What exceptions cost") && trend.text.contains("stuck"), "{}", trend.text);
}
