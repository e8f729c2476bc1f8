//! A version on trial over HTTP: what its plan must say, whose orders follow it, and how it stops.

use super::bench::{Answer, order_json};
use super::policies::{People, people};
use crate::flows::in_force::know_in_force;
use crate::flows::rollout::guard;
use crate::flows::route_orders::{Router, route_orders};
use axum::http::StatusCode;
use holdfast_shared::ids::DecisionId;
use serde_json::{Value, json};

pub(super) fn plan(errors_permille_max: u32) -> Value {
    json!({
        "owner": "key:acme-policy_write", "may_pause": ["key:acme-policy_approve"],
        "dashboard": "https://grafana.example", "go": ["no complaints"], "blockers_cleared": ["stores were told"],
        "cohort": { "channels": ["web"] }, "percent_max": 50,
        "phases": [{ "percent": 30, "go": ["stores were told"], "roll_back_when": ["a store complains"] },
            { "percent": 50, "go": ["a quiet day"], "roll_back_when": ["a store complains"] }],
        "guardrails": { "errors_permille_max": errors_permille_max, "latency_ms_max": 60_000, "exceptions_max": 0,
            "mismatch_permille_max": 10, "orders_min": 5 },
        "shadow": { "override_reason": "nothing to compare yet" }
    })
}

impl People {
    pub(super) async fn approved(&self) -> u64 {
        let version = self.draft("[routing]\nsplits_max = 1\n").await;
        self.step(version, "approve", &self.second, json!({})).await;
        version
    }

    pub(super) async fn start(&self, version: u64, plan: Value, percent: u8) -> Answer {
        let body = json!({ "version": version, "plan": plan, "percent": percent, "reason": "peak is near" });
        self.post("/v1/rollouts", &self.author, body).await
    }

    pub(super) async fn act(&self, act: &str, who: &str, percent: Option<u8>) -> Answer {
        let body = json!({ "reason": "because", "percent": percent });
        self.post(&format!("/v1/rollouts/{act}"), who, body).await
    }

    pub(super) async fn place(&self, admin: &str, customers: std::ops::Range<u32>) -> Vec<String> {
        let mut orders = Vec::new();
        for n in customers {
            let mut order = order_json(1);
            order["reference"] = json!(format!("c{n}"));
            let placed = self.bench.place(admin, &format!("k{n}"), &order).await;
            orders.push(placed.json()["order"].as_str().unwrap().to_owned());
        }
        orders
    }

    pub(super) async fn route(&self) {
        let app = &self.bench.app;
        know_in_force(&*app.storage, &app.policies).await.unwrap();
        let decision_id = || DecisionId::new("d-1").unwrap();
        let router =
            Router { watch: &app.watch, poke: &*app.poke, policy: &*app.policies, decision_id: &decision_id };
        route_orders(&*app.storage, &router, app.clock.now()).await.unwrap();
    }

