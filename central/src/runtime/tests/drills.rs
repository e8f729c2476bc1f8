//! A drill over HTTP, from the dry look to the report, with the reconcilers run by hand.

use super::agents::{enrolled, sync};
use super::bench::{Bench, bench, order_json};
use super::console::{form, login, page};
use crate::core::test_support::beat;
use crate::flows::drill::end_those_over;
use crate::flows::evaluate::evaluate;
use crate::flows::failover::{FailedOver, fail_over};
use crate::flows::route_orders::{Router, route_orders};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use holdfast_shared::limits::DRILL_MS_MAX;
use holdfast_shared::time::UtcMs;
use serde_json::{Value, json};

async fn judge(bench: &Bench) {
    let app = &bench.app;
    evaluate(&*app.storage, &app.watch, app.clock.now()).await.unwrap();
}

async fn move_work(bench: &Bench) -> FailedOver {
    let app = &bench.app;
    let next = app.decision_id;
    let router = Router { watch: &app.watch, poke: &*app.poke, policy: &*app.policies, decision_id: &next };
    let done = fail_over(&*app.storage, &router, app.clock.now()).await.unwrap();
    route_orders(&*app.storage, &router, app.clock.now()).await.unwrap();
    done
}

async fn order(bench: &Bench, key: &str, more: Value) -> String {
    let mut wanted = order_json(1);
    wanted["lines"][0]["sku"] = json!("A");
    for (name, value) in more.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    let placed = bench.place("acme-admin", key, &wanted).await;
    assert_eq!(placed.status, StatusCode::ACCEPTED, "{}", placed.text);
    placed.json()["order"].as_str().unwrap().to_owned()
}

/// Leeds has five of A, an offer to ship one and a pickup. York has nothing.
pub(super) async fn busy_leeds() -> (Bench, String, String) {
    let bench = bench();
    let identity = enrolled(&bench).await;
    let first = include_bytes!("../../../../shared/src/wire/sync/golden/request_v1.hfs").to_vec();
    let synced = sync(&bench, identity["secret"].as_str().unwrap(), first).await;
    assert_eq!(synced.status, StatusCode::OK, "{}", synced.text);
    bench.put_store("acme-admin", "york").await;
    let items = json!({ "items": [{ "sku": "A", "name": "Thing" }] });
    bench.ask(Method::PUT, "/v1/catalogue", "acme-admin", Some(&items)).await;
    let now = bench.app.clock.now().mono;
    bench.app.watch.with(|observatory| observatory.hear(beat("leeds", "b1", 1), now));
    judge(&bench).await;
    let promise = UtcMs(bench.app.clock.now().utc.0 + 3_600_000);
    let ship = order(&bench, "k1", json!({ "promise_by": promise })).await;
    let pickup = order(&bench, "k2", json!({ "kind": "pickup", "pickup_store": "leeds" })).await;
    assert_eq!(move_work(&bench).await, FailedOver::default());
    (bench, ship, pickup)
}

async fn state(bench: &Bench, order: &str) -> Value {
    bench.get(&format!("/v1/orders/{order}"), "acme-admin").await.json()["state"].clone()
}

#[tokio::test]
async fn a_dry_drill_shows_and_does_nothing() {
    let (bench, ship, pickup) = busy_leeds().await;
    let wanted = json!({ "mode": "dry", "stores": ["leeds"], "reason": "may we close for a day?" });
    let shown = bench.ask(Method::POST, "/v1/drills", "acme-admin", Some(&wanted)).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    let tasks = shown.json()["tasks"].clone();
    let of = |order: &str| {
        let tasks = tasks.as_array().unwrap();
        tasks.iter().find(|task| task["order"] == order).unwrap()["outcome"].clone()
    };
    assert_eq!((&of(&ship)["outcome"], &of(&ship)["to"]), (&json!("moves"), &json!([])));
    assert_eq!((&of(&ship)["promise_kept"], &of(&ship)["leaves"]), (&json!(false), &json!("at_once")));
    assert_eq!(of(&pickup)["outcome"], "stays");

    assert_eq!(bench.get("/v1/stores/leeds", "acme-admin").await.json()["closures"], json!([]));
    assert_eq!(bench.get("/v1/drills", "acme-admin").await.json()["drills"], json!([]));
    judge(&bench).await;
    assert_eq!(move_work(&bench).await, FailedOver::default());
    assert_eq!(
        (state(&bench, &ship).await, state(&bench, &pickup).await),
        (json!("allocated"), json!("allocated"))
    );
}

