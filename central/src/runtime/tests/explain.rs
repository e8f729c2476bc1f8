//! One order explained over HTTP and in the console: who had it by which fence, and the whole of each decision.

use super::bench::Bench;
use super::console::{login, page};
use super::promises::shop;
use crate::flows::in_force::know_in_force;
use crate::flows::route_orders::{Router, route_orders};
use crate::ports::access::Scope;
use axum::http::Method;
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

pub(super) async fn route(bench: &Bench) {
    let app = &bench.app;
    know_in_force(&*app.storage, &app.policies).await.unwrap();
    let decision_id = || "d-1".parse().unwrap();
    let router =
        Router { watch: &app.watch, poke: &*app.poke, policy: &*app.policies, decision_id: &decision_id };
    route_orders(&*app.storage, &router, app.clock.now()).await.unwrap();
}

/// An order of two units of A, which leeds has, and its id.
pub(super) async fn routed() -> (Bench, String) {
    let bench = shop().await;
    let order = json!({
        "channel": "web", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "A", "quantity": 2 }]
    });
    let placed = bench.place(KEY, "k", &order).await.json();
    route(&bench).await;
    (bench, placed["order"].as_str().unwrap().to_owned())
}

async fn explained(bench: &Bench, order: &str, query: &str) -> Value {
    bench.get(&format!("/v1/orders/{order}/explain{query}"), KEY).await.json()
}

#[tokio::test]
async fn an_order_tells_who_had_it_by_which_fence() {
    let (bench, order) = routed().await;
    let told = explained(&bench, &order, "").await;
    let offered = &told["fences"][0];
    assert_eq!(
        (&offered["kind"], &offered["words"]),
        (&json!("offered"), &json!("offered to leeds")),
        "{told}"
    );
    let task = offered["task"].as_str().unwrap();
    let body = json!({ "reason": "the van broke down" });
    bench.ask(Method::POST, &format!("/v1/tasks/{task}/take-back"), KEY, Some(&body)).await;
    let told = explained(&bench, &order, "").await;
    let kinds: Vec<&str> =
        told["fences"].as_array().unwrap().iter().map(|step| step["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"offered"), Some(&"taken_back")), "{told}");
    let last = told["fences"].as_array().unwrap().last().unwrap();
    assert_eq!(last["fence"], offered["fence"]);
    assert!(last["words"].as_str().unwrap().contains("the van broke down"), "{last}");
}

#[tokio::test]
async fn the_page_of_an_order_shows_scores_by_term_and_fences() {
    let (bench, order) = routed().await;
    let cookie = login(&bench, KEY).await;
    let shown = page(&bench, &format!("/console/orders/{order}"), &cookie).await.text;
    for words in [
        "Who had it, by fence",
        "offered to leeds",
        "Chosen: Closest store",
        "hand over by",
        "<th>distance</th>",
        "Store leeds (chosen)",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[tokio::test]
async fn another_policy_is_tried_on_what_was_looked_at() {
    let (bench, order) = routed().await;
    let same = explained(&bench, &order, "?policy=0").await;
    assert_eq!(
        (&same["instead"][0]["same"], &same["instead"][0]["unrecorded"]),
        (&json!(true), &json!(0)),
        "{same}"
    );
    let text = "[routing]\n[[routing.ladder]]\nname = 'centre'\nwords = 'the centre'\nkinds = ['distribution_centre']\n";
    let draft = json!({ "text": text, "reason": "a trial" });
    let author = bench.key("acme", &[Scope::PolicyWrite]).await;
    let drafted = bench.ask(Method::POST, "/v1/policies", &author, Some(&draft)).await;
    let version = drafted.json()["version"].as_u64().unwrap_or_else(|| panic!("{}", drafted.text));
    let other = explained(&bench, &order, &format!("?policy={version}")).await;
    let instead = &other["instead"][0];
    assert_eq!(
        (&instead["same"], &instead["instead"]["choice"]["choice"]),
        (&json!(false), &json!("backorder"))
    );
    assert_eq!(instead["difference"], "it asks on the rung centre where it asked on closest");
    assert_eq!(other["decisions"][0]["choice"]["choice"], "assign", "what was decided stays");
    let cookie = login(&bench, KEY).await;
    let shown = page(&bench, &format!("/console/orders/{order}?policy={version}"), &cookie).await.text;
    assert!(shown.contains("it asks on the rung centre where it asked on closest"), "{shown}");
    let nowhere = bench.get(&format!("/v1/orders/{order}/explain?policy=99"), KEY).await;
    assert_eq!(nowhere.problem(), (404, "unknown_policy".to_owned()));
    let misspelt = bench.get(&format!("/v1/orders/{order}/explain?version=1"), KEY).await;
    assert_eq!(misspelt.problem(), (400, "unknown_field".to_owned()));
}
