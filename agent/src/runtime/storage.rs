//! Looks after the database while the agent works: examines all of it after the start and daily,
//! takes ballast on again when there is room, and ends the run when damage is found, so that the next
//! one begins with what is sound.

use super::Shared;
use holdfast_platform::service::{TaskError, Ticker};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the disk is asked for room for the ballast.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const EXAMINE_EVERY_MS: i64 = 24 * 60 * 60 * 1000;
/// A database that was salvaged in this very run, or that could not be, is not salvaged again at once:
/// a disk that breaks everything would be all that the agent does.
const SALVAGE_AGAIN_MS: i64 = 10 * 60 * 1000;

pub(super) async fn run(shared: Shared, damaged: Arc<AtomicBool>) -> Result<(), TaskError> {
    let mut ticker = Ticker::new(LOOK_EVERY, shared.life.token());
    let mut examined_at = None;
    loop {
        let now = shared.clock.now().mono;
        if shared.ledger.is_damaged() {
            let waited = now.since(shared.started_at) >= SALVAGE_AGAIN_MS;
            if waited || !shared.ledger.was_salvaged() {
                damaged.store(true, Ordering::Release);
                shared.life.stop();
                return Ok(());
            }
        } else if examined_at.is_none_or(|at| now.since(at) >= EXAMINE_EVERY_MS) {
            examined_at = Some(now);
            if let Err(error) = shared.ledger.examine().await {
                tracing::warn!(%error, "the database could not be examined to its end");
            }
            continue;
        }
        let alive = tokio::select! {
            alive = ticker.tick() => alive,
            () = shared.ledger.until_damaged(), if !shared.ledger.is_damaged() => true,
        };
        if !alive {
            return Ok(());
        }
        hold_ballast(&shared).await;
    }
}

/// Without room for it the agent works on: it says that there is nothing more to let go.
async fn hold_ballast(shared: &Shared) {
    let ledger = shared.ledger.clone();
    // Eight megabytes onto a slow disk take their time.
    let held = tokio::task::spawn_blocking(move || ledger.hold_ballast()).await;
    if let Ok(Err(error)) = held {
        tracing::debug!(%error, "there is no room for the ballast");
    }
}
