//! Policies over HTTP: what is refused, who agrees, what begins, what is remembered.

use super::bench::{Answer, Bench, bench, store_json};
use super::console::{form, login, page};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const TEXT: &str = "about = 'two nodes at most'\nowner = 'ann'\n[routing]\nsplits_max = 2\n";

pub(super) struct People {
    pub(super) bench: Bench,
    pub(super) author: String,
    pub(super) second: String,
}

pub(super) async fn people() -> People {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let author = bench.key("acme", &[Scope::PolicyWrite]).await;
    let second = bench.key("acme", &[Scope::PolicyApprove]).await;
    People { bench, author, second }
}

impl People {
    pub(super) async fn post(&self, path: &str, who: &str, body: Value) -> Answer {
        self.bench.ask(Method::POST, path, who, Some(&body)).await
    }

    pub(super) async fn draft(&self, text: &str) -> u64 {
        let answer =
            self.post("/v1/policies", &self.author, json!({ "text": text, "reason": "a trial" })).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["version"].as_u64().unwrap()
    }

    pub(super) async fn step(&self, version: u64, act: &str, who: &str, mut body: Value) -> Answer {
        body["reason"] = json!("because");
        self.post(&format!("/v1/policies/{version}/{act}"), who, body).await
    }

    pub(super) async fn active(&self, text: &str) -> u64 {
        let version = self.draft(text).await;
        let approved = self.step(version, "approve", &self.second, json!({})).await;
        assert_eq!(approved.status, StatusCode::OK, "{}", approved.text);
        let begun = self.step(version, "activate", &self.author, json!({ "big_bang": true })).await;
        assert_eq!(begun.json()["in_force"], version, "{}", begun.text);
        version
    }

