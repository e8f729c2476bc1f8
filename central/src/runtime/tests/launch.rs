//! Before a launch, in it and after it, over HTTP: what is checked, who is tried with, how it goes back, what
//! adds up.

use super::bench::{Answer, bench, order_json};
use super::console::{form, login, page};
use super::policies::{People, people};
use super::rollouts::plan;
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const ADMIN: &str = "acme-admin";

fn of(version: u64) -> String {
    format!("v{version}")
}

impl People {
    async fn place_of_brand(&self, n: u32, brand: &str) -> String {
        let mut order = order_json(1);
        order["reference"] = json!(format!("c{n}"));
        order["brand"] = json!(brand);
        let placed = self.bench.place(ADMIN, &format!("b{n}"), &order).await;
        placed.json()["order"].as_str().unwrap().to_owned()
    }

    async fn roll_back(&self, who: &str, body: Value) -> Answer {
        self.post("/v1/rollback", who, body).await
    }
}

#[tokio::test]
async fn an_order_keeps_its_brand_and_a_trial_may_ask_for_it() {
    let people = people().await;
    let version = people.approved().await;
    let mut trial = plan(999);
    trial["cohort"] = json!({ "brands": ["kettle"] });
    assert_eq!(people.start(version, trial, 30).await.status, StatusCode::CREATED);
    let mut of_brand = Vec::new();
    for n in 0..30 {
        let brand = if n % 2 == 0 { "kettle" } else { "pan" };
        of_brand.push((brand, people.place_of_brand(n, brand).await));
    }
    people.route().await;
    let mut inside = 0;
    for (brand, order) in &of_brand {
        let shown = people.bench.get(&format!("/v1/orders/{order}"), ADMIN).await.json();
        assert_eq!(shown["brand"], *brand);
        let follows = people.decided_by(order, ADMIN).await == of(version);
        assert!(!follows || *brand == "kettle", "{order} of {brand} is inside");
        inside += u32::from(follows);
    }
    assert!((1..15).contains(&inside), "{inside} of 15 at 30 percent");
    let plain = people.place(ADMIN, 100..101).await;
    assert_eq!(people.bench.get(&format!("/v1/orders/{}", plain[0]), ADMIN).await.json().get("brand"), None);
    let mut bad = order_json(1);
    bad["brand"] = json!("Kettle & Co");
    assert_eq!(people.bench.place(ADMIN, "bad", &bad).await.problem(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_preset_completes_the_cohort_or_says_what_it_asks_for() {
    let people = people().await;
    let version = people.approved().await;
    let start = async |cohort: Value, preset: &str, percent: u8| {
        let mut plan = plan(10);
        plan["cohort"] = cohort;
        let body =
            json!({ "version": version, "plan": plan, "percent": percent, "reason": "r", "preset": preset });
        people.post("/v1/rollouts", &people.author, body).await
    };
    let lacking = start(json!({}), "low_risk", 5).await;
    assert_eq!(lacking.problem(), (400, "invalid_request".to_owned()));
    assert!(lacking.text.contains("exactly one region"), "{}", lacking.text);
    assert_eq!(start(json!({}), "no_such", 5).await.problem().0, 400);
    let started = start(json!({ "regions": ["north"] }), "low_risk", 30).await;
    assert_eq!(started.status, StatusCode::CREATED, "{}", started.text);
    let cohort = &started.json()["plan"]["cohort"];
    assert_eq!((&cohort["in_stock"], &cohort["simple_shipping"]), (&json!(true), &json!(true)));
    let told = people.bench.get("/v1/rollouts/presets", &people.author).await.json();
    assert_eq!(told.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_trial_does_not_take_classes_regions_and_nodes_all_at_once() {
    let people = people().await;
    let version = people.approved().await;
    let mut wide = plan(999);
    wide["phases"] =
        json!([{ "percent": 50, "go": ["stores were told"], "roll_back_when": ["a store complains"] }]);
    let refused = people.start(version, wide.clone(), 31).await;
    assert_eq!(refused.problem(), (400, "invalid_request".to_owned()));
    assert!(refused.text.contains("1 of 1 nodes"), "{}", refused.text);
    assert_eq!(people.start(version, wide, 30).await.status, StatusCode::CREATED);
    let grow = people.act("advance", &people.author, Some(31)).await;
    assert_eq!(grow.problem(), (400, "invalid_request".to_owned()), "{}", grow.text);
    let told = people.bench.get("/v1/rollouts", &people.author).await.json();
    assert_eq!(told["reach"]["nodes"], json!({ "touched": 1, "of": 1 }));
    assert_eq!(told["gauges"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn the_page_of_a_rollout_shows_its_plan_and_its_forms_take_it_further() {
    let people = people().await;
    let version = people.approved().await;
    people.start(version, plan(999), 20).await;
    people.place(ADMIN, 0..10).await;
    let cookie = login(&people.bench, &people.author).await;
    let listed = page(&people.bench, "/console/rollouts", &cookie).await;
    assert!(listed.text.contains("href=\"/console/rollouts/1\"") && listed.text.contains("channel web"));
    let shown = page(&people.bench, "/console/rollouts/1", &cookie).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    for words in [
        "up to 30 percent",
        "a store complains",
        "stores were told",
        "key:acme-policy_write",
        "href=\"https://grafana.example\"",
        "open exceptions",
        "at most 0",
        "1 of 1 nodes",
        "action=\"/console/rollouts/1/pause\"",
        "peak is near",
    ] {
        assert!(shown.text.contains(words), "{words} is not in {}", shown.text);
    }
    assert!(!shown.text.contains("rollouts/1/resume"), "what is not possible now has no button");
    let paused =
        form(&people.bench, "/console/rollouts/1/pause", &cookie, "reason=lunch", "same-origin").await;
    assert_eq!(paused.status, StatusCode::SEE_OTHER, "{}", paused.text);
    let shown = page(&people.bench, "/console/rollouts/1", &cookie).await;
    assert!(shown.text.contains("paused") && shown.text.contains("lunch"), "{}", shown.text);
    assert!(shown.text.contains("rollouts/1/resume") && !shown.text.contains("rollouts/1/advance"));
    form(&people.bench, "/console/rollouts/1/resume", &cookie, "reason=on", "same-origin").await;
    let grown = "reason=more&percent=31";
    let early = form(&people.bench, "/console/rollouts/1/advance", &cookie, grown, "same-origin").await;
    assert_eq!(early.problem().0, 400, "no phase is left out");
    form(&people.bench, "/console/rollouts/1/rollback", &cookie, "reason=no", "same-origin").await;
    let told = people.bench.get("/v1/rollouts", &people.author).await.json();
    assert_eq!(told["rollout"]["state"], "rolled_back");
    let reader = people.bench.key("acme", &[Scope::FleetRead]).await;
    let other = login(&people.bench, &reader).await;
    assert!(
        !page(&people.bench, "/console/rollouts/1", &other)
            .await
            .text
            .contains("<form method=\"post\" action=\"/console/rollouts")
    );
    assert_eq!(
        form(&people.bench, "/console/rollouts/1/pause", &other, "reason=x", "same-origin").await.problem().0,
        403
    );
    assert_eq!(page(&people.bench, "/console/rollouts/9", &cookie).await.problem().0, 404);
}

#[tokio::test]
async fn the_way_back_is_planned_taken_and_compared() {
    let people = people().await;
    let first = people.active("[routing]\nsplits_max = 2\n").await;
    let second = people.active("[routing]\nsplits_max = 5\n").await;
    people.place(ADMIN, 0..5).await;
    people.route().await;
    let planned = people.bench.get("/v1/rollback", &people.author).await.json();
    assert_eq!(
        (&planned["way"], &planned["from"], &planned["to"]),
        (&json!("former_version"), &json!(second), &json!(first)),
        "{planned}"
    );
    let flight = &planned["in_flight"][0];
    assert_eq!((&flight["orders"], &flight["concerned"]), (&json!(5), &json!(true)), "{planned}");
    let silent = people.roll_back(&people.author, json!({ "reason": " " })).await;
    assert_eq!(silent.problem(), (400, "invalid_request".to_owned()));
    let reader = people.bench.key("acme", &[Scope::FleetRead]).await;
    assert_eq!(people.roll_back(&reader, json!({ "reason": "x" })).await.problem().0, 403);
    let none = people.bench.get("/v1/rollback/report", &people.author).await;
    assert_eq!(none.problem(), (404, "not_found".to_owned()));

    let done = people.roll_back(&people.author, json!({ "reason": "wrong city" })).await.json();
    assert_eq!((&done["followed"], &done["to"]), (&json!(true), &json!(first)), "{done}");
    assert!(done["frozen_until"].is_string(), "{done}");
    let orders = &done["report"]["orders"];
    assert_eq!((&orders["compared"], &done["report"]["agrees"]), (&json!(5), &json!(true)), "{done}");
    assert_eq!(orders["by_state"]["backordered"], 5);
    let later = people.place(ADMIN, 10..12).await;
    people.route().await;
    for order in &later {
        assert_eq!(people.decided_by(order, ADMIN).await, of(first), "new decisions follow it");
    }
    let report = people.bench.get("/v1/rollback/report", &people.second).await.json();
    let since = report["decisions_since"].as_object().unwrap();
    assert_eq!(since.len(), 1, "{report}");
    assert!(since.iter().all(|(policy, count)| policy.starts_with(&of(first)) && *count == 2), "{report}");
    let draft = people.draft("").await;
    let frozen = people.step(draft, "approve", &people.second, json!({})).await;
    assert_eq!(frozen.problem().1, "policies_frozen");

    let done =
        people.roll_back(&people.second, json!({ "reason": "still wrong", "freeze_hours": 0 })).await.json();
    assert_eq!(
        (&done["from"], &done["to"], &done["followed"]),
        (&json!(first), &json!(0), &json!(true)),
        "{done}"
    );
    let nothing = people.roll_back(&people.author, json!({ "reason": "again" })).await;
    assert_eq!(nothing.problem(), (409, "policy_state".to_owned()));
}

#[tokio::test]
async fn a_trial_is_ended_by_those_who_are_named_for_it() {
    let people = people().await;
    let version = people.approved().await;
    people.start(version, plan(999), 20).await;
    let planned = people.bench.get("/v1/rollback", &people.author).await.json();
    assert_eq!((&planned["way"], &planned["from"]), (&json!("end_trial"), &json!(version)), "{planned}");
    let stranger = people.bench.key("acme", &[Scope::PolicyWrite, Scope::FleetRead]).await;
    let refused = people.roll_back(&stranger, json!({ "reason": "x" })).await;
    assert_eq!(refused.problem(), (403, "forbidden".to_owned()));
    let done = people.roll_back(&people.second, json!({ "reason": "x", "freeze_hours": 0 })).await.json();
    assert_eq!(
        (&done["way"], &done["to"], &done["followed"]),
        (&json!("end_trial"), &json!(0), &json!(true))
    );
    let told = people.bench.get("/v1/rollouts", &people.author).await.json();
    assert_eq!(told["rollout"]["state"], "rolled_back");
}

fn line<'a>(found: &'a Value, check: &str) -> &'a Value {
    let lines = found["lines"].as_array().unwrap();
    lines.iter().find(|line| line["check"] == check).unwrap_or_else(|| panic!("no {check} in {found}"))
}

#[tokio::test]
async fn before_a_launch_central_asks_itself_and_tells_what_is_missing() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let shop = bench.key("acme", &[Scope::OrdersWrite]).await;
    let before = bench.get("/v1/preflight", &admin).await.json();
    assert_eq!(before["ready"], false);
    for (check, finding) in [
        ("idempotent_writes", "ok"),
        ("correlation", "ok"),
        ("events", "ok"),
        ("limits", "ok"),
        ("clocks", "ok"),
        ("systems", "gap"),
        ("escalation", "gap"),
        ("consumers", "gap"),
        ("enrolled", "gap"),
        ("nodes", "gap"),
        ("backup", "unknown"),
        ("broker", "unknown"),
        ("channels", "unknown"),
    ] {
        assert_eq!(line(&before, check)["finding"], finding, "{check}: {before}");
    }
    let unused =
        |found: &Value| found["lines"].to_string().contains("acme-orders_write): orders_write; not used");
    assert!(unused(&before), "{before}");
    bench.place(&shop, "k", &order_json(1)).await;
    let after = bench.get("/v1/preflight", &admin).await.json();
    assert!(!unused(&after), "its use is on record: {after}");
    let channel = line(&after, "channels");
    assert_eq!(channel["finding"], "ok");
    assert_eq!(channel["what"], "web: 1 of the newest orders, by key:acme-orders_write");
    assert_eq!(
        bench.get("/v1/orders", &admin).await.json()["orders"].as_array().unwrap().len(),
        1,
        "only asked"
    );
    assert_eq!(bench.get("/v1/preflight", &shop).await.problem().0, 403);
    let cookie = login(&bench, &admin).await;
    let shown = page(&bench, "/console/preflight", &cookie).await;
    assert!(
        shown.text.contains("idempotent writes") && shown.text.contains("nobody is named"),
        "{}",
        shown.text
    );
}

#[tokio::test]
async fn each_decision_counts_for_the_parts_that_mattered() {
    let people = people().await;
    people.place(ADMIN, 0..3).await;
    people.route().await;
    let told = people.bench.get("/v1/policies/0/coverage", &people.author).await.json();
    let part = |part: &str, name: &str| {
        let parts = told["parts"].as_array().unwrap();
        parts.iter().find(|one| one["part"] == part && one["name"] == name).unwrap().clone()
    };
    assert_eq!(part("class", "default")["refused"], 3, "none of them found a node: {told}");
    assert_eq!(part("rule", "eligible")["refused"], 3, "{told}");
    assert_eq!(part("rule", "parcel_value")["last_day"], Value::Null, "{told}");
    assert!(told["never"].as_u64().unwrap() > 0);
    let other = people.draft("").await;
    let unused =
        people.bench.get(&format!("/v1/policies/{other}/coverage?days=1"), &people.author).await.json();
    assert_eq!(unused["never"], unused["parts"].as_array().unwrap().len(), "no order followed it");
    let long = people.bench.get("/v1/policies/0/coverage?days=31", &people.author).await;
    assert_eq!(long.problem(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn the_old_logic_goes_when_three_people_have_signed() {
    let people = people().await;
    let version = people.draft("").await;
    let path = format!("/v1/policies/{version}/sign-offs");
    let (bench, path) = (&people.bench, path.as_str());
    let sign = async |who: &str, role: &str| {
        let word = json!({ "role": role, "name": "Ann", "note": "looked at last week" });
        bench.ask(Method::POST, path, who, Some(&word)).await
    };
    let support = bench.key("acme", &[Scope::Support]).await;
    let fulfilment = bench.key("acme", &[Scope::FleetWrite]).await;
    assert_eq!(sign(&support, "analytics").await.problem(), (403, "forbidden".to_owned()));
    assert_eq!(sign(&people.author, "support").await.problem().0, 403);
    let first = sign(&support, "support").await;
    assert_eq!(
        (first.status, &first.json()["lacking"]),
        (StatusCode::CREATED, &json!(["analytics", "fulfilment"]))
    );
    assert_eq!(sign(ADMIN, "analytics").await.status, StatusCode::CREATED);
    assert_eq!(sign(ADMIN, "fulfilment").await.problem(), (403, "second_person".to_owned()));
    assert_eq!(sign(&fulfilment, "fulfilment").await.json()["lacking"], json!([]));
    let all = bench.get(path, &people.author).await.json();
    let roles: Vec<&str> =
        all["sign_offs"].as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["support", "analytics", "fulfilment"]);
    let unknown = bench.get("/v1/policies/77/sign-offs", &people.author).await;
    assert_eq!(unknown.problem(), (404, "unknown_policy".to_owned()));
}

#[tokio::test]
async fn after_a_launch_five_questions_are_answered() {
    let people = people().await;
    let orders = people.place(ADMIN, 0..4).await;
    people.route().await;
    let cancel = json!({ "reason": "changed my mind" });
    let path = format!("/v1/orders/{}/cancel", orders[0]);
    assert_eq!(people.post(&path, ADMIN, cancel).await.status, StatusCode::ACCEPTED);
    let told = people.bench.get("/v1/postlaunch", ADMIN).await.json();
    assert_eq!((&told["agrees"], &told["orders"]), (&json!(true), &json!(4)), "{told}");
    let tally = |what: &str| {
        let all =
            told["sections"].as_array().unwrap().iter().flat_map(|one| one["tallies"].as_array().unwrap());
        all.clone().find(|tally| tally["what"] == what).unwrap()["count"].clone()
    };
    assert_eq!((tally("asked to be cancelled"), tally("cancelled")), (json!(1), json!(1)));
    let app = &people.bench.app;
    let exception = NewException {
        key: "k".to_owned(),
        category: Category::Stuck,
        severity: Severity::Low,
        order: None,
        task: None,
        store: None,
        detail: "d".to_owned(),
        suggestion: "s".to_owned(),
    };
    let days_ago = app.clock.now().utc.plus(-2 * 86_400_000);
    app.storage.raise(&"acme".parse().unwrap(), &exception, days_ago).await.unwrap();
    app.storage.published(u64::MAX, app.clock.now().utc).await.unwrap();
    let told = people.bench.get("/v1/postlaunch?days=3", ADMIN).await.json();
    let unsettled: Vec<&str> = told["sections"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|section| section["agrees"] == false)
        .map(|section| section["section"].as_str().unwrap())
        .collect();
    assert_eq!(unsettled, ["exceptions"], "{told}");
    assert_eq!(people.bench.get("/v1/postlaunch?days=0", ADMIN).await.problem().0, 400);
    let rival = people.bench.tenant("rival").await;
    assert_eq!(people.bench.get("/v1/postlaunch", &rival).await.json()["orders"], 0);
}
