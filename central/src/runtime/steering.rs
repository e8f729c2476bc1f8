//! Keeps policies: lets those begin whose time has come, and looks at those in force once a day.

use super::tasks::{Ended, Trouble};
use crate::adapters::http::{App, Shared};
use crate::flows::FlowError;
use crate::flows::in_force::know_in_force;
use crate::flows::lint_policies::lint_all;
use crate::flows::policies::begin_due;
use crate::flows::rollout::guard;
use holdfast_platform::service::Ticker;
use holdfast_shared::ids::Actor;
use holdfast_shared::time::MonoMs;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Trials are measured this often.
const GUARD_EVERY_MS: i64 = 15 * 1000;
const LINT_EVERY_MS: i64 = 24 * 60 * 60 * 1000;
/// Stores are heard and judged by then, after a start.
const LINT_AFTER_MS: i64 = 10 * 60 * 1000;

pub(super) async fn keep(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(LOOK_EVERY, stop);
    let mut trouble = Trouble::of("policies");
    let now = app.clock.now().mono;
    let mut due = Due { guard_at: now, lint_at: now.plus(LINT_AFTER_MS) };
    while ticker.tick().await {
        if trouble.note(look(&app, &mut due).await).unwrap_or(false) {
            app.bells.evaluate.notify_one();
            app.bells.route.notify_one();
        }
    }
    Ok(())
}

struct Due {
    guard_at: MonoMs,
    lint_at: MonoMs,
}

/// Whether what steers the orders or judges the stores changed.
async fn look(app: &App, due: &mut Due) -> Result<bool, FlowError> {
    let storage = &*app.storage;
    let now = app.clock.now();
    let begun = begin_due(storage, now.utc).await?;
    let mut paused = 0;
    if now.mono >= due.guard_at {
        paused = guard(storage, &central(), now.utc).await?;
        metrics::counter!("holdfast_rollouts_paused_total").increment(paused.into());
        due.guard_at = now.mono.plus(GUARD_EVERY_MS);
    }
    let unreadable = know_in_force(storage, &app.policies).await?;
    let judged_otherwise = app.policies.steer_health(&app.watch);
    if now.mono >= due.lint_at {
        lint_all(storage, &app.watch, &app.policies, &unreadable, now.utc).await?;
        due.lint_at = now.mono.plus(LINT_EVERY_MS);
    }
    Ok(begun > 0 || paused > 0 || judged_otherwise)
}

/// Who pauses a trial when nobody did.
#[expect(clippy::expect_used, reason = "letters are an actor")]
fn central() -> Actor {
    Actor::new("central").expect("an actor of letters")
}
