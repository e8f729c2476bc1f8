//! Replays over HTTP: asked for, run, looked at, ended, and what is refused how.

use super::bench::{Answer, Bench};
use super::explain::routed;
use crate::flows::replay::Waiting;
use crate::ports::access::Scope;
use crate::runtime::replaying::work_off;
use axum::http::{Method, StatusCode};
use holdfast_shared::limits::{REPLAY_LISTED_MAX, REPLAYS_WAITING_MAX};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const KEY: &str = "acme-admin";
const CENTRE: &str =
    "[routing]\n[[routing.ladder]]\nname = 'centre'\nwords = 'the centre'\nkinds = ['distribution_centre']\n";

async fn ask(bench: &Bench, path: &str, body: &Value) -> Answer {
    bench.ask(Method::POST, path, KEY, Some(body)).await
}

/// To its end.
async fn replayed(bench: &Bench, path: &str, body: &Value) -> Value {
    let begun = ask(bench, path, body).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text);
    let begun = begun.json();
    assert_eq!((&begun["state"], &begun["report"]), (&json!("waiting"), &Value::Null));
    work_off(&bench.app, &CancellationToken::new()).await;
    let told = bench.get(&format!("/v1/replays/{}", begun["replay"]), KEY).await.json();
    assert_eq!(told["state"], "done", "{told}");
    told
}

async fn drafted(bench: &Bench, text: &str) -> u64 {
    let author = bench.key("acme", &[Scope::PolicyWrite]).await;
    let draft = json!({ "text": text, "reason": "a trial" });
    let drafted = bench.ask(Method::POST, "/v1/policies", &author, Some(&draft)).await;
    drafted.json()["version"].as_u64().unwrap_or_else(|| panic!("{}", drafted.text))
}

fn row<'a>(answer: &'a Value, term: &str) -> &'a Value {
    answer["score"].as_array().unwrap().iter().find(|row| row["term"] == term).unwrap()
}

#[tokio::test]
async fn what_is_in_force_replayed_against_itself_differs_in_nothing() {
    let (bench, _) = routed().await;
    let told = replayed(&bench, "/v1/policies/0/replay", &json!({})).await;
    let report = &told["report"];
    assert_eq!((&told["played"], &told["of"]), (&json!(1), &json!(1)));
    assert_eq!(
        report["record"],
        json!({ "orders": 1, "decisions": 1, "whole": 1, "cut": 0, "without_inputs": 0, "as_decided": 1 })
    );
    for way in ["alone", "sequence"] {
        let answer = &report[way];
        assert_eq!((&answer["cases"], &answer["changed"]), (&json!(1), &json!(0)), "{way}: {answer}");
        let differs = |row: &&Value| row["difference"].as_f64().is_some_and(|by| by != 0.0);
        assert_eq!(answer["score"].as_array().unwrap().iter().find(differs), None);
        assert_eq!(row(answer, "backorder_share")["candidate"], json!({ "value": 0.0, "of": 1 }));
    }
}

#[tokio::test]
async fn another_version_is_scored_beside_it_and_tells_who_changed_and_why() {
    let (bench, order) = routed().await;
    let version = drafted(&bench, CENTRE).await;
    let told = replayed(&bench, &format!("/v1/policies/{version}/replay"), &json!({ "against": 0 })).await;
    let sequence = &told["report"]["sequence"];
    let backorders = row(sequence, "backorder_share");
    assert_eq!((&backorders["difference"], &backorders["verdict"]), (&json!(1.0), &json!("worse")));
    let change = &sequence["most_changed"][0];
    assert_eq!((&sequence["changed"], &change["order"]), (&json!(1), &json!(order)));
    assert_eq!(change["words"], "nobody instead of leeds (0 km)");
    assert_eq!(change["cause"], "it asks on the rung centre where it asked on closest");
    let explained = bench.get(change["explain"].as_str().unwrap(), KEY).await.json();
    assert_eq!(explained["instead"][0]["difference"], change["cause"], "{explained}");
    let again = replayed(&bench, &format!("/v1/policies/{version}/replay"), &json!({ "against": 0 })).await;
    assert_eq!(again["report"], told["report"], "the same record gives the same answer");
}

#[tokio::test]
async fn a_text_that_is_no_version_yet_is_replayed_too() {
    let (bench, order) = routed().await;
    let body = json!({ "text": CENTRE, "orders": [order, "o-nobody"] });
    let told = replayed(&bench, "/v1/policies/replay", &body).await;
    let report = &told["report"];
    assert_eq!(report["unknown"], json!(["o-nobody"]));
    let change = &report["alone"]["most_changed"][0];
    assert_eq!(change["explain"], format!("/v1/orders/{order}/explain"));
    let other_days = json!({ "text": CENTRE, "from": "2027-01-01", "to": "2027-01-14" });
    let told = replayed(&bench, "/v1/policies/replay", &other_days).await;
    assert_eq!(told["report"]["record"]["orders"], 0, "it was placed the day after");
    assert_eq!(told["report"]["alone"]["score"][0]["candidate"], Value::Null);
}

