//! A version in shadow over HTTP: what it would have done is told, and nothing of it is done.

use super::bench::{Answer, Bench};
use super::console::{form, login, page};
use super::explain::route;
use super::promises::shop;
use crate::core::policy::document::PolicyHash;
use crate::core::policy::version::PolicyVersion;
use crate::core::shadow::{NewShadow, Tolerance};
use crate::flows::rollout::guard;
use crate::flows::shadow_look::{Looked, look_at_versions};
use crate::ports::access::Scope;
use crate::ports::policies::NewPolicy;
use crate::ports::shadow::ShadowStarted;
use axum::http::{Method, StatusCode};
use holdfast_shared::ids::Actor;
use serde_json::{Value, json};

pub(super) const KEY: &str = "acme-admin";
/// Asks nobody but distribution centres, of which there are none.
const NOBODY: &str =
    "[routing]\n[[routing.ladder]]\nname = 'centre'\nwords = 'the centre'\nkinds = ['distribution_centre']\n";
const SAME: &str = "[routing]\nsplits_max = 2\n";

fn central() -> Actor {
    "central".parse().unwrap()
}

async fn draft(bench: &Bench, text: &str) -> u64 {
    let draft = json!({ "text": text, "reason": "a trial" });
    bench.ask(Method::POST, "/v1/policies", KEY, Some(&draft)).await.json()["version"].as_u64().unwrap()
}

async fn start(bench: &Bench, version: u64) -> Answer {
    let body = json!({
        "version": version, "owner": "key:ann", "reason": "is it as good?", "ends_at": "2027-02-01T00:00:00Z"
    });
    bench.ask(Method::POST, "/v1/shadow", KEY, Some(&body)).await
}

/// Five units of A lie in leeds.
pub(super) async fn placed(bench: &Bench, key: &str) -> String {
    let order = json!({
        "channel": "web", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "A", "quantity": 1 }], "reference": format!("ref {key}")
    });
    let placed = bench.place(KEY, key, &order).await.json();
    placed["order"].as_str().unwrap_or_else(|| panic!("{placed}")).to_owned()
}

async fn look(bench: &Bench) -> Looked {
    let app = &bench.app;
    look_at_versions(&*app.storage, &app.policies, &central(), app.clock.now().utc).await.unwrap()
}

pub(super) async fn diffs(bench: &Bench, query: &str) -> Vec<Value> {
    let told = bench.get(&format!("/v1/shadow/diffs{query}"), KEY).await.json();
    told["diffs"].as_array().unwrap_or_else(|| panic!("{told}")).clone()
}

pub(super) async fn side(bench: &Bench, against: &str) -> Value {
    let told = bench.get("/v1/shadow/report", KEY).await.json();
    let sides = told["sides"].as_array().unwrap_or_else(|| panic!("{told}"));
    sides.iter().find(|side| side["against"] == against).cloned().unwrap_or(Value::Null)
}

async fn went_to(bench: &Bench, order: &str) -> Value {
    let told = bench.get(&format!("/v1/orders/{order}/explain"), KEY).await.json();
    json!([
        told["decisions"][0]["policy"].as_str().unwrap().split(' ').next(),
        told["decisions"][0]["choice"]["parcels"][0]["store"]
    ])
}

#[tokio::test]
async fn it_is_asked_about_each_decision_and_decides_none() {
    let bench = shop().await;
    let (before, version) = (placed(&bench, "k0").await, draft(&bench, NOBODY).await);
    route(&bench).await;
    assert_eq!(start(&bench, version).await.status, StatusCode::CREATED);
    let order = placed(&bench, "k1").await;
    route(&bench).await;
    look(&bench).await;
    assert_eq!(look(&bench).await, Looked::default(), "once");
    for order in [&before, &order] {
        assert_eq!(went_to(&bench, order).await, json!(["v0", "leeds"]));
    }
    let found = diffs(&bench, "?against=v1&severity=critical").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&found[0]["order"], &found[0]["class"], &found[0]["here"]["nodes"], &found[0]["there"]["exception"]),
        (&json!(order), &json!("rules"), &json!({ "leeds": 1 }), &json!("backorder")),
        "{found:?}"
    );
    assert!(found[0]["here"]["promise"].is_string(), "{found:?}");
    let told = side(&bench, "v1").await;
    assert_eq!((&told["compared"], &told["mismatch_permille"]), (&json!(1), &json!(1_000)), "{told}");
    assert_eq!(
        (&told["by_class"], &told["tops"]["nodes"][0]["name"]),
        (&json!({ "rules": 1 }), &json!("leeds"))
    );
    let sheet = bench.get("/v1/shadow/report?format=csv", KEY).await;
    assert!(sheet.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(sheet.text.contains(",v1,class,rules,1\n"), "{}", sheet.text);
    let settle = json!({ "triage": "policy_difference", "reason": "stores are to be closed", "alike": true });
    let path = format!("/v1/shadow/diffs/{}/triage", found[0]["diff"]);
    assert_eq!(bench.ask(Method::POST, &path, KEY, Some(&settle)).await.json(), json!({ "settled": 1 }));
    assert_eq!(side(&bench, "v1").await["mismatched"], 0, "it is meant");
    assert_eq!(diffs(&bench, "?triage=open").await.len(), 0);
}

