//! The heartbeat: how the store is, every few seconds, and how fresh its inventory feed is.

use super::Shared;
use crate::ports::ledger::{Device, Devices, Identity, Ledger, LedgerError, Role, Summary};
use crate::ports::machine::{Machine, MachineVitals};
use crate::ports::uplink::{NotSent, Uplink};
use holdfast_platform::service::{TaskError, Ticker};
use holdfast_shared::time::{Now, UtcMs};
use holdfast_shared::wire::signal::{Freshness, Heartbeat, Vitals};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// One freshness for so many heartbeats.
const FRESHNESS_EVERY: u64 = 3;
const TILLS: &[Role] = &[Role::Pos];
const HANDHELDS: &[Role] = &[Role::Picker, Role::Manager];

pub(super) async fn run(shared: Shared, identity: Identity, every: Duration) -> Result<(), TaskError> {
    let mut ticker = Ticker::new(every, shared.life.token());
    let mut beats: u64 = 0;
    while ticker.tick().await {
        let Some(uplink) = shared.uplink.as_ref().filter(|uplink| uplink.connected()) else { continue };
        match heartbeat(&shared, &identity).await {
            Ok(beat) => told(uplink.heartbeat(&beat).await),
            Err(error) => tracing::warn!(%error, "the ledger gives nothing for a heartbeat"),
        }
        if beats.is_multiple_of(FRESHNESS_EVERY)
            && let Ok(summary) = shared.ledger.summary().await
        {
            let now = shared.clock.now();
            told(uplink.freshness(&freshness(&identity, &summary, sequence(&shared), now)).await);
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

/// Counts over all signals of this boot, whatever carries them.
fn sequence(shared: &Shared) -> u64 {
    shared.sequence.fetch_add(1, Ordering::Relaxed).saturating_add(1)
}

/// How the store is just now.
pub(super) async fn heartbeat(shared: &Shared, identity: &Identity) -> Result<Heartbeat, LedgerError> {
    let summary = shared.ledger.summary().await?;
    let devices = shared.ledger.devices().await?;
    let machine = read_machine(shared).await;
    let now = shared.clock.now();
    let last = |roles: &[Role]| shared.presence.last(roles).map(|at| now.mono.since(at));
    let vitals = Vitals {
        pos_paired: paired(&devices, TILLS),
        pos_seen_ms_ago: last(TILLS).or_else(|| seen_before(&devices, TILLS, now)),
        handhelds_paired: paired(&devices, HANDHELDS),
        handheld_seen_ms_ago: last(HANDHELDS).or_else(|| seen_before(&devices, HANDHELDS, now)),
        sync_ok_ms_ago: shared.link.last_sync().map(|at| now.mono.since(at.mono)),
        clock_offset_ms: shared.link.clock_offset_ms(),
        ..vitals(&summary, &machine, now)
    };
    Ok(Heartbeat {
        tenant: identity.tenant.clone(),
        store: identity.store.clone(),
        replica: identity.replica.clone(),
        boot: identity.boot.clone(),
        sequence: sequence(shared),
        sent_at: now.utc,
        uptime_ms: now.mono.since(shared.started_at),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        vitals,
        root: summary.root,
        stock_digest: summary.stock_digest,
    })
}

/// Asking disks may block, on a network mount for long.
async fn read_machine(shared: &Shared) -> MachineVitals {
    let machine = Arc::clone(&shared.machine);
    tokio::task::spawn_blocking(move || machine.read()).await.unwrap_or_default()
}

fn ago(now: Now, at: Option<UtcMs>) -> Option<i64> {
    at.map(|at| now.utc.since(at).max(0))
}

fn paired(devices: &[Device], roles: &[Role]) -> u32 {
    u32::try_from(devices.iter().filter(|device| roles.contains(&device.role)).count()).unwrap_or(u32::MAX)
}

/// What was written down in an earlier run of the process.
fn seen_before(devices: &[Device], roles: &[Role], now: Now) -> Option<i64> {
    let seen =
        devices.iter().filter(|device| roles.contains(&device.role)).filter_map(|device| device.seen_at);
    ago(now, seen.max())
}

fn vitals(summary: &Summary, machine: &MachineVitals, now: Now) -> Vitals {
    Vitals {
        last_movement_ms_ago: ago(now, summary.last_movement_at),
        unsynced_facts: summary.unsynced,
        open_tasks: summary.open_tasks,
        disk_free_bytes: machine.disk_free_bytes,
        disk_total_bytes: machine.disk_total_bytes,
        database_ok: Some(summary.damaged.is_none()),
        memory_bytes: machine.memory_bytes,
        load_1m: machine.load_1m,
        temperature_c: machine.temperature_c,
        closure: summary.closure.clone(),
        ..Vitals::default()
    }
}

fn freshness(identity: &Identity, summary: &Summary, sequence: u64, now: Now) -> Freshness {
    Freshness {
        tenant: identity.tenant.clone(),
        store: identity.store.clone(),
        replica: identity.replica.clone(),
        boot: identity.boot.clone(),
        sequence,
        positions: summary.positions,
        last_movement_ms_ago: ago(now, summary.last_movement_at),
        last_count_ms_ago: ago(now, summary.last_count_at),
        oldest_unsynced_ms_ago: ago(now, summary.oldest_unsynced_at),
        unsynced_facts: summary.unsynced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_shared::time::MonoMs;

    fn device(role: Role, seen_at: Option<i64>) -> Device {
        Device {
            device: "d-1".parse().unwrap(),
            name: "A device".to_owned(),
            role,
            generation: 1,
            paired_at: UtcMs(0),
            seen_at: seen_at.map(UtcMs),
        }
    }

    #[test]
    fn unknown_stays_unknown() {
        let now = Now { utc: UtcMs(10_000), mono: MonoMs(5) };
        let vitals = vitals(&Summary::default(), &MachineVitals::default(), now);
        assert_eq!((vitals.last_movement_ms_ago, vitals.disk_free_bytes), (None, None));
        assert_eq!(vitals.database_ok, Some(true));
        assert_eq!(seen_before(&[device(Role::Pos, None)], TILLS, now), None);
    }

    #[test]
    fn a_manager_counts_as_a_handheld_and_a_till_does_not() {
        let devices = [device(Role::Pos, Some(4_000)), device(Role::Manager, Some(7_000))];
        let now = Now { utc: UtcMs(10_000), mono: MonoMs(5) };
        assert_eq!((paired(&devices, TILLS), paired(&devices, HANDHELDS)), (1, 1));
        assert_eq!(seen_before(&devices, HANDHELDS, now), Some(3_000));
    }

    #[test]
    fn a_wall_clock_that_stepped_back_makes_nothing_younger_than_now() {
        let now = Now { utc: UtcMs(10_000), mono: MonoMs(5) };
        assert_eq!(ago(now, Some(UtcMs(99_000))), Some(0));
    }
}
