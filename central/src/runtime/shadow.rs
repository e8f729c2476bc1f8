//! Compares behind the decisions: with the version in shadow, and with another system. A task of its own,
//! so that routing never waits for it and nothing of an order depends on it.

use super::tasks::{Ended, Trouble};
use crate::adapters::http::{App, Shared};
use crate::core::shadow::report::{Counted, summary};
use crate::core::shadow::words::Against;
use crate::core::stock::report::Day;
use crate::flows::FlowError;
use crate::flows::shadow_look::{Looked, look_at_legacy, look_at_versions};
use crate::ports::StoreError;
use holdfast_platform::service::Ticker;
use holdfast_shared::ids::{Actor, TenantId};
use holdfast_shared::limits::SHADOW_DAYS_KEPT;
use holdfast_shared::time::MonoMs;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_secs(5);
const SWEEP_EVERY_MS: i64 = 60 * 60 * 1000;
const MEASURE_EVERY_MS: i64 = 30 * 1000;

struct Due {
    measure_at: MonoMs,
    sweep_at: MonoMs,
}

pub(super) async fn keep(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(LOOK_EVERY, stop.clone());
    let mut trouble = Trouble::of("shadow");
    let now = app.clock.now().mono;
    let mut due = Due { measure_at: now, sweep_at: now };
    while ticker.tick().await {
        trouble.while_more(&stop, || look(&app)).await;
        trouble.note(tend(&app, &mut due).await);
    }
    Ok(())
}

/// Whether more may wait.
async fn look(app: &App) -> Result<bool, FlowError> {
    let (storage, now) = (&*app.storage, app.clock.now().utc);
    let central = Actor::new("central").map_err(StoreError::from)?;
    let versions = look_at_versions(storage, &app.policies, &central, now).await?;
    count(&versions);
    let legacy = look_at_legacy(storage, &app.policies, now).await?;
    count(&legacy);
    Ok(versions.more || legacy.more)
}

fn count(looked: &Looked) {
    for ((against, counted), lines) in &looked.lines {
        // Versions come and go: their numbers are no names of series.
        let path = match against {
            Against::Version(_) => "shadow",
            Against::Legacy => "legacy",
        };
        let outcome = match counted {
            Counted::Equal => "equal",
            Counted::NotCompared => "not_compared",
            Counted::Differs { class, .. } => class.as_str(),
        };
        metrics::counter!("holdfast_shadow_lines_total", "path" => path, "outcome" => outcome)
            .increment(u64::from(*lines));
    }
}

async fn tend(app: &App, due: &mut Due) -> Result<(), FlowError> {
    let now = app.clock.now();
    if now.mono >= due.measure_at {
        measure(app).await?;
        due.measure_at = now.mono.plus(MEASURE_EVERY_MS);
    }
    if now.mono >= due.sweep_at {
        let before = Day(Day::of(now.utc).0.saturating_sub(SHADOW_DAYS_KEPT));
        while app.storage.sweep_shadow(before).await? {}
        due.sweep_at = now.mono.plus(SWEEP_EVERY_MS);
    }
    Ok(())
}

/// Today's share of lines that differ, of every tenant that compares.
async fn measure(app: &App) -> Result<(), StoreError> {
    let open = app.storage.shadows_open().await?.into_iter().map(|open| open.tenant);
    let feeds = app.storage.legacy_feeds().await?.into_iter().map(|feed| feed.tenant);
    let tenants: BTreeSet<TenantId> = open.chain(feeds).collect();
    let today = Day::of(app.clock.now().utc);
    for tenant in tenants {
        let mut by_path: BTreeMap<&'static str, Vec<(Counted, u64)>> = BTreeMap::new();
        for row in app.storage.shadow_tally(&tenant, (today, today)).await? {
            let path = match row.against {
                Against::Version(_) => "shadow",
                Against::Legacy => "legacy",
            };
            by_path.entry(path).or_default().push((row.counted, row.lines));
        }
        for (path, counts) in by_path {
            let told = summary(counts);
            for (what, permille) in
                [("mismatch", told.mismatch_permille), ("classified", told.classified_permille)]
            {
                let exact = u32::try_from(permille).unwrap_or(u32::MAX);
                let tenant = tenant.to_string();
                metrics::gauge!("holdfast_shadow_permille", "path" => path, "what" => what, "tenant" => tenant)
                    .set(f64::from(exact));
            }
        }
    }
    Ok(())
}