#[tokio::test]
async fn a_live_drill_moves_what_may_move_and_leaves_a_record() {
    let (bench, ship, pickup) = busy_leeds().await;
    let wanted = json!({ "mode": "live", "stores": ["leeds"], "reason": "before the peak" });
    let begun = bench.ask(Method::POST, "/v1/drills", "acme-admin", Some(&wanted)).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text);
    let id = begun.json()["drill"].as_str().unwrap().to_owned();
    let twice = bench.ask(Method::POST, "/v1/drills", "acme-admin", Some(&wanted)).await;
    assert_eq!(twice.problem(), (409, "already_exists".to_owned()));
    judge(&bench).await;
    let leeds = bench.get("/v1/stores/leeds", "acme-admin").await.json();
    assert_eq!(
        (&leeds["closures"][0]["cause"], &leeds["closures"][0]["hard"]),
        (&json!("drill"), &json!(true))
    );
    let why = leeds["eligibility"]["reasons"][0]["words"].as_str().unwrap();
    assert!(why.contains("closed hard by key:acme-admin because of drill"), "{why}");

    let ahead = bench.get("/v1/failover", "acme-admin").await.json();
    let mut steps: Vec<(String, String)> = ahead["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| (task["order"].as_str().unwrap().to_owned(), task["step"].as_str().unwrap().to_owned()))
        .collect();
    steps.sort_by_key(|(order, _)| *order != ship);
    assert_eq!(steps, [(ship.clone(), "moves".to_owned()), (pickup.clone(), "stays".to_owned())]);

    let done = move_work(&bench).await;
    assert_eq!((done.recalled, done.told), (1, 1));
    assert_eq!(
        (state(&bench, &ship).await, state(&bench, &pickup).await),
        (json!("backordered"), json!("allocated"))
    );
    let ended = bench.ask(Method::DELETE, &format!("/v1/drills/{id}"), "acme-admin", None).await;
    assert_eq!(ended.status, StatusCode::OK, "{}", ended.text);
    let told = bench.get(&format!("/v1/drills/{id}"), "acme-admin").await.json();
    assert_eq!((&told["ended_by"], &told["author"]), (&json!("key:acme-admin"), &json!("key:acme-admin")));
    assert_eq!((&told["report"]["moved"], &told["report"]["waiting"]), (&json!(1), &json!(1)));
    assert_eq!(told["report"]["stayed"], json!({ "released": 0, "pickup": 1, "not_due": 0 }));
    assert_eq!(told["moves"][0]["order"], json!(ship));
    let timeline = bench.get(&format!("/v1/orders/{ship}/timeline"), "acme-admin").await.text;
    assert!(timeline.contains("leaves leeds: closed hard") && timeline.contains("60 min"), "{timeline}");
    let shop = bench.key("acme", &[Scope::OrdersWrite]).await;
    let outside = bench.get(&format!("/v1/orders/{ship}/timeline"), &shop).await.text;
    assert!(outside.contains("\"promise_changed\"") && !outside.contains("leeds"), "{outside}");
    assert_eq!(bench.get("/v1/stores/leeds", "acme-admin").await.json()["closures"], json!([]));
}

#[tokio::test]
async fn a_drill_ends_by_itself() {
    let (bench, ..) = busy_leeds().await;
    let app = &bench.app;
    let wanted = json!({ "mode": "live", "stores": ["leeds", "york"], "reason": "before the peak" });
    let begun = bench.ask(Method::POST, "/v1/drills", "acme-admin", Some(&wanted)).await.json();
    let (central, mut now) = ("central".parse().unwrap(), app.clock.now());
    assert_eq!(end_those_over(&*app.storage, &*app.poke, &central, now).await.unwrap(), 0);
    now.utc = now.utc.plus(15 * 60_000);
    assert_eq!(json!(now.utc), begun["until"]);
    assert_eq!(end_those_over(&*app.storage, &*app.poke, &central, now).await.unwrap(), 1);
    assert_eq!(end_those_over(&*app.storage, &*app.poke, &central, now).await.unwrap(), 0);
    let listed = bench.get("/v1/drills", "acme-admin").await.json();
    assert_eq!(listed["drills"][0]["ended_by"], "central");
    for store in ["leeds", "york"] {
        let seen = bench.get(&format!("/v1/stores/{store}"), "acme-admin").await.json();
        assert_eq!(seen["closures"], json!([]));
    }
}

