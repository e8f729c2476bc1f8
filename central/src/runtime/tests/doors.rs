//! The table of doors, held against what each kind of key is for. A slip in the table is seen here: what follows from the
//! table itself would follow from a slip, too.

use super::bench::{Bench, bench};
use crate::adapters::http::{DOORS, Needs};
use crate::ports::access::Scope;
use axum::http::{Method, StatusCode};
use serde_json::json;
use std::collections::BTreeSet;

fn doors() -> impl Iterator<Item = (String, &'static [Scope])> {
    DOORS.iter().filter_map(|(method, path, needs)| match needs {
        Needs::AnyOf(scopes) | Needs::OrCustomer(scopes) => Some((format!("{method} {path}"), *scopes)),
        Needs::Replica | Needs::Nothing => None,
    })
}

/// Those that open for one of these, although they should not.
fn opened(scopes: &[Scope], is_closed: impl Fn(&str) -> bool, but: &[&str]) -> BTreeSet<String> {
    let open = doors().filter(|(_, opens_for)| opens_for.iter().any(|scope| scopes.contains(scope)));
    open.map(|(door, _)| door).filter(|door| is_closed(door) && !but.contains(&door.as_str())).collect()
}

/// Questions that are too long for a query, and what is each reader's own.
const ASKED_BY_READERS: &[&str] = &[
    "POST /v1/policies/check",
    "POST /v1/policies/lint",
    "POST /v1/policies/replay",
    "POST /v1/policies/{version}/replay",
    "POST /v1/policies/{version}/dry-run",
    "DELETE /v1/replays/{replay}",
    // How far a reader of events has come.
    "POST /v1/consumers/{consumer}/acknowledge",
    // A person's word, with the role that the key may speak for.
    "POST /v1/policies/{version}/sign-offs",
];

#[test]
fn whoever_may_only_read_changes_nothing() {
    let readers = [Scope::OrdersRead, Scope::FleetRead];
    let changes = |door: &str| !door.starts_with("GET ");
    assert_eq!(opened(&readers, changes, ASKED_BY_READERS), BTreeSet::new());
    for door in ASKED_BY_READERS {
        assert!(doors().any(|(known, _)| known == *door), "there is no {door}");
    }
}

#[test]
fn a_storefront_learns_of_no_store_no_person_and_no_reason() {
    let inside = [
        "/v1/stores",
        "/v1/stock",
        "/v1/positions",
        "/v1/tasks",
        "/v1/health",
        "/v1/failover",
        "/v1/drills",
        "/v1/recovery",
        "/v1/exceptions",
        "/v1/reconciliation",
        "/v1/customers",
        "/v1/activity",
        "/v1/audit",
        "/v1/api-keys",
        "/v1/catalogue",
        "/v1/polic",
        "/v1/rollouts",
        "/v1/rollback",
        "/v1/postlaunch",
        "/v1/preflight",
        "/v1/replays",
        "/explain",
        "/trace",
        "/steps",
        "/erase",
        "/payment/retry",
        "/approve",
        "/refuse",
        "/damaged",
    ];
    let is_inside = |door: &str| inside.iter().any(|part| door.contains(part));
    let storefront = [Scope::OrdersRead, Scope::OrdersWrite];
    // Who looks at orders in an office signs off for them.
    let signs = ["POST /v1/policies/{version}/sign-offs"];
    assert_eq!(opened(&storefront, is_inside, &signs), BTreeSet::new());
}

#[test]
fn what_is_decided_for_customers_is_for_customer_service_alone() {
    for door in [
        "POST /v1/returns/{return}/approve",
        "POST /v1/returns/{return}/refuse",
        "POST /v1/returns/{return}/damaged",
        "GET /v1/returns",
        "POST /v1/tasks/{task}/label/again",
        "POST /v1/tasks/{task}/label/void",
        "POST /v1/tasks/{task}/take-back",
        "GET /v1/customers/{customer}",
        "POST /v1/customers/{customer}/erase",
        "POST /v1/orders/{order}/erase",
        "GET /v1/orders/{order}/explain",
        "GET /v1/orders/{order}/trace",
        "GET /v1/orders/{order}/steps",
        "POST /v1/orders/{order}/payment/retry",
        "POST /v1/recovery/stores/{store}",
        "POST /v1/reconciliation",
        "POST /v1/exceptions/{exception}/repair",
    ] {
        let scopes = doors().find(|(known, _)| known == door).map(|(_, scopes)| scopes);
        assert_eq!(scopes, Some([Scope::Support].as_slice()), "{door}");
    }
}

/// What a key of one store opens; a list of its own.
const OF_A_STORE: &[&str] = &[
    "GET /v1/orders",
    "GET /v1/orders/{order}",
    "GET /v1/orders/{order}/timeline",
    "GET /v1/stores/{store}",
    "GET /v1/stores/{store}/tasks",
    "GET /v1/stock/stores/{store}",
    "GET /v1/events/stream",
    "GET /v1/events/socket",
    "GET /v1/events/catalogue",
    "GET /v1/events/schemas/{kind}",
];

/// With all that such a key may have.
async fn key_of_leeds(bench: &Bench) -> String {
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let body = json!({ "name": "till", "scopes": ["orders_read", "fleet_read"], "store": "leeds" });
    let made = bench.ask(Method::POST, "/v1/api-keys", &admin, Some(&body)).await.json();
    made["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_of_one_store_opens_its_own_doors_and_no_other() {
    let bench = bench();
    let key = key_of_leeds(&bench).await;
    for (door, _) in doors().filter(|(door, _)| !door.ends_with("/stream")) {
        let (method, path) = door.split_once(' ').unwrap();
        let path = path.replace("{store}", "leeds").replace("{kind}", "OrderPlaced").replace(['{', '}'], "");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = bench.ask(method, &path, &key, None).await;
        let opens = answer.status != StatusCode::FORBIDDEN;
        assert_eq!(opens, OF_A_STORE.contains(&door.as_str()), "{door}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_head_opens_what_its_get_opens_and_no_more() {
    let bench = bench();
    let key = key_of_leeds(&bench).await;
    let shop = bench.key("acme", &[Scope::OrdersRead]).await;
    for (path, token, status) in [
        ("/v1/stores/leeds", key.as_str(), StatusCode::OK),
        ("/v1/stores", &key, StatusCode::FORBIDDEN),
        ("/v1/stores/leeds/history", &key, StatusCode::FORBIDDEN),
        ("/v1/orders", &shop, StatusCode::OK),
        ("/v1/stores", &shop, StatusCode::FORBIDDEN),
        ("/v1/stores", "acme-nobody", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(bench.ask(Method::HEAD, path, token, None).await.status, status, "{path} with {token}");
    }
}