#[tokio::test]
async fn a_replay_is_ended_before_it_ran_and_while_it_runs() {
    let (bench, _) = routed().await;
    let begun = ask(&bench, "/v1/policies/0/replay", &json!({})).await.json();
    let path = format!("/v1/replays/{}", begun["replay"]);
    let ended = bench.ask(Method::DELETE, &path, KEY, None).await.json();
    assert_eq!(ended["state"], "cancelled");
    assert!(bench.app.rooms.replays.next().is_none(), "nothing is left to run");

    let begun = ask(&bench, "/v1/policies/0/replay", &json!({})).await.json();
    let path = format!("/v1/replays/{}", begun["replay"]);
    let Waiting { replay, .. } = bench.app.rooms.replays.next().unwrap();
    assert!(bench.app.rooms.replays.progress(replay, 0, 9));
    assert_eq!(bench.get(&path, KEY).await.json()["state"], "running");
    bench.ask(Method::DELETE, &path, KEY, None).await;
    assert!(!bench.app.rooms.replays.progress(replay, 1, 9), "it stops at its next page");
    bench.app.rooms.replays.end(replay, Ok(None));
    assert_eq!(bench.get(&path, KEY).await.json()["state"], "cancelled");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_words() {
    let (bench, _) = routed().await;
    let many: Vec<String> = (0..=REPLAY_LISTED_MAX).map(|n| format!("o-{n}")).collect();
    for (path, body, code, words) in [
        ("/v1/policies/99/replay", json!({}), "unknown_policy", "99"),
        ("/v1/policies/0/replay", json!({ "against": 99 }), "unknown_policy", "99"),
        ("/v1/policies/0/replay", json!({ "since": "2026-11-01" }), "unknown_field", "since"),
        ("/v1/policies/0/replay", json!({ "from": "yesterday" }), "invalid_request", "not a day"),
        ("/v1/policies/0/replay", json!({ "from": "2026-01-01" }), "invalid_request", "380 days"),
        (
            "/v1/policies/0/replay",
            json!({ "orders": ["o-1"], "to": "2027-01-01" }),
            "invalid_request",
            "one of the two",
        ),
        ("/v1/policies/0/replay", json!({ "text": CENTRE }), "invalid_request", "one of the two"),
        ("/v1/policies/0/replay", json!({ "told": 201 }), "invalid_request", "at most 200"),
        ("/v1/policies/replay", json!({}), "invalid_request", "text is missing"),
        (
            "/v1/policies/replay",
            json!({ "text": "[stock.classes.default]\nbuffer_units = 3\n" }),
            "invalid_request",
            "differ in stock alone",
        ),
        (
            "/v1/policies/replay",
            json!({ "text": "[routing]\nsplit_max = 1\n" }),
            "invalid_policy",
            "split_max",
        ),
    ] {
        let refused = ask(&bench, path, &body).await;
        assert_eq!(refused.problem().1, code, "{path} {body}: {}", refused.text);
        assert!(refused.text.contains(words), "{words}: {}", refused.text);
    }
    let begun = ask(&bench, "/v1/policies/0/replay", &json!({ "orders": many })).await.json();
    work_off(&bench.app, &CancellationToken::new()).await;
    let failed = bench.get(&format!("/v1/replays/{}", begun["replay"]), KEY).await.json();
    assert_eq!(failed["state"], "failed");
    assert!(failed["why"].as_str().unwrap().contains("1 to 1000 orders"), "{failed}");
}

#[tokio::test]
async fn replays_are_bounded_and_those_of_others_are_not_seen() {
    let (bench, _) = routed().await;
    let mut last = Value::Null;
    for _ in 0..REPLAYS_WAITING_MAX {
        last = ask(&bench, "/v1/policies/0/replay", &json!({})).await.json();
    }
    let refused = ask(&bench, "/v1/policies/0/replay", &json!({})).await;
    assert_eq!(refused.problem(), (429, "too_many_requests".to_owned()));
    let theirs = bench.tenant("rival").await;
    let path = format!("/v1/replays/{}", last["replay"]);
    assert_eq!(bench.get(&path, &theirs).await.problem(), (404, "not_found".to_owned()));
    let reader = bench.key("acme", &[Scope::OrdersRead]).await;
    assert_eq!(bench.get(&path, &reader).await.problem().0, 403);
    assert_eq!(bench.get("/v1/replays/last", KEY).await.problem().0, 404);
}

#[tokio::test]
async fn what_a_replay_shows_nothing_of_is_named_beside_what_it_shows() {
    let (bench, order) = routed().await;
    let text = "[routing]\nsplits_max = 1\n[stock.classes.default]\nbuffer_units = 3\n";
    let body = json!({ "text": text, "orders": [order] });
    let done = replayed(&bench, "/v1/policies/replay", &body).await;
    assert_eq!(done["report"]["not_judged"], json!(["stock"]), "{done}");
}
