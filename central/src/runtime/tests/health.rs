//! Arrangements and standing by kind, over HTTP.

use super::bench::{Bench, bench, store_json};
use crate::core::test_support::beat;
use crate::flows::evaluate::evaluate;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// The bench's clock stands at 2027-01-15.
const AHEAD: &str = "2027-02-01T22:00:00Z";

async fn refused(bench: &Bench, method: Method, path: &str, token: &str, body: Value) -> String {
    let answer = bench.ask(method, path, token, Some(&body)).await;
    assert_eq!(answer.problem(), (400, "invalid_request".to_owned()), "{}", answer.text);
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn closures_ahead_are_planned_and_taken_back() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let path = "/v1/stores/leeds/planned-closures";
    let plan = |from: &str, until: &str| json!({ "hard": false, "cause": "maintenance", "from": from, "until": until });
    let planned = bench.ask(Method::POST, path, &admin, Some(&plan(AHEAD, "2027-02-02T04:00:00Z"))).await;
    assert_eq!(planned.status, StatusCode::CREATED, "{}", planned.text);
    assert_eq!(planned.json()["planned"][0]["number"], 1);
    let told = refused(&bench, Method::POST, path, &admin, plan(AHEAD, "2027-01-31T00:00:00Z")).await;
    assert!(told.contains("end before it begins"), "{told}");
    let told =
        refused(&bench, Method::POST, path, &admin, plan("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"))
            .await;
    assert!(told.contains("over already"), "{told}");
    let store = bench.get("/v1/stores/leeds", &admin).await.json();
    assert_eq!(store["arranged"]["planned"][0]["cause"], "maintenance");
    let gone = bench.ask(Method::DELETE, &format!("{path}/1"), &admin, None).await;
    assert_eq!(gone.json()["planned"], json!([]));
    for number in ["1", "many"] {
        let missing = bench.ask(Method::DELETE, &format!("{path}/{number}"), &admin, None).await;
        assert_eq!(missing.problem(), (404, "not_found".to_owned()));
    }
    let nowhere = bench.ask(Method::DELETE, "/v1/stores/york/planned-closures/1", &admin, None).await;
    assert_eq!(nowhere.problem(), (404, "unknown_store".to_owned()));
}

#[tokio::test]
async fn hours_that_cannot_be_are_refused_in_words() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let path = "/v1/stores/leeds/dated-hours";
    let day = |date: &str, opens: i32, closes: i32| json!({ "date": date, "spans": [{ "opens_minute": opens, "closes_minute": closes }] });
    let christmas = json!({ "dated_hours": [{ "date": "2027-12-25", "why": "Christmas" }] });
    let put = bench.ask(Method::PUT, path, &admin, Some(&christmas)).await;
    assert_eq!(put.json()["dated_hours"][0]["why"], "Christmas", "{}", put.text);
    let backwards = json!({ "dated_hours": [day("2027-12-24", 600, 540)] });
    assert!(refused(&bench, Method::PUT, path, &admin, backwards).await.contains("from minute 600 to 540"));
    let twice = json!({ "dated_hours": [day("2027-12-24", 0, 60), day("2027-12-24", 60, 90)] });
    assert!(refused(&bench, Method::PUT, path, &admin, twice).await.contains("named twice"));
    for unreadable in [day("2027-02-30", 0, 60), day("tomorrow", 0, 60), day("2027-12-24", -1, 60)] {
        let body = json!({ "dated_hours": [unreadable] });
        let answer = bench.ask(Method::PUT, path, &admin, Some(&body)).await;
        assert!(answer.status.is_client_error(), "{}", answer.text);
    }
    let mut weekly = store_json("leeds");
    weekly["hours"] = json!([{ "day": "monday", "opens_minute": 600, "closes_minute": 600 }]);
    assert!(
        refused(&bench, Method::PUT, "/v1/stores/leeds", &admin, weekly).await.contains("from minute 600")
    );
    let mut nowhere = store_json("leeds");
    nowhere["place"] = json!({ "latitude": 91.0, "longitude": 0.0 });
    assert!(refused(&bench, Method::PUT, "/v1/stores/leeds", &admin, nowhere).await.contains("globe"));
    let mut placeless = store_json("leeds");
    placeless.as_object_mut().unwrap().remove("place");
    let answer = bench.ask(Method::PUT, "/v1/stores/leeds", &admin, Some(&placeless)).await;
    assert!(answer.status.is_client_error() && answer.text.contains("place"), "{}", answer.text);
}

#[tokio::test]
async fn staff_and_hourly_capacity_are_said_and_checked() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let path = "/v1/stores/leeds/capacity";
    let half = json!({ "tasks_per_hour": 6, "staffing_permille": 500, "staffing_until": AHEAD });
    let put = bench.ask(Method::PUT, path, &admin, Some(&half)).await;
    assert_eq!(put.json()["staffing"]["permille"], 500, "{}", put.text);
    let until_alone = json!({ "staffing_until": AHEAD });
    assert!(
        refused(&bench, Method::PUT, path, &admin, until_alone).await.contains("without staffing_permille")
    );
    let crowd = json!({ "staffing_permille": 9_000 });
    assert!(refused(&bench, Method::PUT, path, &admin, crowd).await.contains("0 to 3000"));
    let past = json!({ "staffing_permille": 900, "staffing_until": "2020-01-01T00:00:00Z" });
    assert!(refused(&bench, Method::PUT, path, &admin, past).await.contains("past"));
}

#[tokio::test]
async fn open_doors_and_orders_served_are_shown_side_by_side_for_each_kind() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let now = bench.app.clock.now();
    let mut told = beat("leeds", "b1", 1);
    told.vitals.handheld_seen_ms_ago = Some(5 * 3_600_000);
    bench.app.watch.with(|observatory| observatory.hear(told, now.mono));
    evaluate(&*bench.app.storage, &bench.app.watch, now).await.unwrap();
    let store = bench.get("/v1/stores/leeds", &admin).await.json();
    let availability = &store["availability"];
    assert_eq!(availability["physically_open"], true);
    assert_eq!(availability["functionally_available"], true);
    let of = |kind: &str| {
        let rows = availability["by_kind"].as_array().unwrap();
        rows.iter().find(|row| row["kind"] == kind).unwrap().clone()
    };
    assert_eq!(of("ship")["standing"], "eligible");
    assert_eq!(of("pickup")["standing"], "ineligible");
    assert_eq!(of("pickup")["why"], "1 handhelds paired, not seen for 5 h (limit 4 h)");
    let reason = &store["eligibility"]["reasons"][0];
    let values = json!({ "measured": 18_000_000, "limit": 14_400_000, "unit": "ms" });
    assert_eq!((&reason["signal"], &reason["values"]), (&json!("handhelds"), &values));
    let history = bench.get("/v1/stores/leeds/history", &admin).await.json();
    assert_eq!(history["changes"][0]["eligibility"]["reasons"][0]["values"], values);
}