    /// By which version the newest decision of an order was made.
    pub(super) async fn decided_by(&self, order: &str, admin: &str) -> String {
        let told = self.bench.get(&format!("/v1/orders/{order}/explain"), admin).await.json();
        told["decisions"][0]["policy"].as_str().unwrap().split(' ').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_plan_says_everything_or_nothing_starts() {
    let people = people().await;
    let version = people.approved().await;
    for field in [
        "owner",
        "may_pause",
        "dashboard",
        "go",
        "blockers_cleared",
        "phases",
        "cohort",
        "percent_max",
        "guardrails",
    ] {
        let mut plan = plan(10);
        plan.as_object_mut().unwrap().remove(field);
        let refused = people.start(version, plan, 5).await;
        assert_eq!(refused.problem(), (400, "invalid_request".to_owned()), "{field}");
        assert!(refused.text.contains(field), "{}", refused.text);
    }
    let mut everywhere = plan(10);
    everywhere["cohort"] = json!({});
    assert_eq!(people.start(version, everywhere, 20).await.problem().0, 400, "not everybody at once");
    let draft = people.draft("").await;
    assert_eq!(people.start(draft, plan(10), 5).await.problem(), (409, "policy_state".to_owned()));
    assert_eq!(people.start(99, plan(10), 5).await.problem(), (404, "unknown_policy".to_owned()));
    assert_eq!(people.bench.get("/v1/rollouts", &people.author).await.json()["rollout"], Value::Null);
    assert_eq!(people.start(version, plan(10), 5).await.status, StatusCode::CREATED);
    assert_eq!(people.act("dance", &people.author, None).await.problem().0, 404);
    let elsewhere = people.bench.tenant("rival").await;
    assert_eq!(people.act("pause", &elsewhere, None).await.problem().0, 404, "a trial of another tenant");
}

#[tokio::test]
async fn the_same_customers_follow_it_while_it_runs_and_more_as_it_grows() {
    let people = people().await;
    let admin = "acme-admin";
    let version = people.approved().await;
    let orders = people.place(admin, 0..40).await;
    assert_eq!(people.start(version, plan(999), 20).await.status, StatusCode::CREATED);
    people.route().await;
    let mut inside = Vec::new();
    for order in &orders {
        let by = people.decided_by(order, admin).await;
        assert!(by == "v0" || by == format!("v{version}"), "{by}");
        inside.push(by != "v0");
    }
    let count = inside.iter().filter(|inside| **inside).count();
    assert!((2..20).contains(&count), "{count} of 40 at 20 percent");
    let told = people.bench.get("/v1/rollouts", &people.author).await.json();
    assert_eq!(
        (&told["reading"]["orders"], &told["reading"]["errors"]),
        (&json!(count), &json!(count)),
        "{told}"
    );
    let grow = people.act("advance", &people.author, Some(30)).await;
    assert_eq!(grow.problem(), (409, "policy_state".to_owned()), "none of its orders found a node");
}

#[tokio::test]
async fn a_crossed_guardrail_pauses_it_and_a_person_is_told() {
    let people = people().await;
    let admin = "acme-admin";
    let version = people.approved().await;
    let orders = people.place(admin, 0..60).await;
    people.start(version, plan(100), 30).await;
    let app = &people.bench.app;
    let (central, now) = ("central".parse().unwrap(), app.clock.now().utc);
    assert_eq!(guard(&*app.storage, &central, now).await.unwrap(), 0, "nothing was decided yet");
    people.route().await;
    assert_eq!(guard(&*app.storage, &central, now).await.unwrap(), 1);
    assert_eq!(guard(&*app.storage, &central, now).await.unwrap(), 0, "once");
    let told = people.bench.get("/v1/rollouts", &people.author).await.json();
    assert_eq!(told["rollout"]["state"], "paused");
    assert!(told["verdict"].as_str().unwrap().contains("1000 of 1000 orders found no node"), "{told}");
    let exceptions = people.bench.get("/v1/exceptions", admin).await.json();
    let raised = exceptions["exceptions"].as_array().unwrap().iter().find(|one| one["category"] == "policy");
    assert!(raised.unwrap()["detail"].as_str().unwrap().contains("paused itself"), "{exceptions}");
    know_in_force(&*app.storage, &app.policies).await.unwrap();
    assert_eq!(app.policies.of(&"acme".parse().unwrap()).version.0, 0);
    let more = people.place(admin, 100..130).await;
    people.route().await;
    for order in &more {
        assert_eq!(people.decided_by(order, admin).await, "v0", "nobody follows what is paused");
    }
    assert_eq!(people.act("rollback", &people.second, None).await.json()["state"], "rolled_back");
    let exceptions = people.bench.get("/v1/exceptions", admin).await.json();
    assert!(exceptions["exceptions"].as_array().unwrap().iter().all(|one| one["category"] != "policy"));
    assert_eq!(orders.len(), 60);
}