#[tokio::test]
async fn a_drill_that_cannot_be_meant_is_refused() {
    let (bench, ..) = busy_leeds().await;
    let far = UtcMs(bench.app.clock.now().utc.0 + DRILL_MS_MAX + 1);
    let drill = |change: Value| {
        let mut wanted = json!({ "mode": "live", "stores": ["leeds"], "reason": "why" });
        for (name, value) in change.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        wanted
    };
    for (change, code) in [
        (json!({ "reason": " " }), "invalid_request"),
        (json!({ "stores": [] }), "invalid_request"),
        (json!({ "stores": ["leeds", "leeds"] }), "invalid_request"),
        (json!({ "stores": ["nowhere"] }), "unknown_store"),
        (json!({ "until": UtcMs(0) }), "invalid_request"),
        (json!({ "until": far }), "invalid_request"),
        (json!({ "mode": "wet" }), "invalid_request"),
        (json!({ "mode": "dry", "stores": ["nowhere"] }), "unknown_store"),
        (json!({ "minutes": 5 }), "unknown_field"),
    ] {
        let refused = bench.ask(Method::POST, "/v1/drills", "acme-admin", Some(&drill(change.clone()))).await;
        assert_eq!(refused.problem().1, code, "{change}");
    }
    for id in ["drill-77", "drill-01", "x", "%20"] {
        let path = format!("/v1/drills/{id}");
        assert_eq!(bench.get(&path, "acme-admin").await.problem(), (404, "not_found".to_owned()), "{id}");
        let ended = bench.ask(Method::DELETE, &path, "acme-admin", None).await;
        assert_eq!(ended.problem(), (404, "not_found".to_owned()), "{id}");
    }
    let closure = json!({ "hard": true, "cause": "drill" });
    let closed = bench.ask(Method::PUT, "/v1/stores/leeds/closure", "acme-admin", Some(&closure)).await;
    assert_eq!(closed.problem(), (400, "invalid_request".to_owned()));
    assert_eq!(bench.get("/v1/stores/leeds", "acme-admin").await.json()["closures"], json!([]));
    let other = bench.tenant("rival").await;
    bench.ask(Method::POST, "/v1/drills", "acme-admin", Some(&drill(json!({})))).await;
    assert_eq!(bench.get("/v1/drills/drill-1", &other).await.problem().0, 404);
    assert_eq!(bench.get("/v1/drills", &other).await.json()["drills"], json!([]));
}

#[tokio::test]
async fn the_console_shows_what_moves_and_runs_drills() {
    let (bench, ship, _) = busy_leeds().await;
    let cookie = login(&bench, "acme-admin").await;
    let idle = page(&bench, "/console/moves", &cookie).await;
    assert!(idle.text.contains("Nothing has to leave"), "{}", idle.text);
    let dry = page(&bench, "/console/moves?store=leeds", &cookie).await;
    assert!(dry.text.contains("If leeds went dark") && dry.text.contains(&ship), "{}", dry.text);
    let begin = "store=leeds&minutes=15&reason=peak";
    let begun = form(&bench, "/console/drills", &cookie, begin, "same-origin").await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
    judge(&bench).await;
    let runs = page(&bench, "/console/moves", &cookie).await;
    assert!(
        runs.text.contains("15 min more") && runs.text.contains("What is offered leaves at once"),
        "{}",
        runs.text
    );
    let ended = form(&bench, "/console/drills/drill-1/end", &cookie, "", "same-origin").await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.text);
    let over = page(&bench, "/console/moves", &cookie).await;
    assert!(over.text.contains("0 moved") && !over.text.contains("End it"), "{}", over.text);
}