    async fn in_force(&self) -> u64 {
        self.bench.get("/v1/policies", &self.author).await.json()["in_force"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn a_bad_policy_is_refused_with_every_line_and_nothing_is_kept() {
    let people = people().await;
    let bad = "[routing]\nsplit_max = 2\nsplits_max = 0\n[regoin.north]\n";
    let check = people.post("/v1/policies/check", &people.author, json!({ "text": bad })).await.json();
    let lines: Vec<u64> =
        check["found"].as_array().unwrap().iter().map(|found| found["line"].as_u64().unwrap()).collect();
    assert_eq!((lines, &check["sound"]), (vec![2, 3, 4], &json!(false)), "{check}");
    let refused = people.post("/v1/policies", &people.author, json!({ "text": bad, "reason": "x" })).await;
    assert_eq!(refused.problem(), (422, "invalid_policy".to_owned()));
    assert!(
        refused.json()["detail"].as_str().unwrap().contains("did you mean `splits_max`?"),
        "{}",
        refused.text
    );
    let reasonless =
        people.post("/v1/policies", &people.author, json!({ "text": TEXT, "reason": " " })).await;
    assert_eq!(reasonless.problem(), (400, "invalid_request".to_owned()));
    let unknown = people.post("/v1/policies", &people.author, json!({ "text": TEXT, "why": "x" })).await;
    assert_eq!(unknown.problem(), (400, "unknown_field".to_owned()));
    assert_eq!(people.bench.get("/v1/policies", &people.author).await.json()["policies"], json!([]));
}

#[tokio::test]
async fn a_version_takes_effect_by_the_word_of_two_people() {
    let people = people().await;
    let both = people.bench.key("acme", &[Scope::PolicyWrite, Scope::PolicyApprove]).await;
    let body = json!({ "text": TEXT, "reason": "fewer parcels" });
    let version = people.post("/v1/policies", &both, body).await.json()["version"].as_u64().unwrap();
    let early = people.step(version, "activate", &both, json!({ "big_bang": true })).await;
    assert_eq!(early.problem(), (409, "policy_state".to_owned()));
    assert_eq!(people.step(version, "approve", &both, json!({})).await.problem().1, "second_person");
    assert_eq!(people.step(version, "approve", &people.author, json!({})).await.problem().0, 403, "no scope");
    assert_eq!(people.step(version, "approve", &people.second, json!({})).await.status, StatusCode::OK);
    let untried = people.step(version, "activate", &both, json!({})).await;
    assert_eq!(untried.problem(), (409, "policy_untried".to_owned()));
    assert_eq!(people.in_force().await, 0);
    let begun = people.step(version, "activate", &both, json!({ "big_bang": true })).await.json();
    assert_eq!((&begun["in_force"], &begun["record"]["state"]), (&json!(version), &json!("active")));
    assert!(begun["warnings"][0].as_str().unwrap().contains("every order follows it at once"));
}

#[tokio::test]
async fn one_call_goes_back_and_the_history_tells_all_of_it() {
    let people = people().await;
    let first = people.active(TEXT).await;
    let second = people.active("[routing]\nsplits_max = 5\n").await;
    assert_eq!(people.in_force().await, second);
    let back = people.step(first, "rollback", &people.author, json!({})).await.json();
    assert_eq!(back["in_force"], first);
    assert_eq!(people.step(first, "rollback", &people.author, json!({})).await.problem().1, "policy_state");
    let built_in = people.step(0, "rollback", &people.author, json!({})).await.json();
    assert_eq!((&built_in["in_force"], &built_in["record"]), (&json!(0), &Value::Null));
    assert_eq!(people.step(0, "rollback", &people.author, json!({})).await.problem().1, "policy_state");
    let history = people.bench.get("/v1/policy/history?limit=6", &people.second).await.json();
    let told: Vec<String> = history["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| format!("{} {}", event["act"].as_str().unwrap(), event["version"]))
        .collect();
    let expected = [
        "roll_back 0".to_owned(),
        format!("retire {first}"),
        format!("roll_back {first}"),
        format!("retire {second}"),
        format!("activate {second}"),
        format!("retire {first}"),
    ];
    assert_eq!(told, expected);
    assert_eq!(history["events"][0]["reason"], "because");
}

#[tokio::test]
async fn a_freeze_stops_what_is_new_and_ends_by_its_time_or_a_word() {
    let people = people().await;
    let first = people.active(TEXT).await;
    let draft = people.draft("").await;
    let until = people.bench.app.clock.now().utc.plus(3_600_000);
    let freeze = json!({ "reason": "launch day", "until": until });
    let put = people.bench.ask(Method::PUT, "/v1/policy/freeze", &people.author, Some(&freeze)).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text);
    let refused = people.step(draft, "approve", &people.second, json!({})).await;
    assert_eq!(refused.problem(), (409, "policies_frozen".to_owned()));
    assert!(refused.json()["detail"].as_str().unwrap().contains("launch day"), "{}", refused.text);
    assert_eq!(
        people.bench.get("/v1/policies", &people.author).await.json()["freeze"]["reason"],
        "launch day"
    );
    assert_eq!(
        people.step(0, "rollback", &people.author, json!({})).await.json()["in_force"],
        0,
        "back is open"
    );
    assert_eq!(people.step(first, "rollback", &people.author, json!({})).await.status, StatusCode::OK);
    let thaw = people.bench.ask(Method::DELETE, "/v1/policy/freeze?reason=over", &people.second, None).await;
    assert_eq!(thaw.status, StatusCode::NO_CONTENT, "{}", thaw.text);
    assert_eq!(people.step(draft, "approve", &people.second, json!({})).await.status, StatusCode::OK);
    let none = people.bench.ask(Method::DELETE, "/v1/policy/freeze?reason=over", &people.second, None).await;
    assert_eq!(none.problem().0, 404);
    let past = json!({ "reason": "x", "until": "2001-01-01T00:00:00Z" });
    let past = people.bench.ask(Method::PUT, "/v1/policy/freeze", &people.author, Some(&past)).await;
    assert_eq!(past.problem(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_version_can_be_set_to_begin_later() {
    let people = people().await;
    let version = people.draft(TEXT).await;
    people.step(version, "approve", &people.second, json!({})).await;
    let now = people.bench.app.clock.now().utc;
    let at = json!({ "big_bang": true, "effective_at": now.plus(60_000) });
    let set = people.step(version, "activate", &people.author, at).await.json();
    assert_eq!((&set["record"]["state"], &set["in_force"]), (&json!("approved"), &json!(0)), "{set}");
    let storage = &*people.bench.app.storage;
    assert_eq!(crate::flows::policies::begin_due(storage, now.plus(59_999)).await.unwrap(), 0);
    assert_eq!(crate::flows::policies::begin_due(storage, now.plus(60_000)).await.unwrap(), 1);
    assert_eq!(crate::flows::policies::begin_due(storage, now.plus(60_001)).await.unwrap(), 0);
    let record = people.bench.get(&format!("/v1/policies/{version}"), &people.author).await.json();
    assert_eq!(record["record"]["state"], "active");
    let far = json!({ "big_bang": true, "effective_at": "2099-01-01T00:00:00Z" });
    let other = people.draft("").await;
    people.step(other, "approve", &people.second, json!({})).await;
    assert_eq!(people.step(other, "activate", &people.author, far).await.problem().0, 400);
}

#[tokio::test]
async fn what_holds_at_a_store_is_explained_by_layer() {
    let people = people().await;
    let admin = people.bench.key("acme", &[Scope::FleetWrite]).await;
    let mut york = store_json("york");
    york["region"] = json!("north");
    let put = people.bench.ask(Method::PUT, "/v1/stores/york", &admin, Some(&york)).await;
    assert_eq!(put.json()["region"], "north", "{}", put.text);
    people.active("[region.north.routing]\naccept_within_ms = 5000\n").await;
    let told = people.bench.get("/v1/policy/explain?store=york", &people.author).await.json();
    let value = told["values"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["path"] == "routing.accept_within_ms")
        .unwrap();
    assert_eq!((&value["value"], &value["layer"]), (&json!(5000), &json!("region north")));
    assert_eq!(value["covers"][0]["value"], 600_000);
    let leeds = people.bench.get("/v1/policy/explain?store=leeds&class=hot", &people.author).await.text;
    assert!(!leeds.contains("region north"));
    let nowhere = people.bench.get("/v1/policy/explain?store=rome", &people.author).await;
    assert_eq!(nowhere.problem(), (404, "unknown_store".to_owned()));
    let diff = people.bench.get("/v1/policy/diff?from=0&to=1", &people.author).await.json();
    let paths: Vec<&str> =
        diff["differences"].as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["region.north.routing.accept_within_ms"]);
}

#[tokio::test]
async fn a_tenant_sees_and_steers_nothing_of_another() {
    let people = people().await;
    let version = people.active(TEXT).await;
    let rival = people.bench.key("rival", &[Scope::PolicyWrite, Scope::PolicyApprove]).await;
    assert_eq!(people.bench.get("/v1/policies", &rival).await.json()["in_force"], 0);
    let get = people.bench.get(&format!("/v1/policies/{version}"), &rival).await;
    assert_eq!(get.problem(), (404, "unknown_policy".to_owned()));
    assert_eq!(people.step(version, "withdraw", &rival, json!({})).await.problem().0, 404);
    assert_eq!(people.bench.get("/v1/policy/history", &rival).await.json()["events"], json!([]));
}

#[tokio::test]
async fn the_console_shows_versions_and_takes_them_further() {
    let people = people().await;
    let version = people.draft(TEXT).await;
    let cookie = login(&people.bench, &people.second).await;
    let list = page(&people.bench, "/console/policies", &cookie).await;
    assert!(list.status == StatusCode::OK && list.text.contains("a trial"), "{}", list.text);
    let one = format!("/console/policies/{version}");
    let shown = page(&people.bench, &one, &cookie).await;
    assert!(shown.text.contains("routing.splits_max") && shown.text.contains("Approve"), "{}", shown.text);
    assert!(!shown.text.contains("Activate"), "an approver lets nothing begin");
    let sent = form(&people.bench, &format!("{one}/approve"), &cookie, "reason=sound", "same-origin").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let cookie = login(&people.bench, &people.author).await;
    let body = "reason=now&big_bang=true";
    let sent = form(&people.bench, &format!("{one}/activate"), &cookie, body, "same-origin").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    assert_eq!(people.in_force().await, version);
    assert!(page(&people.bench, &one, &cookie).await.text.contains("in force"));
}
