//! How orders do, over HTTP and in the console, and that it can be made anew.

use super::bench::{Bench, bench_on, order_json};
use super::console::{login, page};
use super::kpis::a_day;
use super::promises::shop_in;
use super::{explain, tenancy};
use crate::adapters::sqlite::SqliteStore;
use crate::core::exception::{Category, NewException, Severity};
use crate::runtime::flowing::add_up;
use axum::http::{Method, StatusCode};
use holdfast_platform::sqlite::{Mode, Options, Place};
use rusqlite::Connection;
use serde_json::{Value, json};

const KEY: &str = "acme-admin";

async fn kpis(bench: &Bench, query: &str) -> Value {
    let answer = bench.get(&format!("/v1/kpis/orders{query}"), KEY).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

fn slice<'a>(told: &'a Value, name: &str) -> &'a Value {
    let slices = told["slices"].as_array().unwrap();
    slices.iter().find(|slice| slice["name"] == name).unwrap_or_else(|| panic!("no {name}: {told}"))
}

#[tokio::test]
async fn what_orders_did_is_told_by_channel_and_by_source() {
    let bench = a_day().await;
    add_up(&*bench.app.storage).await.unwrap();
    let told = kpis(&bench, "").await;
    let web = slice(&told, "web");
    assert_eq!(
        (&web["placed"], &web["reserved"], &web["acceptance_rate"]),
        (&json!(1), &json!(1), &json!(0.0))
    );
    assert_eq!((&web["routing_success"], &web["best_node_share"]), (&json!(1.0), &json!(1.0)));
    assert!(web["reservation"]["p50_ms"].is_i64() && web["acknowledgement"]["p50_ms"].is_null(), "{web}");
    let market = slice(&told, "marketplace");
    assert_eq!((&market["cancellation_rate"], &market["routing_success"]), (&json!(1.0), &json!(0.0)));
    assert_eq!((&told["total"]["placed"], &told["total"]["cancelled"]), (&json!(2), &json!(1)));
    let by_source = kpis(&bench, "?by=source").await;
    assert_eq!(slice(&by_source, "store")["reserved"], 1);
    assert_eq!(slice(&by_source, "none")["placed"], 2, "when it is placed an order has no node");
    let theirs = bench.tenant("rival").await;
    let nothing = bench.get("/v1/kpis/orders", &theirs).await.json();
    assert_eq!((&nothing["slices"], &nothing["total"]["placed"]), (&json!([]), &json!(0)));
    for (query, words) in [("by=kind", "kind"), ("from=2025-01-01", "days"), ("till=x", "till")] {
        let refused = bench.get(&format!("/v1/kpis/orders?{query}"), KEY).await;
        assert!(refused.problem().0 == 400 && refused.text.contains(words), "{query}: {}", refused.text);
    }
}

#[tokio::test]
async fn the_minutes_of_people_count_for_the_channel_of_the_order() {
    let (bench, order) = explain::routed().await;
    add_up(&*bench.app.storage).await.unwrap();
    let exception = NewException {
        key: "k".to_owned(),
        category: Category::Stuck,
        severity: Severity::Low,
        order: Some(order.parse().unwrap()),
        task: None,
        store: Some("leeds".parse().unwrap()),
        detail: "d".to_owned(),
        suggestion: "s".to_owned(),
    };
    let now = bench.app.clock.now().utc;
    bench.app.storage.raise(&"acme".parse().unwrap(), &exception, now).await.unwrap();
    let waiting = |told: &Value, queue: &str| -> Value {
        let queues = told["queues"].as_array().unwrap();
        queues.iter().find(|one| one["queue"] == queue).unwrap()["waiting"].clone()
    };
    assert_eq!(waiting(&kpis(&bench, "").await, "exceptions"), 1);
    let open = bench.get("/v1/exceptions", KEY).await.json();
    let path = format!("/v1/exceptions/{}/resolve", open["exceptions"][0]["exception"].as_str().unwrap());
    let done = json!({ "resolution": "called them", "minutes": 25 });
    assert_eq!(bench.ask(Method::POST, &path, KEY, Some(&done)).await.status, StatusCode::NO_CONTENT);
    let told = kpis(&bench, "").await;
    let web = slice(&told, "web");
    assert_eq!(
        (&web["manual_minutes"], &web["manual_exceptions"], &web["manual_rate"]),
        (&json!(25), &json!(1), &json!(1.0))
    );
    assert_eq!(slice(&kpis(&bench, "?by=source").await, "store")["manual_minutes"], 25);
    assert_eq!((waiting(&told, "exceptions"), waiting(&told, "routing")), (json!(0), json!(0)));
    bench
        .place(
            KEY,
            "k9",
            &json!({ "channel": "web", "kind": "ship", "destination": { "latitude": 53.8, "longitude": -1.5 },
        "lines": [{ "sku": "B", "quantity": 1 }] }),
        )
        .await;
    assert_eq!(waiting(&kpis(&bench, "").await, "routing"), 1);
}

#[tokio::test]
async fn the_console_shows_a_table_and_what_waits() {
    let bench = a_day().await;
    add_up(&*bench.app.storage).await.unwrap();
    let cookie = login(&bench, KEY).await;
    let shown = page(&bench, "/console/order-kpis?by=source", &cookie).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    for words in ["How orders do", "Taken on", "What waits now", "outbox", "nobody can say after 900 s"] {
        assert!(shown.text.contains(words), "{words}: {}", shown.text);
    }
    assert!(!shown.text.contains(" style="), "nothing inline");
}

/// Each row of the tables that only follow from others, as text.
fn derived(conn: &Connection) -> String {
    ["flow_day", "order_kpi_day"].map(|table| tenancy::rows(conn, &format!("SELECT * FROM {table}"))).concat()
}

#[tokio::test]
async fn what_follows_from_the_record_is_made_anew_byte_by_byte_also_after_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("central.db");
    let options = Options { mode: Mode::Inline, ..Options::default() };
    let bench = bench_on(SqliteStore::open(&Place::File(path.clone()), options, [7; 8]).unwrap(), None);
    let bench = shop_in(bench).await;
    for n in 0..4 {
        let mut order = order_json(1);
        order["lines"][0]["sku"] = json!(if n % 2 == 0 { "A" } else { "B" });
        order["channel"] = json!(format!("channel-{n}"));
        bench.place(KEY, &format!("k{n}"), &order).await;
        bench.clock.advance(90_000);
        explain::route(&bench).await;
        add_up(&*bench.app.storage).await.unwrap();
    }
    let conn = Connection::open(&path).unwrap();
    let before = derived(&conn);
    assert!(before.contains("channel-3") && before.contains("reserved"), "{before}");
    for damage in [
        "UPDATE order_kpi_day SET orders = orders + 7",
        "DELETE FROM flow_day",
        "UPDATE order_kpi_day SET channel = 'nobody' WHERE channel = 'channel-1'",
        "UPDATE flow_read SET up_to = 2",
    ] {
        conn.execute(damage, []).unwrap();
        let damaged = derived(&conn);
        add_up(&*bench.app.storage).await.unwrap();
        assert_eq!(derived(&conn), before, "{damage}");
        assert!(damaged != before || damage.contains("flow_read"), "{damage} did damage");
    }
}