#[tokio::test]
async fn one_at_a_time_until_somebody_stops_it_or_its_time_is_over() {
    let bench = shop().await;
    let (first, second) = (draft(&bench, SAME).await, draft(&bench, NOBODY).await);
    assert_eq!(start(&bench, 99).await.problem(), (404, "unknown_policy".to_owned()));
    assert_eq!(start(&bench, 0).await.problem(), (409, "policy_state".to_owned()), "it decides already");
    assert_eq!(start(&bench, first).await.status, StatusCode::CREATED);
    assert_eq!(start(&bench, second).await.problem(), (409, "policy_state".to_owned()));
    let reader = bench.key("acme", &[Scope::FleetRead]).await;
    let stop = "/v1/shadow?reason=enough";
    assert_eq!(bench.ask(Method::DELETE, stop, &reader, None).await.problem().0, 403);
    let ended = bench.ask(Method::DELETE, stop, KEY, None).await.json();
    assert_eq!((&ended["version"], &ended["ended"]["reason"]), (&json!(first), &json!("enough")), "{ended}");
    assert_eq!(bench.ask(Method::DELETE, stop, KEY, None).await.problem().0, 404);
    assert_eq!(start(&bench, second).await.status, StatusCode::CREATED);
    let app = &bench.app;
    let later = app.clock.now().utc.plus(40 * 86_400_000);
    let looked = look_at_versions(&*app.storage, &app.policies, &central(), later).await.unwrap();
    assert_eq!(looked.ended, 1);
    let told = bench.get("/v1/shadow", KEY).await.json();
    assert_eq!(told["shadow"]["ended"]["reason"], "its time is over", "{told}");
    let history = bench.get("/v1/policy/history?limit=3", KEY).await.text;
    assert!(history.contains("shadow_start") && history.contains("shadow_stop"), "{history}");
}

#[tokio::test]
async fn what_no_comparison_shows_is_told() {
    let bench = shop().await;
    let version = draft(&bench, "[stock.classes.default]\nbuffer_units = 3\n").await;
    start(&bench, version).await;
    assert_eq!(bench.get("/v1/shadow", KEY).await.json()["not_compared"], json!(["stock"]));
}

#[tokio::test]
async fn a_version_that_cannot_be_read_ends_its_shadow_and_touches_no_order() {
    let bench = shop().await;
    let (app, tenant) = (&bench.app, "acme".parse().unwrap());
    let canonical = "later = 1\n".to_owned();
    let (author, hash) = (central(), PolicyHash::of(&canonical));
    let policy =
        NewPolicy { text: canonical.clone(), canonical, hash, author: central(), reason: "newer".into() };
    let now = app.clock.now().utc;
    let version = app.storage.draft_policy(&tenant, &policy, now).await.unwrap().version;
    let new = NewShadow {
        version,
        author,
        owner: central(),
        reason: "why".into(),
        tolerance: Tolerance::default(),
        ends_at: now.plus(1_000_000),
    };
    let begun = app.storage.start_shadow(&tenant, &new, now).await.unwrap();
    assert!(matches!(begun, ShadowStarted::Done(_)));
    let order = placed(&bench, "k").await;
    route(&bench).await;
    assert_eq!(look(&bench).await.ended, 1);
    assert_eq!(went_to(&bench, &order).await, json!(["v0", "leeds"]));
    assert_eq!(version, PolicyVersion(1));
    let told = bench.get("/v1/shadow", KEY).await.json();
    assert_eq!(told["shadow"]["ended"]["reason"], "this program cannot read the version", "{told}");
}

fn plan(shadow: &Value) -> Value {
    json!({
        "owner": "key:acme-admin", "may_pause": ["key:acme-admin"], "dashboard": "https://grafana.example",
        "go": ["no complaints"], "blockers_cleared": ["stores were told"], "cohort": { "channels": ["web"] },
        "percent_max": 50, "shadow": shadow,
        "phases": [{ "percent": 30, "go": ["stores were told"], "roll_back_when": ["a store complains"] },
            { "percent": 50, "go": ["a quiet day"], "roll_back_when": ["a store complains"] }],
        "guardrails": { "errors_permille_max": 999, "latency_ms_max": 60_000, "exceptions_max": 9,
            "mismatch_permille_max": 999, "orders_min": 1_000 }
    })
}

