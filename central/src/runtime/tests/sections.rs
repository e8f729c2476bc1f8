//! A policy that begins over HTTP changes what the next run sells and what the next promise says.

use super::agents::enrolled;
use super::bench::{bench, order_json};
use super::policies::People;
use crate::core::test_support::beat;
use crate::flows::evaluate::evaluate;
use crate::flows::route_orders::{Routed, Router, route_orders};
use crate::ports::access::{ReplicaIdentity, Scope};
use axum::http::{Method, StatusCode};
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest};
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

/// Leeds is eligible and has five units of A.
async fn shop() -> People {
    let bench = bench();
    enrolled(&bench).await;
    let items = json!({ "items": [{ "sku": "A", "name": "Tea" }, { "sku": "B", "name": "Cup" }] });
    bench.ask(Method::PUT, "/v1/catalogue", KEY, Some(&items)).await;
    let bytes = include_bytes!("../../../../shared/src/wire/sync/golden/request_v1.hfs");
    let request = SyncRequest::decode(bytes).unwrap();
    let identity = ReplicaIdentity {
        tenant: "acme".parse().unwrap(),
        store: request.store.clone(),
        replica: request.replica.clone(),
    };
    let now = bench.app.clock.now();
    bench.app.storage.exchange(&identity, None, &request, now).await.unwrap();
    bench.app.watch.with(|observatory| observatory.hear(beat("leeds", "b1", 1), now.mono));
    evaluate(&*bench.app.storage, &bench.app.watch, now).await.unwrap();
    let author = bench.key("acme", &[Scope::PolicyWrite]).await;
    let second = bench.key("acme", &[Scope::PolicyApprove]).await;
    People { bench, author, second }
}

impl People {
    async fn route_an_order_of(&self, quantity: i64, key: &str) -> Routed {
        let mut order = order_json(quantity);
        order["lines"][0]["sku"] = json!("A");
        let placed = self.bench.place(KEY, key, &order).await;
        assert_eq!(placed.status, StatusCode::ACCEPTED, "{}", placed.text);
        let app = &self.bench.app;
        let next = app.decision_id;
        let router =
            Router { watch: &app.watch, poke: &*app.poke, policy: &*app.policies, decision_id: &next };
        route_orders(&*app.storage, &router, app.clock.now()).await.unwrap()
    }

    async fn sellable(&self) -> Value {
        let told = self.bench.get("/v1/stock/skus/A", KEY).await.json();
        told["positions"][0]["sellable"]["*"]["units"].clone()
    }

    async fn promise(&self) -> Value {
        let cart = json!({
            "channel": "web", "kinds": ["ship"], "destination": { "latitude": 53.8, "longitude": -1.5 },
            "lines": [{ "sku": "A", "quantity": 1 }]
        });
        let told = self.bench.ask(Method::POST, "/v1/promises", KEY, Some(&cart)).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        told.json()
    }
}

#[tokio::test]
async fn a_buffer_that_begins_is_kept_by_the_next_run_and_one_that_ends_is_sold() {
    let people = shop().await;
    assert_eq!(people.sellable().await, 5);
    let text = "[store.leeds.stock.classes.default]\nbuffer_units = 4\nallow_last_unit = true\n";
    people.active(text).await;
    assert_eq!(people.sellable().await, 1, "the layer of the store");
    people.active("[stock.classes.default]\nbuffer_units = 2\nallow_last_unit = true\n").await;
    assert_eq!(people.sellable().await, 3);
    let routed = people.route_an_order_of(4, "k1").await;
    assert_eq!((routed.assigned, routed.backordered, routed.withheld), (1, 1, 1), "three go, one waits");
    assert_eq!(people.sellable().await, 0);
    let routed = people.route_an_order_of(1, "k2").await;
    assert_eq!(routed.assigned, 0, "{routed:?}");
    let back = people.step(0, "rollback", &people.author, json!({})).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text);
    assert_eq!(people.sellable().await, 2);
    let routed = people.route_an_order_of(1, "k3").await;
    assert_eq!(routed.assigned, 2, "both units, to those that waited first: {routed:?}");
}

#[tokio::test]
async fn the_next_promise_goes_by_the_carriers_in_force() {
    let people = shop().await;
    assert_eq!(people.promise().await["options"][0]["service"], "standard");
    let night = "[[carriers.services]]\nname = 'night'\nkinds = ['ship']\ntransit = [{ days = 1 }]\n\
                 collections = [{ days = ['friday', 'saturday'], cutoff_minute = 1380 }]\n\
                 weekends_count = true\n";
    people.active(night).await;
    let told = people.promise().await;
    let by = (&told["options"][0]["service"], &told["options"][0]["by"]);
    assert_eq!(by, (&json!("night"), &json!("2027-01-16T23:59:59.999Z")), "{told}");
    people.active("[carriers]\nservices = []\n").await;
    let told = people.promise().await;
    assert_eq!((&told["options"], &told["unavailable"][0]["kind"]), (&json!([]), &json!("ship")), "{told}");
}

#[tokio::test]
async fn moves_are_looked_ahead_at_by_the_failover_in_force() {
    let people = shop().await;
    let tenant = "acme".parse().unwrap();
    people.active("[failover.pace]\nmoves_per_minute = 700\n").await;
    assert_eq!(people.bench.app.policies.of(&tenant).failover.pace.moves_per_minute, 700);
    people.step(0, "rollback", &people.author, json!({})).await;
    assert_eq!(people.bench.app.policies.of(&tenant).failover.pace.moves_per_minute, 600);
}

#[tokio::test]
async fn the_thresholds_in_force_judge_the_stores_of_their_tenant_at_once() {
    let people = shop().await;
    let app = &people.bench.app;
    let eligibility =
        || async { people.bench.get("/v1/stores/leeds", KEY).await.json()["eligibility"].clone() };
    let look = || evaluate(&*app.storage, &app.watch, app.clock.now());
    let behind = |sequence: u64| {
        let mut told = beat("leeds", "b1", sequence);
        (told.vitals.unsynced_facts, told.vitals.sync_ok_ms_ago) = (3, Some(50_000));
        told.vitals.pos_seen_ms_ago = Some(20_000);
        app.watch.with(|observatory| observatory.hear(told, app.clock.now().mono));
    };
    behind(2);
    look().await.unwrap();
    assert_eq!(eligibility().await["standing"], "eligible");
    assert_eq!(people.sellable().await, 5);
    people.active("[health.feed_age_ms_of.default]\nsoft = 10000\nhard = 20000\n").await;
    look().await.unwrap();
    let store = people.bench.get("/v1/stores/leeds", KEY).await.json();
    assert_eq!(store["eligibility"]["standing"], "eligible", "the store goes on");
    let class = &store["availability"]["by_class"][0];
    assert_eq!((&class["class"], &class["standing"]), (&json!("default"), &json!("ineligible")), "{store}");
    assert_eq!(people.sellable().await, 0, "and its stock of that class is not promised");
    people.active("[health.pos_unseen_ms]\nsoft = 10000\nhard = 3600000\n").await;
    look().await.unwrap();
    assert_eq!(eligibility().await["standing"], "suspect");
    assert_eq!(people.sellable().await, 4, "the last one stays while the tills are not seen");
    people.step(0, "rollback", &people.author, json!({})).await;
    let refused = json!({ "text": "[health]\npause_ms = 5\n", "reason": "x" });
    let refused = people.post("/v1/policies", &people.author, refused).await;
    assert_eq!(refused.problem(), (422, "invalid_policy".to_owned()));
    assert!(refused.text.contains("hears the stores of all tenants"), "{}", refused.text);
}
