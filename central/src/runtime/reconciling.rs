//! Keeps the books honest: looks at what changed, again at what was found, at all of it at a bounded pace, and at
//! what people ask for. One task, so that no two looks follow the same finding at once. It also tells of
//! exceptions whose time is over.

use super::tasks::{Ended, Trouble};
use crate::adapters::http::{App, Shared};
use crate::core::reconcile::finding::{FindingKind, FindingState, Scope};
use crate::flows::FlowError;
use crate::flows::reconcile::runs::Asked;
use crate::flows::reconcile::{Looked, Reconciler};
use crate::flows::time_exceptions::time_exceptions;
use crate::ports::reconcile::{SweepPace, SweepPlace};
use crate::ports::{Storage, StoreError};
use holdfast_platform::service::Ticker;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::FINDINGS_KEPT_MS;
use holdfast_shared::time::MonoMs;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Of each look: at this pace a chain of a million orders is gone through in a day.
const PACE: SweepPace = SweepPace { orders: 60, positions: 300, stores: 1 };
const MEASURE_EVERY_MS: i64 = 30 * 1000;
/// Pages of changes that one tick takes up at the most; the rest comes with the next.
const PAGES_MAX: u32 = 20;

/// A series that was told, to be told as 0 when nothing of it is left.
type Series = (&'static str, Vec<(&'static str, String)>);

struct Keeping {
    place: SweepPlace,
    measure_at: MonoMs,
    told: BTreeMap<Series, f64>,
}

pub(super) async fn keep(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(LOOK_EVERY, stop.clone());
    let mut trouble = Trouble::of("reconcile");
    let mut keeping =
        Keeping { place: SweepPlace::default(), measure_at: app.clock.now().mono, told: BTreeMap::new() };
    while ticker.tick_or(&app.bells.reconcile).await {
        trouble.note(run_asked(&app, &stop).await);
        for _ in 0..PAGES_MAX {
            let looked = trouble.note(reconciler(&app).changed(app.clock.now().utc).await);
            count(&app, "changed", looked);
            if stop.is_cancelled() || !looked.is_some_and(|looked| looked.more) {
                break;
            }
        }
        let settle_ms = app.policies.built_in().reconciliation.settle_ms;
        let again = reconciler(&app).again(settle_ms, app.clock.now().utc).await;
        count(&app, "again", trouble.note(again));
        let now = app.clock.now().utc;
        let swept = reconciler(&app).sweep(None, &mut keeping.place, PACE, now).await;
        count(&app, "sweep", trouble.note(swept));
        trouble.note(tell_late(&app).await);
        if app.clock.now().mono >= keeping.measure_at {
            trouble.note(measure(&app, &mut keeping.told).await.map_err(FlowError::from));
            keeping.measure_at = app.clock.now().mono.plus(MEASURE_EVERY_MS);
        }
    }
    Ok(())
}

fn reconciler(app: &App) -> Reconciler<'_, dyn Storage> {
    Reconciler { store: &*app.storage, terms: &*app.policies, poke: &*app.poke }
}

fn count(app: &App, how: &'static str, looked: Option<Looked>) {
    let Some(looked) = looked else { return };
    metrics::counter!("holdfast_reconciled_total", "how" => how).increment(looked.looked);
    for (what, many) in [
        ("confirmed", looked.confirmed),
        ("mended", looked.mended),
        ("escalated", looked.escalated),
        ("ended", looked.ended),
    ] {
        metrics::counter!("holdfast_reconciliation_total", "outcome" => what).increment(many);
    }
    if looked.mended > 0 || looked.escalated > 0 || looked.ended > 0 {
        app.bells.publish.notify_one();
    }
    if looked.mended > 0 {
        app.bells.route.notify_one();
    }
}

/// What people asked for, one after another.
pub(super) async fn run_asked(app: &App, stop: &CancellationToken) -> Result<(), FlowError> {
    let runs = &app.rooms.runs;
    while let Some(waiting) = runs.next() {
        let now = app.clock.now().utc;
        let looked = match &waiting.asked {
            Asked::All => {
                let goes_on = |looked: &Looked| runs.progress(waiting.run, looked) && !stop.is_cancelled();
                reconciler(app).whole(&waiting.tenant, now, &goes_on).await
            }
            Asked::One(scope) => one(app, &waiting.tenant, scope).await.map(Some),
        };
        let ended = app.clock.now().utc;
        match looked {
            Ok(looked) => {
                runs.end(waiting.run, looked, ended);
                count(app, "asked", looked);
            }
            Err(error) => {
                runs.end(waiting.run, None, ended);
                return Err(error);
            }
        }
    }
    Ok(())
}

async fn one(app: &App, tenant: &TenantId, scope: &Scope) -> Result<Looked, FlowError> {
    let now = app.clock.now().utc;
    let mut looked = reconciler(app).look(tenant, scope, now).await?;
    looked.add(reconciler(app).beside(tenant, scope, now).await?);
    Ok(looked)
}

async fn tell_late(app: &App) -> Result<(), FlowError> {
    let late = time_exceptions(&*app.storage, &app.policies, app.clock.now().utc).await?;
    for one in &late {
        metrics::counter!("holdfast_exceptions_late_total",
            "tenant" => one.tenant.to_string(), "category" => one.category.as_str(),
            "severity" => one.severity.as_str(), "what" => one.breach.as_str())
        .increment(1);
    }
    if !late.is_empty() {
        app.bells.publish.notify_one();
    }
    let before = app.clock.now().utc.plus(FINDINGS_KEPT_MS.saturating_neg());
    app.storage.drop_findings(before).await?;
    Ok(())
}

/// What is open, by tenant. A series that was told is told as 0 when nothing of it is left.
async fn measure(app: &App, told: &mut BTreeMap<Series, f64>) -> Result<(), StoreError> {
    told.values_mut().for_each(|value| *value = 0.0);
    for open in app.storage.count_open().await? {
        let labels = vec![
            ("tenant", open.tenant.to_string()),
            ("category", open.category.as_str().to_owned()),
            ("severity", open.severity.as_str().to_owned()),
        ];
        told.insert(("holdfast_exceptions", labels.clone()), exact(open.open));
        told.insert(("holdfast_exceptions_late", labels), exact(open.late));
    }
    for open in app.storage.count_findings().await? {
        if open.state == FindingState::Found {
            continue;
        }
        let labels = vec![
            ("tenant", open.tenant.to_string()),
            ("kind", open.kind.as_str().to_owned()),
            ("state", open.state.as_str().to_owned()),
        ];
        *told.entry(("holdfast_findings", labels)).or_default() += exact(open.open);
        if let (FindingKind::StuckOrder, Some((from, to))) = (open.kind, open.between) {
            let labels = vec![("tenant", open.tenant.to_string()), ("from_state", from), ("to_state", to)];
            *told.entry(("holdfast_orders_stuck", labels)).or_default() += exact(open.open);
        }
    }
    for ((name, labels), value) in told.iter() {
        let labels: Vec<metrics::Label> =
            labels.iter().map(|(name, value)| metrics::Label::new(*name, value.clone())).collect();
        metrics::gauge!(*name, labels).set(*value);
    }
    Ok(())
}

/// Counts are far below what a float holds exactly.
fn exact(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
