//! How the store is, put together from what is known of it. Ages instead of times: no clock needs
//! to agree. What is not known is left out, never taken for fine or for zero.

use crate::ports::ledger::{Device, Identity, Role, Summary};
use crate::ports::machine::MachineVitals;
use holdfast_shared::stamp::{STAMP_EARLIEST, STAMP_OFF_MS_MAX};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use holdfast_shared::wire::signal::{Freshness, Heartbeat, Vitals};

/// Tills.
pub const POS: &[Role] = &[Role::Pos];
/// What staff walk around with.
pub const HANDHELDS: &[Role] = &[Role::Picker, Role::Manager];

/// Everything that a heartbeat tells of.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    pub identity: &'a Identity,
    /// Counts this boot's signals.
    pub sequence: u64,
    pub version: &'a str,
    pub now: Now,
    pub started_at: MonoMs,
    pub summary: &'a Summary,
    pub devices: &'a [Device],
    /// When this process last heard of a till or a handheld; what was written down is the second best.
    pub pos_seen: Option<MonoMs>,
    pub handheld_seen: Option<MonoMs>,
    pub machine: &'a MachineVitals,
    pub synced_at: Option<MonoMs>,
    pub clock_offset_ms: Option<i64>,
}

#[must_use]
pub fn heartbeat(inputs: &Inputs<'_>) -> Heartbeat {
    let Identity { tenant, store, replica, boot } = inputs.identity.clone();
    Heartbeat {
        tenant,
        store,
        replica,
        boot,
        sequence: inputs.sequence,
        sent_at: inputs.now.utc,
        uptime_ms: inputs.now.mono.since(inputs.started_at),
        version: inputs.version.to_owned(),
        vitals: vitals(inputs),
        root: inputs.summary.root.clone(),
        stock_digest: inputs.summary.stock_digest.clone(),
    }
}

#[must_use]
pub fn freshness(inputs: &Inputs<'_>) -> Freshness {
    let Identity { tenant, store, replica, boot } = inputs.identity.clone();
    let Inputs { now, summary, .. } = inputs;
    Freshness {
        tenant,
        store,
        replica,
        boot,
        sequence: inputs.sequence,
        positions: summary.positions,
        last_movement_ms_ago: ago(*now, summary.last_movement_at),
        last_count_ms_ago: ago(*now, summary.last_count_at),
        oldest_unsynced_ms_ago: ago(*now, summary.oldest_unsynced_at),
        unsynced_facts: summary.unsynced,
    }
}

fn vitals(inputs: &Inputs<'_>) -> Vitals {
    let Inputs { now, summary, devices, machine, .. } = inputs;
    let since = |at: MonoMs| now.mono.since(at);
    // People said until when by the right time, not by this box's.
    let right = now.utc.plus(inputs.clock_offset_ms.unwrap_or(0).saturating_neg());
    Vitals {
        pos_paired: paired(devices, POS),
        pos_seen_ms_ago: inputs.pos_seen.map(since).or_else(|| written_down(devices, POS, *now)),
        handhelds_paired: paired(devices, HANDHELDS),
        handheld_seen_ms_ago: inputs
            .handheld_seen
            .map(since)
            .or_else(|| written_down(devices, HANDHELDS, *now)),
        last_movement_ms_ago: ago(*now, summary.last_movement_at),
        sync_ok_ms_ago: inputs.synced_at.map(since),
        unsynced_facts: summary.unsynced,
        open_tasks: summary.open_tasks,
        disk_free_bytes: machine.disk_free_bytes,
        disk_total_bytes: machine.disk_total_bytes,
        database_ok: database_ok(summary),
        ballast_held: summary.ballast_held,
        clock_offset_ms: inputs.clock_offset_ms,
        memory_bytes: machine.memory_bytes,
        load_1m: machine.load_1m,
        temperature_c: machine.temperature_c,
        on_battery: machine.on_battery,
        battery_percent: machine.battery_percent,
        closure: summary.closure.clone().filter(|note| note.until.is_none_or(|until| until > right)),
        planned: summary.planned.iter().filter(|note| note.until > right).cloned().collect(),
    }
}

/// Not fine before everything was looked at.
const fn database_ok(summary: &Summary) -> Option<bool> {
    match (&summary.damaged, summary.examined) {
        (Some(_), _) => Some(false),
        (None, true) => Some(true),
        (None, false) => None,
    }
}

/// An age by the wall clock. Where that clock was put forward or back between the two, or had lost
/// its time, the age is not known: neither fresh for ever nor fifty years old.
fn ago(now: Now, at: Option<UtcMs>) -> Option<i64> {
    let age_ms = now.utc.since(at?);
    let across_a_step = age_ms < -STAMP_OFF_MS_MAX;
    let lost = at? < STAMP_EARLIEST && now.utc >= STAMP_EARLIEST;
    (!across_a_step && !lost).then_some(age_ms.max(0))
}

fn with<'a>(devices: &'a [Device], roles: &'a [Role]) -> impl Iterator<Item = &'a Device> {
    devices.iter().filter(|device| roles.contains(&device.role))
}

fn paired(devices: &[Device], roles: &[Role]) -> u32 {
    u32::try_from(with(devices, roles).count()).unwrap_or(u32::MAX)
}

