//! FAIL_STATIC with a real broker that dies under a flock of stores, and a real central.

use anyhow::{Context, Result, ensure};
use holdfast_central::core::eligibility::Standing;
use holdfast_tests::e2e::until;
use holdfast_tests::flock::{Habits, Lot, Member, Plan, Scene};
use serde_json::Value;
use std::time::Duration;

const STORES: usize = 300;
/// With a task that they accepted.
const BUSY: usize = 20;
const INELIGIBLE_AFTER_MS: i64 = 12_000;
const CONFIG: &str = "[health]\nsuspect_after = \"6s\"\nineligible_after = \"12s\"\nlease = \"1h\"\n\n[offers]\naccept_within = \"1h\"\n";
const PLAN: Plan<'static> =
    Plan { stores: STORES, busy: BUSY, connections: 50, central_config: CONFIG, habits: HABITS };
const HABITS: Habits = Habits {
    beat_every: Duration::from_secs(1),
    sync_every: Duration::from_secs(3),
    signals_lost: Duration::from_secs(1),
};

async fn until_standing(scene: &Scene, standing: Standing, stores: usize) -> Result<()> {
    let what = format!("{stores} stores are {}", standing.as_str());
    let came = until(&what, async || Ok(scene.office.count(standing).await? == stores)).await;
    if came.is_err() {
        let mut others = String::new();
        for other in Standing::ALL {
            others += &format!("{} are {}; ", scene.office.count(other).await?, other.as_str());
        }
        return came.context(others);
    }
    Ok(())
}

async fn nothing_moved(scene: &Scene) -> Result<()> {
    let audit = scene.nothing_moved().await?;
    ensure!(usize::try_from(audit.open_tasks)? == BUSY, "{audit:?}");
    Ok(())
}

async fn heard_ms_ago(scene: &Scene, member: &Member) -> Result<i64> {
    let told = scene.office.client.get(&format!("/v1/stores/{}", member.store())).await?;
    told.get("heard_ms_ago").and_then(Value::as_i64).context("never heard of")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_broker_moves_nothing_and_the_second_path_finds_the_one_dead_store() -> Result<()> {
    let mut scene = Scene::set(PLAN).await?;
    until_standing(&scene, Standing::Eligible, STORES).await?;
    let lost = scene.member(0)?;

    // Broker and uplink go together, and in that time one store dies for good.
    scene.line.pull();
    scene.broker.kill()?;
    lost.meets(Lot::Dark);
    until("the alarm is raised", async || scene.office.is_frozen().await).await?;
    until("the silence is longer than any limit", async || {
        Ok(heard_ms_ago(&scene, &lost).await? > INELIGIBLE_AFTER_MS + 1_000)
    })
    .await?;
    ensure!(scene.office.count(Standing::Ineligible).await? == 0, "silence counted while nobody was heard");
    nothing_moved(&scene).await?;

    // Central is reached again, and the broker is not: all but one tell how they are by HTTP.
    scene.flock.let_sync(true);
    scene.line.put_back();
    until("the alarm is over", async || Ok(!scene.office.is_frozen().await?)).await?;
    until_standing(&scene, Standing::Ineligible, 1).await?;
    ensure!(
        scene.office.standing_of(lost.store()).await? == Some(Standing::Ineligible),
        "another one is dark"
    );
    until_standing(&scene, Standing::Eligible, STORES - 1).await?;
    ensure!(scene.flock.connected() == 0, "the broker was to be dead");
    nothing_moved(&scene).await?;

    // The broker is back, and so is the store.
    scene.broker.start().await?;
    lost.meets(Lot::Well);
    until("all are connected", async || Ok(scene.flock.connected() == STORES)).await?;
    until_standing(&scene, Standing::Eligible, STORES).await?;
    ensure!(!scene.office.is_frozen().await?, "the alarm stands although all is well");
    nothing_moved(&scene).await?;

    // A goodbye is no silence: it is known at once, and why.
    let leaving = scene.member(1)?;
    scene.flock.let_sync(false);
    leaving.meets(Lot::Left);
    until("the goodbye is known", async || {
        let told = scene.office.client.get(&format!("/v1/stores/{}", leaving.store())).await?;
        let reasons = told.pointer("/eligibility/reasons").context("no reasons")?.to_string();
        Ok(reasons.contains("said goodbye"))
    })
    .await?;
    ensure!(scene.flock.is_whole(), "a store of the flock ended by itself");
    Ok(())
}
