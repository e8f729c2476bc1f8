//! What is personal of orders: where it is, who sees it, and that it goes.

use super::bench::{bench, bench_on, order_json};
use super::console::{login, page};
use super::ordering::{asked, placed, rich};
use crate::adapters::sqlite::SqliteStore;
use crate::ports::access::Scope;
use axum::http::Method;
use holdfast_platform::sqlite::{Mode, Options, Place};
use rusqlite::Connection;
use serde_json::json;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[tokio::test]
async fn what_is_personal_is_exported_and_erased_and_the_order_stays() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let support = bench.key("acme", &[Scope::Support]).await;
    let order = placed(&bench, &admin, "k1", &rich("zq-1")).await;
    let plain = placed(&bench, &admin, "k2", &order_json(1)).await;
    let known = bench.get("/v1/customers/zq-1", &support).await.json();
    assert_eq!(
        (&known["orders"][0]["order"], &known["orders"][0]["customer"]["name"]),
        (&json!(order), &json!("zq-name"))
    );
    let erase = |path: String| {
        let (bench, support) = (&bench, &support);
        async move { bench.ask(Method::POST, &path, support, None).await.json() }
    };
    assert_eq!(erase(format!("/v1/orders/{order}/erase")).await["erased"], "when_final");
    assert_eq!(erase(format!("/v1/orders/{plain}/erase")).await["erased"], "nothing_kept");
    let reason = json!({ "reason": "wanted no more" });
    bench.ask(Method::POST, &format!("/v1/orders/{order}/cancel"), &admin, Some(&reason)).await;
    let done = erase(String::from("/v1/customers/zq-1/erase")).await;
    assert_eq!((&done["erased"], &done["when_final"]), (&json!(1), &json!(0)));
    assert_eq!(erase(String::from("/v1/customers/zq-1/erase")).await["erased"], 0);
    assert_eq!(erase(format!("/v1/orders/{order}/erase")).await["erased"], "before");
    assert_eq!(bench.get("/v1/customers/zq-1", &support).await.json()["orders"], json!([]));
    let seen = bench.get(&format!("/v1/orders/{order}"), &support).await;
    assert!(!seen.text.contains("zq-") && seen.json()["state"] == "cancelled", "{}", seen.text);
    let timeline = bench.get(&format!("/v1/orders/{order}/timeline"), &support).await;
    assert!(timeline.text.contains("personal_data_erased") && timeline.text.contains("key:acme-support"));
    let bad = bench.get("/v1/customers/4111111111111111", &support).await;
    assert!(bad.problem().1 == "invalid_request" && !bad.text.contains("1111"));
}

/// Everything that is logged, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push_str(&format!("{field}={value:?}\n"));
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Every value of every table but the one for it, as far as it is text or bytes.
fn elsewhere(conn: &Connection) -> String {
    let mut found = String::new();
    let mut names = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(names.iter().any(|name| name == "order_contacts"));
    for name in names.iter().filter(|name| *name != "order_contacts") {
        let mut all = conn.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = all.column_count();
        let mut rows = all.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                let bytes = match row.get_ref(column).unwrap() {
                    rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => bytes,
                    _ => continue,
                };
                if String::from_utf8_lossy(bytes).contains("zq-") {
                    found.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(bytes)));
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn nothing_personal_is_anywhere_but_in_its_table_and_after_erasing_not_even_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("central.db");
    let options = Options { mode: Mode::Inline, ..Options::default() };
    let bench = bench_on(SqliteStore::open(&Place::File(path.clone()), options, [7; 8]).unwrap(), None);
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let admin = bench.tenant("acme").await;
    let order = placed(&bench, &admin, "k1", &rich("zq-1")).await;
    placed(&bench, &admin, "k2", &rich("zq-1")).await;
    let mut refused = rich("zq-1");
    refused["customer"]["nick"] = json!("zq-nick");
    assert_eq!(bench.place(&admin, "k3", &refused).await.problem().1, "unknown_field");
    refused = rich("zq-1");
    refused["customer"] = json!("zq-all of it");
    assert_eq!(bench.place(&admin, "k3", &refused).await.problem().1, "invalid_request");
    let change =
        json!({ "customer": { "id": "zq-1", "name": "zq-later" }, "gift": { "message": "zq-card" } });
    asked(&bench, &admin, &format!("/v1/orders/{order}/changes"), Some("c1"), &change).await;
    let events = bench.get("/v1/events", &admin).await.text;
    let metrics = bench.get("/metrics", "").await.text;
    let logged = log.0.lock().unwrap().clone();
    assert!(logged.contains("path="), "the log is heard: {logged}");
    for (where_, text) in [("events", &events), ("metrics", &metrics), ("the log", &logged)] {
        assert!(!text.contains("zq-") && !text.contains("tok_secret"), "in {where_}: {text}");
    }
    let conn = Connection::open(&path).unwrap();
    assert_eq!(elsewhere(&conn), "");
    let kept: String =
        conn.query_row("SELECT group_concat(contact) FROM order_contacts", [], |row| row.get(0)).unwrap();
    assert!(kept.contains("zq-later") && kept.contains("zq-card"));

    let reason = json!({ "reason": "over" });
    let orders = bench.get("/v1/orders", &admin).await.json()["orders"].clone();
    for one in orders.as_array().unwrap() {
        let path = format!("/v1/orders/{}/cancel", one["order"].as_str().unwrap());
        bench.ask(Method::POST, &path, &admin, Some(&reason)).await;
    }
    let done = bench.ask(Method::POST, "/v1/customers/zq-1/erase", &admin, None).await.json();
    assert_eq!(done["erased"], 2);
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(3).any(|three| three == b"zq-"), "its pages were written over");
}

#[tokio::test]
async fn the_console_shows_what_an_order_says_and_what_was_changed() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = placed(&bench, &admin, "k1", &rich("zq-1")).await;
    let off = json!({ "lines": [{ "line": 1, "quantity": 1 }] });
    asked(&bench, &admin, &format!("/v1/orders/{order}/changes"), Some("c1"), &off).await;
    let cookie = login(&bench, &admin).await;
    let shown = page(&bench, &format!("/console/orders/{order}"), &cookie).await.text;
    for expected in ["11.47 EUR", "card through cards", "zq-name", "zq-street 1, zq-town", "zq-message"] {
        assert!(shown.contains(expected), "{expected} is not in\n{shown}");
    }
    assert!(shown.contains("1 of line 1 taken off") && !shown.contains("tok_secret"));
    let list = page(&bench, "/console/orders", &cookie).await.text;
    assert!(!list.contains("zq-"), "{list}");
}
