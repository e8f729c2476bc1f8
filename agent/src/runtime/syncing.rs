//! Keeps central and the store level: on a timer, soon after each commit, and at once when poked.
//!
//! Central out of reach is the normal case of a bad day: tries wait longer and longer, apart from
//! each other by chance, and a poke ends the wait, because it shows that central is back.

use super::backoff::{Backoff, random};
use super::{Shared, beat};
use crate::adapters::central_http::CentralHttp;
use crate::adapters::http::events::Event;
use crate::flows::sync::{SyncError, converse};
use crate::ports::central::CentralError;
use crate::ports::ledger::{Identity, Ledger};
use crate::ports::uplink::Uplink;
use holdfast_platform::service::TaskError;
use holdfast_shared::ids::TaskId;
use holdfast_shared::time::Now;
use holdfast_shared::wire::signal;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Commits that follow each other closely go in one round.
const COALESCE: Duration = Duration::from_millis(25);
/// Central may ask for more haste than the configuration, but not for a flood.
const SOONEST: Duration = Duration::from_millis(100);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(30);
/// The first jitter on top of a wait that a loaded central asks for: it tells whole seconds.
const SPREAD_FIRST: Duration = Duration::from_secs(1);
/// Without MQTT for this long, health goes with the sync.
const SIGNALS_LOST_MS: i64 = 8_000;

/// The loop of one enrolled agent.
pub(super) struct Syncing {
    shared: Shared,
    identity: Identity,
    central: Arc<CentralHttp>,
    every: Duration,
    backoff: Backoff,
    /// While central is there, and loaded.
    shed: Backoff,
    /// Since when there has been no broker.
    signals_lost: Option<Now>,
}

pub(super) async fn run(
    shared: Shared,
    identity: Identity,
    central: Arc<CentralHttp>,
    every: Duration,
) -> Result<(), TaskError> {
    let backoff = Backoff::new(FIRST_WAIT, WAIT_MAX);
    let shed = Backoff::new(SPREAD_FIRST, WAIT_MAX);
    let mut syncing = Syncing { shared, identity, central, every, backoff, shed, signals_lost: None };
    let stop = syncing.shared.life.token();
    while !stop.is_cancelled() {
        let next = syncing.conversation().await;
        let shared = &syncing.shared;
        tokio::select! {
            () = stop.cancelled() => {}
            () = shared.poked.notified(), if next.poke_wakes => {}
            () = shared.committed.notified(), if next.commits_wake => {
                // The process stops during this pause: then there is no round any more.
                drop(timeout(COALESCE, stop.cancelled()).await);
            }
            _elapsed = timeout(next.wait, std::future::pending::<()>()) => {}
        }
    }
    Ok(())
}

/// What to wait for before the next conversation.
struct Next {
    wait: Duration,
    /// While central is out of reach, a commit is no reason to try sooner.
    commits_wake: bool,
    /// A poke shows that central is back; one that asked to wait was never away.
    poke_wakes: bool,
}

impl Syncing {
    /// Rounds until both sides have all, or something is in the way.
    async fn conversation(&mut self) -> Next {
        let health = self.health().await;
        let clock = Arc::clone(&self.shared.clock);
        let now = move || clock.now();
        let told = converse(&self.shared.ledger, self.central.as_ref(), health, &now).await;
        if let Some(lease) = told.lease {
            self.shared.link.leased(lease);
        }
        // What the rounds before a failure brought is there to stay.
        for task in &told.tasks {
            self.tell(task).await;
        }
        if told.parcels {
            self.shared.hub.publish(Event::Parcels);
        }
        for problem in &told.problems {
            tracing::warn!(problem, "a document was not taken");
        }
        if let Some(error) = &told.failed {
            return self.went_wrong(error);
        }
        self.backoff.succeeded();
        self.shed.succeeded();
        self.shared.link.synced(self.shared.clock.now(), told.central_time);
        let advice = told.next_sync_ms.map_or(self.every, Duration::from_millis);
        let wait = advice.clamp(SOONEST.min(self.every), self.every);
        Next { wait, commits_wake: true, poke_wakes: true }
    }

    async fn tell(&self, task: &TaskId) {
        match self.shared.ledger.task(task).await {
            Ok(Some(state)) => {
                let skus = state.lines.iter().map(|line| line.sku.clone()).collect();
                self.shared.hub.publish(Event::Task { task: task.clone(), status: state.status() });
                self.shared.hub.publish(Event::Stock { skus });
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, %task, "a changed task cannot be read"),
        }
    }

    fn went_wrong(&mut self, error: &SyncError) -> Next {
        let answered = !matches!(error, SyncError::Central(CentralError::Unreachable { .. }));
        let was_well = self.shared.link.reached();
        self.shared.link.sync_failed(answered, error.to_string());
        // Once per outage, not once per try.
        if was_well != Some(false) || answered {
            tracing::warn!(error = error as &dyn std::error::Error, "sync did not go through");
        }
        let wait = match error {
            SyncError::Central(CentralError::Wait { retry_after_ms }) => {
                let asked = Duration::from_millis(u64::try_from(*retry_after_ms).unwrap_or(0));
                let wait = self.shed.asked(asked, random());
                return Next { wait, commits_wake: false, poke_wakes: false };
            }
            SyncError::Central(
                CentralError::Unreachable { .. } | CentralError::Refused(_) | CentralError::Unreadable(_),
            )
            | SyncError::Ledger(_) => self.backoff.missed(random()),
        };
        Next { wait, commits_wake: false, poke_wakes: true }
    }

    /// The heartbeat, when the broker does not carry it.
    async fn health(&mut self) -> Option<String> {
        let now = self.shared.clock.now();
        if self.shared.uplink.as_ref().is_some_and(|uplink| uplink.connected()) {
            self.signals_lost = None;
            return None;
        }
        let since = *self.signals_lost.get_or_insert(now);
        if now.mono.since(since.mono) < SIGNALS_LOST_MS {
            return None;
        }
        let beat = beat::heartbeat(&self.shared, &self.identity).await.ok()?;
        signal::encode(&beat).ok().and_then(|bytes| String::from_utf8(bytes).ok())
    }
}
