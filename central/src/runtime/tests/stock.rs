//! Stock over HTTP and in the console: each number with how sure it is, unknown told as unknown.

use super::agents::enrolled;
use super::bench::{Bench, bench};
use super::console::{login, page};
use crate::core::stock::class::Channel;
use crate::core::stock::sellable::Kept;
use crate::core::stock::withheld::Withheld;
use crate::ports::access::{ReplicaIdentity, Scope};
use crate::ports::stock::OrderWithout;
use axum::http::{StatusCode, header};
use holdfast_shared::ids::LineNo;
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest};
use serde_json::{Value, json};

/// leeds has told of five A; york has told of nothing.
async fn chain() -> (Bench, String) {
    let bench = bench();
    enrolled(&bench).await;
    let admin = "acme-admin".to_owned();
    bench.put_store(&admin, "york").await;
    let golden = include_bytes!("../../../../shared/src/wire/sync/golden/request_v1.hfs");
    let request = SyncRequest::decode(golden).unwrap();
    let replica = ReplicaIdentity {
        tenant: "acme".parse().unwrap(),
        store: request.store.clone(),
        replica: request.replica.clone(),
    };
    bench.app.storage.exchange(&replica, None, &request, bench.app.clock.now()).await.unwrap();
    (bench, admin)
}

fn row<'a>(answer: &'a Value, store: &str) -> &'a Value {
    answer["positions"].as_array().unwrap().iter().find(|row| row["store"] == store).unwrap()
}

#[tokio::test]
async fn a_sku_is_told_at_every_node_and_unknown_is_no_zero() {
    let (bench, admin) = chain().await;
    let told = bench.get("/v1/stock/skus/A", &admin).await.json();
    let leeds = row(&told, "leeds");
    assert_eq!((&leeds["on_hand"]["units"], &leeds["available"]["units"]), (&json!(5), &json!(5)));
    let sure = leeds["available"]["confidence"].as_f64().unwrap();
    assert!((0.5..1.0).contains(&sure) && leeds["confidence"] == sure, "{leeds}");
    assert_eq!((&leeds["sellable"]["*"]["units"], &leeds["class"]), (&json!(5), &json!("default")));
    let york = row(&told, "york");
    for number in ["on_hand", "reserved", "available", "as_of", "source", "confidence"] {
        assert!(york[number].is_null(), "{number}: {york}");
    }
    assert_eq!((&york["band"], york["sellable"].as_object().unwrap().len()), (&json!("unknown"), 0));
    assert!(york["words"].as_str().unwrap().contains("not the same as none"));
}

#[tokio::test]
async fn pages_of_stock_go_on_where_they_ended() {
    let (bench, admin) = chain().await;
    let first = bench.get("/v1/stock/skus/A?limit=1", &admin).await.json();
    assert_eq!(first["positions"][0]["store"], "leeds");
    let next = first["next"].as_str().unwrap();
    let rest = bench.get(&format!("/v1/stock/skus/A?limit=1&cursor={next}"), &admin).await.json();
    assert_eq!((&rest["positions"][0]["store"], &rest["next"]), (&json!("york"), &Value::Null));
    let of_store = bench.get("/v1/stock/stores/leeds", &admin).await.json();
    assert_eq!(of_store["positions"][0]["sku"], "A");
    assert_eq!(bench.get("/v1/stock/stores/york", &admin).await.json()["positions"], json!([]));
    assert_eq!(bench.get("/v1/stock/stores/hull", &admin).await.problem(), (404, "unknown_store".to_owned()));
    let theirs = bench.tenant("rival").await;
    assert_eq!(bench.get("/v1/stock/skus/A", &theirs).await.json()["positions"], json!([]));
}

#[tokio::test]
async fn a_report_covers_days_that_can_be_meant() {
    let (bench, admin) = chain().await;
    for (span, words) in [
        ("from=yesterday", "not a day"),
        ("from=2027-01-20&to=2027-01-10", "-9 days"),
        ("from=2026-01-01&to=2027-01-01", "366 days"),
        ("since=2027-01-01", "since"),
    ] {
        let answer = bench.get(&format!("/v1/stock/report?{span}"), &admin).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{span}: {}", answer.text);
        assert!(answer.text.contains(words), "{span}: {}", answer.text);
    }
    let told = bench.get("/v1/stock/report?from=2027-01-10&to=2027-01-15", &admin).await.json();
    assert_eq!((&told["from"], &told["to"]), (&json!("2027-01-10"), &json!("2027-01-15")));
    assert_eq!(
        (&told["oversold_units"], &told["withheld_units"], &told["rows"]),
        (&json!(0), &json!(0), &json!([]))
    );
}

#[tokio::test]
async fn the_console_shows_stock_and_what_was_missed() {
    let (bench, admin) = chain().await;
    let order = bench.place(&admin, "k", &super::bench::order_json(1)).await.json();
    let withheld = Withheld {
        line: LineNo(1),
        sku: "TEE-1".parse().unwrap(),
        store: "leeds".parse().unwrap(),
        why: Kept::Buffer,
        units: 4,
    };
    let without = OrderWithout {
        order: order["order"].as_str().unwrap().parse().unwrap(),
        channel: Channel::new("web"),
        withheld: vec![withheld],
    };
    let now = bench.app.clock.now().utc;
    bench.app.storage.note_withheld(&"acme".parse().unwrap(), &without, now).await.unwrap();
    let cookie = login(&bench, &admin).await;
    for (path, shown) in [
        ("/console/stock", "kept back as buffer"),
        ("/console/stock/skus/A", "5 ("),
        ("/console/stock/skus/A", "unknown"),
        ("/console/stores/leeds/stock", "<code>A</code>"),
        ("/console/stores/york/stock", "Nothing is known yet"),
    ] {
        let answer = page(&bench, path, &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        assert!(answer.text.contains(shown), "{path} lacks {shown}: {}", answer.text);
    }
    let found = page(&bench, "/console/stock/find?sku=A%2F1", &cookie).await;
    assert_eq!(found.status, StatusCode::BAD_REQUEST, "a SKU has no slash");
    let found = page(&bench, "/console/stock/find?sku=TEE-1", &cookie).await;
    assert_eq!(found.headers[header::LOCATION], "/console/stock/skus/TEE%2D1");
    let stranger = login(&bench, &bench.key("acme", &[Scope::OrdersRead]).await).await;
    assert_eq!(page(&bench, "/console/stock", &stranger).await.problem().0, 403);
}
