//! A store whose connection ends, cleanly or not, is doubted because of that alone: over real sockets and a real
//! Mosquitto, with limits of silence that no test reaches.

use anyhow::{Context, Result, ensure};
use holdfast_central::core::eligibility::Standing;
use holdfast_shared::ids::StoreId;
use holdfast_tests::e2e::until;
use holdfast_tests::flock::{Habits, Lot, Plan, Scene};
use std::time::Duration;

const STORES: usize = 12;
const CONFIG: &str = "[health]\nsuspect_after = \"2h\"\nineligible_after = \"4h\"\n";
const PLAN: Plan<'static> =
    Plan { stores: STORES, busy: 0, connections: 4, central_config: CONFIG, habits: HABITS };
const HABITS: Habits = Habits {
    beat_every: Duration::from_secs(1),
    sync_every: Duration::from_secs(3_600),
    signals_lost: Duration::from_secs(3_600),
};

async fn until_suspect(scene: &Scene, store: &StoreId, why: &str) -> Result<()> {
    until(&format!("{store} is suspect because it {why}"), async || {
        let told = scene.office.client.get(&format!("/v1/stores/{store}")).await?;
        let reasons = told.pointer("/eligibility/reasons").context("no reasons")?.to_string();
        Ok(scene.office.standing_of(store).await? == Some(Standing::Suspect) && reasons.contains(why))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_connection_is_enough_to_doubt_a_store() -> Result<()> {
    let scene = Scene::set(PLAN).await?;
    let well = async |scene: &Scene, stores| Ok(scene.office.count(Standing::Eligible).await? == stores);
    until("all are eligible", async || well(&scene, STORES).await).await?;

    // The goodbye of an agent that is stopped.
    let left = scene.member(0)?;
    left.meets(Lot::Left);
    until_suspect(&scene, left.store(), "said goodbye").await?;
    // The last will, which the broker says when a connection breaks.
    let cut = scene.member(1)?;
    cut.meets(Lot::Cut);
    until_suspect(&scene, cut.store(), "its connection broke").await?;
    ensure!(well(&scene, STORES - 2).await?, "others are doubted, too");

    // The next word makes it well again.
    left.meets(Lot::Well);
    until("it is believed again", async || {
        Ok(scene.office.standing_of(left.store()).await? == Some(Standing::Eligible))
    })
    .await
}
