//! The heartbeat: how the store is, every few seconds, and how fresh its inventory feed is.

use super::Shared;
use crate::flows::vitals::{self, HANDHELDS, Inputs, POS};
use crate::ports::ledger::{Device, Devices, Identity, Ledger, LedgerError, Summary};
use crate::ports::machine::{Machine, MachineVitals};
use crate::ports::uplink::{NotSent, Uplink};
use holdfast_platform::service::{TaskError, Ticker};
use holdfast_shared::wire::signal::Heartbeat;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// One freshness for so many heartbeats.
const FRESHNESS_EVERY: u64 = 3;

pub(super) async fn run(shared: Shared, identity: Identity, every: Duration) -> Result<(), TaskError> {
    let mut ticker = Ticker::new(every, shared.life.token());
    let mut beats: u64 = 0;
    while ticker.tick_or(&shared.greeted).await {
        let Some(uplink) = shared.uplink.as_ref().filter(|uplink| uplink.connected()) else { continue };
        let seen = match look(&shared).await {
            Ok(seen) => seen,
            Err(error) => {
                tracing::warn!(%error, "the ledger gives nothing for a heartbeat");
                continue;
            }
        };
        told(uplink.heartbeat(&vitals::heartbeat(&seen.inputs(&shared, &identity))).await);
        if beats.is_multiple_of(FRESHNESS_EVERY) {
            told(uplink.freshness(&vitals::freshness(&seen.inputs(&shared, &identity))).await);
        }
        beats = beats.wrapping_add(1);
    }
    Ok(())
}

/// A signal may be lost; central notices the silence.
fn told(sent: Result<(), NotSent>) {
    if let Err(error) = sent {
        tracing::debug!(%error, "a signal was not sent");
    }
}

/// How the store is just now, for whatever carries it.
pub(super) async fn heartbeat(shared: &Shared, identity: &Identity) -> Result<Heartbeat, LedgerError> {
    Ok(vitals::heartbeat(&look(shared).await?.inputs(shared, identity)))
}

struct Seen {
    summary: Summary,
    devices: Vec<Device>,
    machine: MachineVitals,
}

async fn look(shared: &Shared) -> Result<Seen, LedgerError> {
    let summary = shared.ledger.summary().await?;
    let devices = shared.ledger.devices().await?;
    let machine = Arc::clone(&shared.machine);
    // Asking disks may block, on a network mount for long.
    let machine = tokio::task::spawn_blocking(move || machine.read()).await.unwrap_or_default();
    Ok(Seen { summary, devices, machine })
}

impl Seen {
    fn inputs<'a>(&'a self, shared: &Shared, identity: &'a Identity) -> Inputs<'a> {
        let now = shared.clock.now();
        Inputs {
            identity,
            // Counts over all signals of this boot, whatever carries them.
            sequence: shared.sequence.fetch_add(1, Ordering::Relaxed).saturating_add(1),
            version: env!("CARGO_PKG_VERSION"),
            now,
            started_at: shared.started_at,
            summary: &self.summary,
            devices: &self.devices,
            pos_seen: shared.presence.last(POS),
            handheld_seen: shared.presence.last(HANDHELDS),
            machine: &self.machine,
            synced_at: shared.link.last_sync().map(|at| at.mono),
            clock_offset_ms: shared.link.clock_offset_ms(now),
        }
    }
}