fn written_down(devices: &[Device], roles: &[Role], now: Now) -> Option<i64> {
    ago(now, with(devices, roles).filter_map(|device| device.seen_at).max())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::at;
    use holdfast_shared::wire::signal::ClosureNote;

    fn device(role: Role, seen_at: Option<i64>) -> Device {
        Device {
            device: "d".parse().unwrap(),
            name: "D".into(),
            role,
            generation: 1,
            paired_at: UtcMs(0),
            seen_at: seen_at.map(UtcMs),
        }
    }

    fn told(now: i64, change: impl FnOnce(&mut Inputs<'_>, &mut Summary)) -> (Heartbeat, Freshness) {
        let identity = Identity {
            tenant: "acme".parse().unwrap(),
            store: "leeds".parse().unwrap(),
            replica: "leeds-a".parse().unwrap(),
            boot: "b1".parse().unwrap(),
        };
        let devices = [
            device(Role::Pos, Some(100)),
            device(Role::Pos, Some(700)),
            device(Role::Manager, None),
            device(Role::Tech, Some(900)),
        ];
        let mut summary = Summary::default();
        let mut inputs = Inputs {
            identity: &identity,
            sequence: 4,
            version: "1.2.3",
            now: at(now),
            started_at: MonoMs(200),
            summary: &Summary::default(),
            devices: &devices,
            pos_seen: None,
            handheld_seen: None,
            machine: &MachineVitals::default(),
            synced_at: None,
            clock_offset_ms: None,
        };
        change(&mut inputs, &mut summary);
        let inputs = Inputs { summary: &summary, ..inputs };
        (heartbeat(&inputs), freshness(&inputs))
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let (beat, fresh) = told(1_000, |_, _| {});
        let vitals = beat.vitals;
        assert_eq!((beat.sequence, beat.uptime_ms, vitals.database_ok), (4, 800, None));
        assert_eq!((vitals.pos_paired, vitals.pos_seen_ms_ago), (2, Some(300)));
        assert_eq!((vitals.handhelds_paired, vitals.handheld_seen_ms_ago), (1, None));
        assert_eq!((vitals.sync_ok_ms_ago, vitals.last_movement_ms_ago), (None, None));
        assert_eq!((vitals.disk_free_bytes, fresh.oldest_unsynced_ms_ago), (None, None));
    }

    #[test]
    fn what_this_process_saw_counts_before_what_was_written_down() {
        let (beat, fresh) = told(1_000, |inputs, summary| {
            inputs.pos_seen = Some(MonoMs(950));
            inputs.synced_at = Some(MonoMs(990));
            summary.damaged = Some("page 7".into());
            summary.oldest_unsynced_at = Some(UtcMs(400));
            summary.last_count_at = Some(UtcMs(2_000));
        });
        assert_eq!((beat.vitals.pos_seen_ms_ago, beat.vitals.sync_ok_ms_ago), (Some(50), Some(10)));
        assert_eq!(beat.vitals.database_ok, Some(false));
        // A stamp from the future is no negative age.
        assert_eq!((fresh.oldest_unsynced_ms_ago, fresh.last_count_ms_ago), (Some(600), Some(0)));
    }

    #[test]
    fn an_age_across_a_step_of_the_clock_is_not_known() {
        let (year, today) = (365 * 86_400_000, STAMP_EARLIEST.0 + 1_000_000);
        let age = |now: i64, at: i64| told(now, |_, summary| summary.last_movement_at = Some(UtcMs(at))).1;
        assert_eq!(age(today, today - 500).last_movement_ms_ago, Some(500));
        assert_eq!(age(today, today + year).last_movement_ms_ago, None, "sold while it was a year ahead");
        assert_eq!(age(today, 5_000).last_movement_ms_ago, None, "sold in 1970");
        assert_eq!(age(6_000, 5_000).last_movement_ms_ago, Some(1_000), "it is 1970 still");
        assert_eq!(age(6_000, today).last_movement_ms_ago, None, "it is 1970 now");
    }

    #[test]
    fn a_closure_ends_by_the_right_time_and_not_by_this_box() {
        let until = UtcMs(STAMP_EARLIEST.0 + 9_000_000);
        let closed = |now: i64, offset: Option<i64>| {
            let told = told(now, |inputs, summary| {
                inputs.clock_offset_ms = offset;
                summary.closure = Some(ClosureNote {
                    hard: true,
                    cause: "flood".into(),
                    author: "amy".into(),
                    since: UtcMs(0),
                    until: Some(until),
                });
            });
            told.0.vitals.closure.is_some()
        };
        let ahead = 6 * 3_600_000;
        assert!(closed(until.0 - 1 + ahead, Some(ahead)), "the box is ahead; the store is closed still");
        assert!(!closed(until.0 + ahead, Some(ahead)));
        assert!(!closed(until.0 + 1 - ahead, Some(-ahead)), "the box is behind");
    }

    #[test]
    fn a_closure_that_is_over_is_not_told() {
        let note = |until| ClosureNote {
            hard: false,
            cause: "lunch".into(),
            author: "amy".into(),
            since: UtcMs(0),
            until: Some(UtcMs(until)),
        };
        let closed = |until| told(1_000, |_, summary| summary.closure = Some(note(until))).0.vitals.closure;
        assert_eq!(closed(1_000), None);
        assert!(closed(1_001).is_some());
    }
}
