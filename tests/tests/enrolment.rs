//! A chain that is rolled out enrols many boxes at the same time.

use anyhow::{Result, ensure};
use holdfast_tests::e2e::{Chain, Plan, store_named};
use serde_json::json;
use tokio::task::JoinSet;

const BOXES: u8 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn boxes_that_enrol_at_once_all_get_in() -> Result<()> {
    let chain = Chain::start(Plan { stores: &[], ..Plan::default() }).await?;
    let http = holdfast::client::http()?;
    let mut boxes = JoinSet::new();
    for n in 0..BOXES {
        let store = store_named(&format!("store-{n}"), n)?;
        chain.client.put_store(&store).await?;
        let code = chain.client.enrolment_code(&store.store).await?;
        let url = format!("{}/v1/enroll", chain.client.url());
        boxes.spawn(http.post(url).json(&json!({ "code": code })).send());
    }
    for answer in boxes.join_all().await {
        let status = answer?.status();
        ensure!(status.is_success(), "answered {status}");
    }
    Ok(())
}
