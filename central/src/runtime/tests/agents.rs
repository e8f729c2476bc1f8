//! What agents ask: a credential for a code, and sync.

use super::bench::{Bench, bench};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use holdfast_shared::limits::{SYNC_BACKLOGS_MAX, SYNC_BYTES_MAX, SYNC_EXCHANGES_MAX, SYNC_SMALL_BYTES};
use holdfast_shared::wire::sync::{
    SYNC_CONTENT_TYPE, SYNC_VERSION, SYNC_VERSION_HEADER, SyncMessage, SyncRequest,
};
use serde_json::{Value, json};

pub(super) async fn enrolled(bench: &Bench) -> Value {
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let offered = bench.ask(Method::POST, "/v1/stores/leeds/enrolments", &admin, None).await;
    assert_eq!(offered.status, StatusCode::CREATED, "{}", offered.text);
    let code = offered.json()["code"].as_str().unwrap().to_lowercase();
    let wanted = json!({ "code": code, "box_name": "back office" });
    let identity = bench.ask(Method::POST, "/v1/enroll", "", Some(&wanted)).await;
    assert_eq!(identity.status, StatusCode::OK, "{}", identity.text);
    let again = bench.ask(Method::POST, "/v1/enroll", "", Some(&wanted)).await;
    assert_eq!(again.problem(), (410, "code_expired".to_owned()));
    identity.json()
}

pub(super) async fn sync(bench: &Bench, secret: &str, body: Vec<u8>) -> super::bench::Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/v1/sync")
        .header(header::CONTENT_TYPE, SYNC_CONTENT_TYPE)
        .header(header::CONTENT_LENGTH, body.len())
        .header(header::AUTHORIZATION, format!("Bearer {secret}"));
    bench.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_code_makes_one_identity() {
    let bench = bench();
    let identity = enrolled(&bench).await;
    assert_eq!((&identity["replica"], &identity["mqtt_address"]), (&json!("leeds-a"), &json!(":7883")));
}

#[tokio::test]
async fn sync_takes_a_replicas_secret_and_nothing_else() {
    let bench = bench();
    let identity = enrolled(&bench).await;
    let secret = identity["secret"].as_str().unwrap();
    assert_eq!(sync(&bench, "guess", Vec::new()).await.problem().0, 401);
    assert_eq!(sync(&bench, "acme-admin", Vec::new()).await.problem().0, 401);
    assert_eq!(bench.get("/v1/stores", secret).await.problem().0, 401);
    assert_ne!(sync(&bench, secret, Vec::new()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn damaged_and_oversized_messages_are_told_from_each_other() {
    let bench = bench();
    let identity = enrolled(&bench).await;
    let secret = identity["secret"].as_str().unwrap();
    let damaged = sync(&bench, secret, b"HFS1 this is no zstd".to_vec()).await;
    assert_eq!(damaged.problem(), (422, "damaged_sync".to_owned()));
    let foreign = sync(&bench, secret, b"{}".to_vec()).await;
    assert_eq!(foreign.problem(), (415, "unsupported_media_type".to_owned()));
    let oversized = sync(&bench, secret, vec![0; SYNC_BYTES_MAX + 1]).await;
    assert_eq!(oversized.problem(), (413, "body_too_large".to_owned()));
}

#[tokio::test]
async fn a_version_that_is_not_read_is_refused_with_what_to_do() {
    let bench = bench();
    let identity = enrolled(&bench).await;
    let secret = identity["secret"].as_str().unwrap();
    let bytes = include_bytes!("../../../../shared/src/wire/sync/golden/request_v1.hfs");
    let golden = SyncRequest::decode(bytes).unwrap();
    let new = SyncRequest { version: SYNC_VERSION + 1, ..golden.clone() };
    let refused = sync(&bench, secret, new.encode().unwrap()).await;
    assert_eq!(refused.problem(), (400, "invalid_request".to_owned()));
    assert!(refused.json()["hint"].as_str().unwrap().contains("Update central"), "{}", refused.text);
    // The first version, as its own code wrote it, is taken, answered in kind, and told of newer ones.
    let taken = sync(&bench, secret, bytes.to_vec()).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    assert_eq!(taken.headers[SYNC_VERSION_HEADER], SYNC_VERSION.to_string());
    let position =
        bench.app.storage.positions(&"acme".parse().unwrap(), &["A".parse().unwrap()]).await.unwrap();
    assert_eq!(position.first().map(|position| position.on_hand), Some(5));
}

#[tokio::test]
async fn a_loaded_central_sheds_backlogs_before_what_tasks_wait_for() {
    let bench = bench();
    let identity = enrolled(&bench).await;
    let secret = identity["secret"].as_str().unwrap();
    let small = include_bytes!("../../../../shared/src/wire/sync/golden/request_v1.hfs").to_vec();
    let large = vec![0; SYNC_SMALL_BYTES + 1];
    let backlogs: Vec<_> =
        (0..SYNC_BACKLOGS_MAX).map(|_| bench.app.rooms.backlogs.enter().unwrap()).collect();
    let shed = sync(&bench, secret, large.clone()).await;
    assert_eq!(shed.problem(), (503, "busy".to_owned()));
    assert!(shed.headers[header::RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(sync(&bench, secret, small.clone()).await.status, StatusCode::OK);
    drop(backlogs);
    assert_eq!(sync(&bench, secret, large).await.problem().0, 415, "now it is read, and is junk");
    let exchanges: Vec<_> =
        (0..SYNC_EXCHANGES_MAX).map(|_| bench.app.rooms.exchanges.enter().unwrap()).collect();
    assert_eq!(sync(&bench, secret, small.clone()).await.problem(), (503, "busy".to_owned()));
    drop(exchanges);
    assert_eq!(sync(&bench, secret, small).await.status, StatusCode::OK);
}
