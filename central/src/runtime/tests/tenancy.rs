//! One tenant knocks at every door with the ids of another that has lived: it learns nothing, changes nothing, and
//! finds its own lists empty. Whoever adds an operation adds a line here.

use super::bench::{Answer, Bench, bench_on, store_json};
use super::explain::route;
use super::ordering::rich;
use super::promises::shop_in;
use super::rollouts::plan;
use super::tenancy_walk::{ELSEWHERE, WALK};
use crate::adapters::http::openapi;
use crate::adapters::sqlite::SqliteStore;
use crate::core::exception::{Category, NewException, Severity};
use axum::http::{Method, StatusCode};
use holdfast_platform::sqlite::{Mode, Options, Place};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const KEY: &str = "acme-admin";

/// Every row, as text.
pub(super) fn rows(conn: &Connection, query: &str) -> String {
    let mut all = conn.prepare(query).unwrap();
    let columns = all.column_count();
    let mut found: Vec<String> = Vec::new();
    let mut rows = all.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let cells = (0..columns).map(|column| match row.get_ref(column).unwrap() {
            ValueRef::Null => "-".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        });
        found.push(cells.collect::<Vec<_>>().join("|"));
    }
    found.sort();
    format!("{}\n", found.join("\n"))
}

/// All that the database has of a tenant.
fn all_of(conn: &Connection, tenant: &str) -> BTreeMap<String, String> {
    let mut tables = conn
        .prepare(
            "SELECT m.name FROM sqlite_schema m WHERE m.type = 'table'
        AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.name = 'tenant')",
        )
        .unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(tables.len() > 40, "{tables:?}");
    let of = |table: String| {
        let query = format!("SELECT * FROM \"{table}\" WHERE tenant = '{tenant}'");
        let all = rows(conn, &query);
        (table, all)
    };
    tables.into_iter().map(of).collect()
}

struct Life {
    bench: Bench,
    conn: Connection,
    ids: BTreeMap<&'static str, String>,
    _folder: tempfile::TempDir,
}

async fn made(bench: &Bench, method: Method, path: &str, body: Value) -> Value {
    let answer = bench.ask(method, path, KEY, Some(&body)).await;
    assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text);
    serde_json::from_str(&answer.text).unwrap_or_default()
}

/// What only time or other systems bring about, planted.
const PLANTED: &str = "
    INSERT INTO finding (finding, tenant, kind, scope, subject, expected, found, words, state, found_at, seen_at)
    VALUES (71, 'acme', 'order_state', 'order/x', 'x', 'zq-e', 'zq-f', 'zq-w', 'confirmed', 1800000000000, 1800000000000);
    INSERT INTO shadow_diff (diff, tenant, against, day, found_at, order_name, line, decision, class, severity, words)
    VALUES (72, 'acme', 'legacy', 20833, 1800000000000, 'x', 1, '', 'unclassified', 'minor', 'zq-words');
";

/// An order that a store works on, another with all that an order says, and what a person must look at.
async fn work(bench: &Bench) -> (String, String) {
    let mut store = store_json("leeds");
    store["name"] = json!("zq-store");
    made(bench, Method::PUT, "/v1/stores/leeds", store).await;
    let goods = json!({ "items": [{ "sku": "A", "name": "zq-tea" }] });
    made(bench, Method::PUT, "/v1/catalogue", goods).await;
    let ship = json!({ "channel": "zq-web", "kind": "ship", "reference": "zq-ref",
        "destination": { "latitude": 53.8, "longitude": -1.5 }, "lines": [{ "sku": "A", "quantity": 2 }] });
    let order = bench.place(KEY, "k", &ship).await.json()["order"].as_str().unwrap().to_owned();
    bench.place(KEY, "k2", &rich("zq-1")).await;
    route(bench).await;
    let explained = bench.get(&format!("/v1/orders/{order}/explain"), KEY).await.json();
    let task = explained["fences"][0]["task"].as_str().unwrap().to_owned();
    let exception = NewException {
        key: "k".to_owned(),
        category: Category::Stuck,
        severity: Severity::Low,
        order: Some(order.parse().unwrap()),
        task: None,
        store: None,
        detail: "zq-trouble".to_owned(),
        suggestion: "zq-look".to_owned(),
    };
    let now = bench.app.clock.now().utc;
    bench.app.storage.raise(&"acme".parse().unwrap(), &exception, now).await.unwrap();
    (order, task)
}