async fn roll_out(bench: &Bench, version: u64, shadow: &Value, percent: u8) -> Answer {
    let body =
        json!({ "version": version, "plan": plan(shadow), "percent": percent, "reason": "peak is near" });
    bench.ask(Method::POST, "/v1/rollouts", KEY, Some(&body)).await
}

async fn approved(bench: &Bench, text: &str) -> u64 {
    let version = draft(bench, text).await;
    let second = bench.key("acme", &[Scope::PolicyApprove]).await;
    let reason = json!({ "reason": "looked at it" });
    bench.ask(Method::POST, &format!("/v1/policies/{version}/approve"), &second, Some(&reason)).await;
    version
}

#[tokio::test]
async fn what_a_version_decides_on_trial_says_nothing_about_it() {
    let bench = shop().await;
    let version = approved(&bench, SAME).await;
    start(&bench, version).await;
    let answered_for = json!({ "override_reason": "one channel only" });
    assert_eq!(roll_out(&bench, version, &answered_for, 30).await.status, StatusCode::CREATED);
    let mut orders = Vec::new();
    for n in 0..12 {
        orders.push(placed(&bench, &format!("k{n}")).await);
    }
    route(&bench).await;
    let mut by_itself = 0;
    for order in &orders {
        by_itself += u64::from(went_to(&bench, order).await[0] == "v1");
    }
    assert!((1..12).contains(&by_itself), "{by_itself} of 12 at 30 percent");
    look(&bench).await;
    assert_eq!(side(&bench, "v1").await["equal"], json!(12 - by_itself));
}

#[tokio::test]
async fn orders_follow_a_version_only_after_its_shadow_and_no_longer_than_it_agrees() {
    let bench = shop().await;
    let version = approved(&bench, NOBODY).await;
    let gate = json!({ "lines_min": 1, "mismatch_permille_max": 500 });
    let unseen = roll_out(&bench, version, &gate, 1).await;
    assert_eq!(unseen.problem(), (409, "policy_state".to_owned()));
    assert!(unseen.text.contains("its shadow compared 0 order lines"), "{}", unseen.text);
    start(&bench, version).await;
    placed(&bench, "k1").await;
    route(&bench).await;
    look(&bench).await;
    let differs = roll_out(&bench, version, &gate, 1).await;
    assert!(differs.text.contains("1000 of 1000 order lines differ"), "{}", differs.text);
    let found = diffs(&bench, "").await;
    let meant = json!({ "triage": "policy_difference", "reason": "meant" });
    bench
        .ask(Method::POST, &format!("/v1/shadow/diffs/{}/triage", found[0]["diff"]), KEY, Some(&meant))
        .await;
    assert_eq!(roll_out(&bench, version, &gate, 1).await.status, StatusCode::CREATED);
    let (app, now) = (&bench.app, bench.app.clock.now().utc);
    assert_eq!(guard(&*app.storage, &central(), now).await.unwrap(), 0);
    for key in ["k2", "k3"] {
        placed(&bench, key).await;
    }
    route(&bench).await;
    look(&bench).await;
    assert_eq!(guard(&*app.storage, &central(), now).await.unwrap(), 1, "two of three are not meant");
    let told = bench.get("/v1/rollouts", KEY).await.json();
    assert_eq!(told["rollout"]["state"], "paused", "{told}");
    assert!(told["verdict"].as_str().unwrap().contains("667 of 1000 order lines differ"), "{told}");
}

#[tokio::test]
async fn a_page_shows_the_differences_and_settles_them() {
    let bench = shop().await;
    let version = draft(&bench, NOBODY).await;
    start(&bench, version).await;
    placed(&bench, "k1").await;
    route(&bench).await;
    look(&bench).await;
    let cookie = login(&bench, KEY).await;
    let shown = page(&bench, "/console/shadow", &cookie).await.text;
    for words in ["Version 1 is in shadow", "critical", "1 from leeds", "Meant so", "100.0 %"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let diff = diffs(&bench, "").await[0]["diff"].to_string();
    let path = format!("/console/shadow/diffs/{diff}/triage");
    let body = "reason=too+few+centres&alike=false&triage=defect";
    assert_eq!(form(&bench, &path, &cookie, body, "same-origin").await.status, StatusCode::SEE_OTHER);
    assert_eq!(diffs(&bench, "?triage=defect").await[0]["triaged"]["reason"], "too few centres");
    let reader = bench.key("acme", &[Scope::FleetRead]).await;
    let cookie = login(&bench, &reader).await;
    assert_eq!(form(&bench, &path, &cookie, body, "same-origin").await.problem().0, 403);
    assert!(page(&bench, "/console/shadow?all=true", &cookie).await.text.contains("too few centres"));
}
