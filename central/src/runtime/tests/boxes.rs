//! The boxes of a store, the window after a restore, and a person's word about silence: who may, and
//! what is refused how.

use super::agents::enrolled;
use super::bench::{Answer, Bench, bench};
use super::console::{form, login, page};
use crate::ports::access::{ReplicaIdentity, Scope};
use axum::http::{Method, StatusCode};
use holdfast_shared::limits::NOTE_CHARS_MAX;
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::sync::{SYNC_VERSION, SyncMessage, SyncRequest, SyncResponse};
use serde_json::{Value, json};

const QUARANTINE: &str = "/v1/stores/leeds/replicas/leeds-a/quarantine";
const COPY: &str = "b2";

fn golden() -> SyncRequest {
    SyncRequest::decode(include_bytes!("../../../../shared/src/wire/sync/golden/request_v1.hfs")).unwrap()
}

/// A request of leeds-a from one of its boxes, with nothing new.
fn from_box(boot: &str, challenge: Option<String>) -> SyncRequest {
    SyncRequest {
        version: SYNC_VERSION,
        boot: boot.parse().unwrap(),
        boot_number: 1,
        resumed: Some(Hlc { wall: UtcMs(1), counter: 0 }),
        challenge,
        documents: Vec::new(),
        asks: Vec::new(),
        incarnation: None,
        ..golden()
    }
}

async fn speak(bench: &Bench, request: SyncRequest) -> SyncResponse {
    let identity = ReplicaIdentity {
        tenant: "acme".parse().unwrap(),
        store: request.store.clone(),
        replica: request.replica.clone(),
    };
    let now = bench.app.clock.now();
    bench.app.storage.exchange(&identity, Some("192.0.2.7"), &request, now).await.unwrap().response
}

/// Two boxes speak as leeds-a; the second is kept apart, and has sold something.
async fn cloned() -> Bench {
    let bench = bench();
    enrolled(&bench).await;
    speak(&bench, from_box("b1", None)).await;
    for boot in [COPY, "b1"] {
        let words = speak(&bench, from_box(boot, None)).await.superseded;
        assert!(words.is_some(), "{boot} did not have to show that it is alive");
        speak(&bench, from_box(boot, words)).await;
    }
    let sale = SyncRequest { documents: golden().documents, ..from_box(COPY, None) };
    assert!(speak(&bench, sale).await.quarantined.is_some());
    bench
}

fn decision(boot: &str, decision: &str) -> Value {
    json!({ "boot": boot, "decision": decision, "reason": "looked at both boxes" })
}

async fn post(bench: &Bench, path: &str, key: &str, body: &Value) -> Answer {
    bench.ask(Method::POST, path, key, Some(body)).await
}

/// A refusal says what to do.
fn refused(answer: &Answer) -> (u16, String) {
    let hint = answer.json()["hint"].as_str().unwrap_or_default().to_owned();
    assert!(!hint.is_empty(), "{}", answer.text);
    answer.problem()
}

#[tokio::test]
async fn who_looks_at_boxes_does_not_decide_about_them() {
    let bench = cloned().await;
    let [reader, writer, support, shop] =
        [Scope::FleetRead, Scope::FleetWrite, Scope::Support, Scope::OrdersWrite];
    let branch = format!("{QUARANTINE}/{COPY}");
    for (scope, sees, decides) in
        [(reader, true, false), (shop, false, false), (writer, false, true), (support, true, true)]
    {
        let key = bench.key("acme", &[scope]).await;
        assert_eq!(bench.get(&branch, &key).await.status == StatusCode::OK, sees, "{scope:?}");
        // A boot that nobody knows: whoever may decide is told so.
        let answer = refused(&post(&bench, QUARANTINE, &key, &decision("b9", "merge")).await);
        let told = if decides { (404, "not_found") } else { (403, "forbidden") };
        assert_eq!((answer.0, answer.1.as_str()), told, "{scope:?}");
    }
}