async fn life() -> Life {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("central.db");
    let options = Options { mode: Mode::Inline, ..Options::default() };
    let bench = bench_on(SqliteStore::open(&Place::File(path.clone()), options, [7; 8]).unwrap(), None);
    let bench = shop_in(bench).await;
    let conn = Connection::open(&path).unwrap();
    let (order, task) = work(&bench).await;
    let hook = json!({ "consumer": { "owner": "zq-owner", "contact": "zq@example.com",
        "sink": { "kind": "webhook", "url": "http://127.0.0.1:9/zq-hook" } } });
    made(&bench, Method::PUT, "/v1/consumers/erp", hook).await;
    let draft = json!({ "text": "", "reason": "zq-policy" });
    let version = made(&bench, Method::POST, "/v1/policies", draft.clone()).await;
    let hold = json!({ "channel": "web", "kinds": ["ship"], "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "A", "quantity": 1 }], "hold": { "ttl_s": 600 } });
    let promise = bench
        .ask_with(Method::POST, "/v1/promises", KEY, Some(&hold), &[("idempotency-key", "p")])
        .await
        .json();
    let drill = json!({ "mode": "live", "stores": ["leeds"], "reason": "zq-drill" });
    let drill = made(&bench, Method::POST, "/v1/drills", drill).await;
    let key =
        made(&bench, Method::POST, "/v1/api-keys", json!({ "name": "zq-key", "scopes": ["support"] })).await;
    let run = made(&bench, Method::POST, "/v1/reconciliation", json!({})).await;
    let replay = json!({ "text": "", "orders": [order] });
    let replay = made(&bench, Method::POST, "/v1/policies/replay", replay).await;
    let plan = json!({ "hard": false, "cause": "weather", "from": "2027-01-20T08:00:00Z", "until": "2027-01-20T18:00:00Z" });
    let planned = made(&bench, Method::POST, "/v1/stores/leeds/planned-closures", plan).await;
    conn.execute_batch(PLANTED).unwrap();
    let secrets = bench.get("/v1/consumers/erp/secrets", KEY).await.json();
    let exceptions = bench.get("/v1/exceptions", KEY).await.json();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let ids = BTreeMap::from([
        ("order", order),
        ("task", task),
        ("store", "leeds".to_owned()),
        ("replica", "leeds-a".to_owned()),
        ("copy", "b1".to_owned()),
        ("sku", "A".to_owned()),
        ("customer", "zq-1".to_owned()),
        ("provider", "cards".to_owned()),
        ("account", "parcels".to_owned()),
        ("substitution", "1".to_owned()),
        ("promise", text(&promise["promise"])),
        ("drill", text(&drill["drill"])),
        ("exception", text(&exceptions["exceptions"][0]["exception"])),
        ("run", text(&run["run"])),
        ("finding", "71".to_owned()),
        ("diff", "72".to_owned()),
        ("version", text(&version["version"])),
        ("replay", text(&replay["replay"])),
        ("act", "pause".to_owned()),
        ("number", text(&planned["planned"][0]["number"])),
        ("kind", "OrderPlaced".to_owned()),
        ("consumer", "erp".to_owned()),
        ("secret", text(&secrets["secrets"][0]["key_id"])),
        ("event", "1".to_owned()),
        ("key", text(&key["key"])),
        ("code", "not_released".to_owned()),
        ("class", "drinks".to_owned()),
        ("return", "r-1".to_owned()),
    ]);
    Life { bench, conn, ids, _folder: folder }
}

impl Life {
    fn named(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id))
    }

    async fn ask(&self, token: &str, (method, path, body): (&str, &str, &str), number: usize) -> Answer {
        let body = match body {
            "STORE" => Some(store_json("leeds")),
            "ORDER" => {
                Some(json!({ "channel": "web", "kind": "ship", "lines": [{ "sku": "A", "quantity": 1 }],
                "destination": { "latitude": 53.8, "longitude": -1.5 } }))
            }
            "ROLLOUT" => {
                Some(json!({ "version": self.ids["version"].parse::<u32>().unwrap(), "plan": plan(10),
                "percent": 5, "reason": "a try" }))
            }
            "" => None,
            body => {
                Some(serde_json::from_str::<Value>(&self.named(body)).unwrap_or_else(|_| panic!("{body}")))
            }
        };
        let key = format!("walk-{number}");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let heads = [("idempotency-key", key.as_str())];
        self.bench.ask_with(method, &self.named(path), token, body.as_ref(), &heads).await
    }
}

