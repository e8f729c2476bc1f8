use holdfast_central::runtime::{CentralConfig, start};
use holdfast_tests::crowd;

/// So many by default, to keep it short; `HOLDFAST_STORES=10000` plays it in full.
const STORES: usize = 200;
/// More than central lets in at once, so that some are turned away.
const CONNECTIONS: usize = 400;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_stores_reconnect() {
    let stores = std::env::var("HOLDFAST_STORES").map_or(STORES, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let config = CentralConfig::embedded(folder.path().join("central"));
    // Its first start makes the folder; the chain is put into it while central is down.
    start(config.clone(), None).await.unwrap().stop().await.unwrap();
    let database = config.data_dir.join("central.db");
    assert!(database.is_file());
    let members = crowd::prepare(&database, stores).await.unwrap();

    let central = start(config, None).await.unwrap();
    let url = format!("http://{}", central.http_address());
    let told = crowd::come_back(&url, members, CONNECTIONS).await.unwrap();
    central.stop().await.unwrap();

    assert_eq!(told.took.len(), stores, "every store is leased again, and its task is level");
    crowd::nothing_is_lost(&database, stores).await.unwrap();
}
