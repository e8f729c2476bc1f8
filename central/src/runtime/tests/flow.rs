//! How orders flow, over HTTP.

use super::bench::Bench;
use super::kpis::a_day;
use crate::runtime::flowing::add_up;
use axum::http::StatusCode;
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

async fn flow(bench: &Bench, query: &str) -> Value {
    let answer = bench.get(&format!("/v1/kpis/flow{query}"), KEY).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn the_ways_of_orders_are_told_with_whose_work_they_were() {
    let bench = a_day().await;
    assert_eq!(flow(&bench, "").await["total"], json!([]), "not added up yet");
    add_up(&*bench.app.storage).await.unwrap();
    let told = flow(&bench, "?by=channel").await;
    let way = |from: &str, to: &str| -> Value {
        let ways = told["total"].as_array().unwrap();
        let found = ways.iter().find(|way| way["from"] == from && way["to"] == to);
        found.unwrap_or_else(|| panic!("{from} to {to}: {told}")).clone()
    };
    let placed = &told["total"][0];
    assert_eq!(
        (&placed["to"], &placed["orders"], &placed["stage"]),
        (&json!("placed"), &json!(2), &json!("intake"))
    );
    assert_eq!(way("placed", "allocated")["stage"], "decisioning");
    assert_eq!(way("placed", "backordered")["set_back"], true);
    assert_eq!(way("backordered", "cancelled")["orders"], 1);
    let names: Vec<&Value> = told["slices"].as_array().unwrap().iter().map(|slice| &slice["name"]).collect();
    assert_eq!(names, ["marketplace", "web"], "most steps first");
    let now = &told["now"];
    assert_eq!(
        (&now[0]["state"], &now[0]["orders"], &now[0]["late"]),
        (&json!("allocated"), &json!(1), &json!(0))
    );
    assert_eq!(told["ambiguous"], json!({ "after_s": 900, "orders": 0, "share": 0.0 }));
}

#[tokio::test]
async fn others_see_nothing_of_it_and_what_cannot_be_meant_is_refused() {
    let bench = a_day().await;
    add_up(&*bench.app.storage).await.unwrap();
    let theirs = bench.tenant("rival").await;
    let told = bench.get("/v1/kpis/flow", &theirs).await.json();
    assert_eq!((&told["total"], &told["now"]), (&json!([]), &json!([])));
    for (query, words) in
        [("late_after_s=0", "late_after_s"), ("by=weather", "weather"), ("from=2025-01-01", "days")]
    {
        let refused = bench.get(&format!("/v1/kpis/flow?{query}"), KEY).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(refused.text.contains(words), "{query}: {}", refused.text);
    }
}
