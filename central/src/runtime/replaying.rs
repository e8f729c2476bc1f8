//! Runs the replays that were asked for, one after another: they read much, and nobody waits for an order
//! behind them.

use super::tasks::Ended;
use crate::adapters::http::{App, Shared};
use crate::flows::replay::{Waiting, replay as replay_one};
use tokio_util::sync::CancellationToken;

pub(super) async fn replay(app: Shared, stop: CancellationToken) -> Ended {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            () = app.bells.replay.notified() => work_off(&app, &stop).await,
        }
    }
}

/// All that wait. One that fails is told to whoever asked, and to the log.
pub(super) async fn work_off(app: &App, stop: &CancellationToken) {
    let jobs = &app.rooms.replays;
    while let Some(Waiting { replay, wish }) = jobs.next() {
        let goes_on = |played, of| jobs.progress(replay, played, of) && !stop.is_cancelled();
        let came_of_it = replay_one(&*app.storage, &wish, &goes_on).await.map_err(|error| {
            if error.code().status() < 500 {
                return error.to_string();
            }
            tracing::error!(error = &error as &dyn std::error::Error, "a replay failed");
            String::from("storage could not do it; ask for it again")
        });
        jobs.end(replay, came_of_it);
    }
}