#[test]
fn every_operation_is_walked() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            documented.insert((method.to_uppercase(), path.clone()));
        }
    }
    let walked =
        WALK.iter().map(|(method, path, ..)| (*method, path.split_once('?').map_or(*path, |(path, _)| path)));
    let walked: BTreeSet<(String, String)> = walked
        .chain(ELSEWHERE.iter().copied())
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(walked, documented, "left: the walk, right: what there is");
}

#[tokio::test]
async fn a_stranger_learns_nothing_and_changes_nothing_at_any_door() {
    let life = life().await;
    let stranger = life.bench.key("rival", &[crate::ports::access::Scope::Admin]).await;
    let before = all_of(&life.conn, "acme");
    assert!(before["orders"].contains("zq-ref") && before["task"].len() > 5, "it has lived");
    let mut wrong = Vec::new();
    for (number, (method, path, body, expected)) in WALK.iter().enumerate() {
        let answer = life.ask(&stranger, (method, path, body), number).await;
        if answer.status.as_u16() != *expected {
            wrong.push(format!("{method} {path}: {} {}", answer.status, answer.text));
        }
        // A path may name the customer: a refusal repeats what was asked for.
        let told = answer.text.replace("zq-1", "");
        if told.contains("zq-") || answer.status.is_server_error() {
            wrong.push(format!("{method} {path} tells: {}", answer.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (table, all) in all_of(&life.conn, "acme") {
        assert_eq!(all, before[&table], "{table} was changed");
    }
    for (path, rows) in [("/v1/orders", "orders"), ("/v1/exceptions", "exceptions"), ("/v1/drills", "drills")]
    {
        let told = life.bench.get(path, &stranger).await.json();
        let own = told[rows].as_array().unwrap().iter().filter(|row| row.to_string().contains("zq-")).count();
        assert_eq!(own, 0, "{path}: {told}");
    }
}

/// The walk is worth something only if its questions are answered to those whose things they are.
#[tokio::test]
async fn the_same_questions_are_answered_to_their_owner() {
    /// Nothing of the kind is there to be found, or it is not its time.
    const NOT_THERE: &[&str] = &[
        "/v1/orders/{order}/substitutions/{substitution}",
        "/v1/orders/{order}/payment/retry",
        "/v1/orders/{order}/refunds",
        "/v1/stores/{store}/replicas/{replica}/quarantine/{copy}",
        "/v1/stores/{store}/replicas/{replica}/quarantine",
        "/v1/consumers/{consumer}/dead-letters/{event}/retry",
        "/v1/consumers/{consumer}/dead-letters/{event}/skip",
        "/v1/recovery/stores/{store}",
        // Its store makes its own labels.
        "/v1/tasks/{task}/label/again",
        "/v1/tasks/{task}/label/void",
        // The walk itself ended it, a line before.
        "/v1/exceptions/{exception}/resolve",
        // Planted alone, without the sums that it belongs to.
        "/v1/shadow/diffs/{diff}/triage",
        "/v1/stores/{store}/escrow/{sku}",
        "/v1/stores/{store}/escrow-classes/{class}",
        "/v1/returns/{return}",
        "/v1/returns/{return}/approve",
        "/v1/returns/{return}/refuse",
        "/v1/returns/{return}/damaged",
        "/v1/returns/{return}/cancel",
        "/v1/rollback/report",
        "/v1/rollouts/{act}",
        "/v1/policy/freeze?reason=a%20try",
        "/v1/shadow?reason=a%20try",
    ];
    let life = life().await;
    let mut wrong = Vec::new();
    for (number, (method, path, body, expected)) in WALK.iter().enumerate() {
        if *expected != 404 || NOT_THERE.contains(path) {
            continue;
        }
        let answer = life.ask(KEY, (method, path, body), number).await;
        if answer.status == StatusCode::NOT_FOUND || answer.status.is_server_error() {
            wrong.push(format!("{method} {path}: {} {}", answer.status, answer.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