#[tokio::test]
async fn both_boxes_are_named_with_where_they_were_seen() {
    let bench = cloned().await;
    let told = bench.get("/v1/stores/leeds/replicas", "acme-admin").await.json();
    let boots = told["replicas"][0]["boots"].as_array().unwrap();
    assert_eq!(boots.len(), 2);
    assert!(boots.iter().all(|boot| boot["address"] == "192.0.2.7"), "{boots:?}");
    let exception =
        bench.get("/v1/exceptions", "acme-admin").await.json()["exceptions"][0]["detail"].to_string();
    assert_eq!(exception.matches("from 192.0.2.7").count(), 2, "{exception}");
}

#[tokio::test]
async fn a_decision_is_made_once() {
    let bench = cloned().await;
    let admin = "acme-admin";
    let merged = post(&bench, QUARANTINE, admin, &decision(COPY, "merge")).await;
    assert_eq!(merged.json(), json!({ "merged_facts": 1 }));
    let mut again = decision(COPY, "merge");
    again["reason"] = json!("pressed twice");
    assert_eq!(post(&bench, QUARANTINE, admin, &again).await.json(), json!({ "merged_facts": 0 }));
    let told = bench.get("/v1/stores/leeds/replicas", admin).await.json();
    let quarantine = &told["replicas"][0]["quarantines"][0];
    assert_eq!((&quarantine["reason"], &quarantine["waiting"]), (&json!("looked at both boxes"), &json!(0)));
    let other = post(&bench, QUARANTINE, admin, &decision(COPY, "discard")).await;
    assert_eq!(refused(&other), (409, "illegal_transition".to_owned()), "what was merged stays merged");
    let traded = post(&bench, QUARANTINE, admin, &decision(COPY, "trade_places")).await;
    assert_eq!(traded.status, StatusCode::OK, "{}", traded.text);
    let again = post(&bench, QUARANTINE, admin, &decision(COPY, "trade_places")).await;
    assert_eq!(refused(&again), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn what_is_not_there_cannot_be_decided_about() {
    let bench = cloned().await;
    let rival = bench.tenant("rival").await;
    for path in ["/v1/stores/leeds/replicas".to_owned(), format!("{QUARANTINE}/{COPY}")] {
        assert_eq!(refused(&bench.get(&path, &rival).await), (404, "unknown_store".to_owned()));
    }
    let foreign = post(&bench, QUARANTINE, &rival, &decision(COPY, "merge")).await;
    assert_eq!(refused(&foreign), (404, "unknown_store".to_owned()));
    // A store of the same name of their own shows nothing of ours.
    bench.put_store(&rival, "leeds").await;
    assert_eq!(bench.get("/v1/stores/leeds/replicas", &rival).await.json(), json!({ "replicas": [] }));
    let foreign = post(&bench, QUARANTINE, &rival, &decision(COPY, "merge")).await;
    assert_eq!(refused(&foreign), (404, "not_found".to_owned()));
    assert_eq!(
        refused(&bench.get(&format!("{QUARANTINE}/{COPY}"), &rival).await),
        (404, "not_found".to_owned())
    );

    let admin = "acme-admin";
    for (path, boot, code) in [
        ("/v1/stores/york/replicas/york-a/quarantine", COPY, "unknown_store"),
        ("/v1/stores/leeds/replicas/leeds-z/quarantine", COPY, "not_found"),
        ("/v1/stores/leeds/replicas/%20/quarantine", COPY, "not_found"),
        (QUARANTINE, "b1", "not_found"),
    ] {
        let answer = post(&bench, path, admin, &decision(boot, "merge")).await;
        assert_eq!(refused(&answer), (404, code.to_owned()), "{path} {boot}");
    }
    assert_eq!(refused(&bench.get(&format!("{QUARANTINE}/b1"), admin).await), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_decision_that_cannot_be_read_changes_nothing() {
    let bench = cloned().await;
    let admin = "acme-admin";
    let with = |field: &str, value: Value| {
        let mut body = decision(COPY, "merge");
        body[field] = value;
        body
    };
    for (body, code) in [
        (json!({}), "invalid_request"),
        (json!([]), "invalid_request"),
        (with("decision", json!("burn")), "invalid_request"),
        (with("boot", json!("No Such Boot!")), "invalid_request"),
        (with("reason", json!("  ")), "invalid_request"),
        (with("reason", json!("x".repeat(NOTE_CHARS_MAX + 1))), "invalid_request"),
        (with("by", json!("me")), "unknown_field"),
    ] {
        assert_eq!(refused(&post(&bench, QUARANTINE, admin, &body).await).1, code, "{body}");
    }
    refused(&bench.ask(Method::POST, QUARANTINE, admin, None).await);
    let told = bench.get("/v1/stores/leeds/replicas", admin).await.json();
    assert_eq!(told["replicas"][0]["quarantines"][0]["waiting"], 1);
}

/// leeds has heard of an incarnation that this database never was; york is enrolled, and silent.
async fn restored() -> Bench {
    let bench = bench();
    enrolled(&bench).await;
    bench.put_store("acme-admin", "york").await;
    let offered = bench.ask(Method::POST, "/v1/stores/york/enrolments", "acme-admin", None).await;
    let code = json!({ "code": offered.json()["code"] });
    assert_eq!(post(&bench, "/v1/enroll", "", &code).await.status, StatusCode::OK);
    speak(&bench, SyncRequest { incarnation: Some(3), ..from_box("b1", None) }).await;
    bench
}

#[tokio::test]
async fn only_customer_service_stops_waiting_for_a_store_and_says_why() {
    let bench = restored().await;
    let york = "/v1/recovery/stores/york";
    let reason = json!({ "reason": "closed for good; counted by hand" });
    let [reader, support] =
        [bench.key("acme", &[Scope::FleetRead]).await, bench.key("acme", &[Scope::Support]).await];
    let told = bench.get("/v1/recovery", &reader).await.json();
    assert!(told["recovery"]["incarnation"].as_u64() > Some(3), "{told}");
    assert_eq!(told["recovery"]["over"], false, "{told}");
    assert_eq!(refused(&post(&bench, york, &reader, &reason).await), (403, "forbidden".to_owned()));
    for (body, code) in [
        (json!({}), "invalid_request"),
        (json!({ "reason": " " }), "invalid_request"),
        (json!({ "reason": "x".repeat(NOTE_CHARS_MAX + 1) }), "invalid_request"),
        (json!({ "reason": "x", "force": true }), "unknown_field"),
    ] {
        assert_eq!(refused(&post(&bench, york, &support, &body).await).1, code, "{body}");
    }
    let unknown = post(&bench, "/v1/recovery/stores/nowhere", &support, &reason).await;
    assert_eq!(refused(&unknown), (404, "unknown_store".to_owned()));
    assert_eq!(post(&bench, york, &support, &reason).await.status, StatusCode::NO_CONTENT);
    assert_eq!(refused(&post(&bench, york, &support, &reason).await), (404, "not_found".to_owned()), "once");
}

#[tokio::test]
async fn a_restore_tells_each_tenant_of_its_own_stores() {
    let bench = restored().await;
    let rival = bench.tenant("rival").await;
    let told = bench.get("/v1/recovery", &rival).await;
    assert!(!told.text.contains("york") && !told.text.contains("leeds"), "{}", told.text);
    let reason = json!({ "reason": "mischief" });
    let answer = post(&bench, "/v1/recovery/stores/york", &rival, &reason).await;
    assert_eq!(refused(&answer), (404, "unknown_store".to_owned()));
}

#[tokio::test]
async fn silence_is_held_for_a_while_and_by_those_who_may() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let support = bench.key("acme", &[Scope::Support]).await;
    let freeze = "/v1/health/freeze";
    let now = bench.app.clock.now().utc;
    let hold = |for_ms: i64| json!({ "reason": "the line is dug up", "until": now.plus(for_ms) });
    let hour = 3_600_000;
    assert_eq!(refused(&post(&bench, freeze, &support, &hold(hour)).await), (403, "forbidden".to_owned()));
    let mut unknown = hold(hour);
    unknown["forever"] = json!(true);
    let mut nameless = hold(hour);
    nameless["reason"] = json!("");
    for (body, code) in [
        (hold(-1), "invalid_request"),
        (hold(25 * hour), "invalid_request"),
        (nameless, "invalid_request"),
        (json!({ "reason": "x", "until": "tomorrow" }), "invalid_request"),
        (unknown, "unknown_field"),
    ] {
        assert_eq!(refused(&post(&bench, freeze, &admin, &body).await).1, code, "{body}");
    }
    let end = async |key: &str, query: &str| {
        bench.ask(Method::DELETE, &format!("{freeze}{query}"), key, None).await
    };
    assert_eq!(
        refused(&end(&admin, "?reason=dug").await),
        (400, "invalid_request".to_owned()),
        "nothing is held"
    );
    assert_eq!(post(&bench, freeze, &admin, &hold(hour)).await.status, StatusCode::NO_CONTENT);
    let rival = bench.tenant("rival").await;
    assert_eq!(refused(&end(&rival, "?reason=x").await).1, "invalid_request", "it holds for its own tenant");
    assert_eq!(refused(&end(&admin, "").await).1, "invalid_request", "why?");
    assert_eq!(end(&admin, "?reason=mended").await.status, StatusCode::NO_CONTENT);
    let open = bench.get("/v1/exceptions?open=true", &admin).await;
    assert!(!open.text.contains("dug up"), "{}", open.text);
}

#[tokio::test]
async fn a_person_decides_in_the_console_with_the_same_rights() {
    let bench = cloned().await;
    let boxes = "/console/stores/leeds/boxes";
    let reader = login(&bench, &bench.key("acme", &[Scope::FleetRead]).await).await;
    let shown = page(&bench, boxes, &reader).await.text;
    assert!(shown.contains("1 of 1 records wait") && shown.contains("192.0.2.7"), "{shown}");
    assert!(
        !shown.contains("Trade places") && !shown.contains("Make a code"),
        "who only looks gets no button"
    );
    let (path, merge) = (format!("/console{}", &QUARANTINE[3..]), "boot=b2&decision=merge&reason=Ann+asked");
    assert_eq!(form(&bench, &path, &reader, merge, "same-origin").await.problem().0, 403);
    assert_eq!(form(&bench, boxes, &reader, "", "same-origin").await.problem().0, 403);

    let writer = login(&bench, &bench.key("acme", &[Scope::FleetWrite]).await).await;
    assert_eq!(form(&bench, &path, &writer, merge, "cross-site").await.problem().0, 403);
    assert_eq!(form(&bench, &path, &writer, merge, "same-origin").await.status, StatusCode::SEE_OTHER);
    let shown = page(&bench, boxes, &writer).await.text;
    assert!(shown.contains("merged 0 s ago") && shown.contains("Ann asked"), "{shown}");
    let code = form(&bench, boxes, &writer, "", "same-origin").await.text;
    assert!(code.contains("holdfast-agent enroll --central URL --code "), "{code}");
    let admin = login(&bench, "acme-admin").await;
    let exceptions = page(&bench, "/console/exceptions?all=true", &admin).await.text;
    assert!(exceptions.contains("Resolved: merge: Ann asked"), "{exceptions}");
}

#[tokio::test]
async fn an_exception_of_a_copied_box_leads_to_its_page() {
    let bench = cloned().await;
    let admin = login(&bench, "acme-admin").await;
    let exceptions = page(&bench, "/console/exceptions", &admin).await.text;
    let (_, rest) = exceptions.split_once("<b><a href=\"/console/exceptions/").unwrap();
    let (exception, _) = rest.split_once('"').unwrap();
    let shown = page(&bench, &format!("/console/exceptions/{exception}"), &admin).await.text;
    assert!(shown.contains("href=\"/console/stores/leeds/boxes\""), "{shown}");
}

#[tokio::test]
async fn silence_is_held_and_let_count_in_the_console() {
    let bench = bench();
    let admin = login(&bench, &bench.tenant("acme").await).await;
    let support = login(&bench, &bench.key("acme", &[Scope::Support]).await).await;
    let (hold, held) = ("/console/health/hold", "minutes=30&reason=cables");
    assert_eq!(form(&bench, hold, &support, held, "same-origin").await.problem().0, 403);
    assert_eq!(form(&bench, hold, &admin, held, "same-origin").await.status, StatusCode::SEE_OTHER);
    let shown = page(&bench, "/console/stores", &admin).await.text;
    assert!(
        shown.contains("All work stays where it is, by key:acme-admin for 30 min more: cables"),
        "{shown}"
    );
    let end = form(&bench, "/console/health/release", &admin, "reason=mended", "same-origin").await;
    assert_eq!(end.status, StatusCode::SEE_OTHER);
    assert!(page(&bench, "/console/stores", &admin).await.text.contains("Hold all work where it is"));
}
