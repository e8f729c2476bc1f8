//! When each device was last heard of. Kept in memory and written down now and then: a lost
//! "last seen" costs nothing, and a write per request would.

use crate::ports::ledger::Role;
use holdfast_shared::ids::DeviceId;
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Devices that are remembered; more than any store pairs.
const DEVICES_MAX: usize = 4_096;

#[derive(Debug, Clone, Copy)]
struct Seen {
    role: Role,
    at: Now,
    written: bool,
}

#[derive(Debug, Default)]
pub struct Presence(Mutex<HashMap<DeviceId, Seen>>);

impl Presence {
    pub fn note(&self, device: &DeviceId, role: Role, at: Now) {
        let mut seen = self.lock();
        if let Some(known) = seen.get_mut(device) {
            *known = Seen { role, at, written: false };
        } else if seen.len() < DEVICES_MAX {
            seen.insert(device.clone(), Seen { role, at, written: false });
        }
    }

    pub fn forget(&self, device: &DeviceId) {
        self.lock().remove(device);
    }

    /// When any device of these roles was last heard of in this run of the process.
    #[must_use]
    pub fn last(&self, roles: &[Role]) -> Option<MonoMs> {
        self.lock().values().filter(|seen| roles.contains(&seen.role)).map(|seen| seen.at.mono).max()
    }

    /// What was heard since the last call.
    #[must_use]
    pub fn unwritten(&self) -> Vec<(DeviceId, UtcMs)> {
        let mut devices = Vec::new();
        for (device, seen) in self.lock().iter_mut().filter(|(_, seen)| !seen.written) {
            seen.written = true;
            devices.push((device.clone(), seen.at.utc));
        }
        devices
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceId, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Now {
        Now { utc: UtcMs(1_000 + ms), mono: MonoMs(ms) }
    }

    #[test]
    fn the_newest_of_a_role_counts() {
        let presence = Presence::default();
        let (till, picker): (DeviceId, DeviceId) = ("till".parse().unwrap(), "hh-1".parse().unwrap());
        presence.note(&till, Role::Pos, at(5));
        presence.note(&picker, Role::Picker, at(9));
        presence.note(&till, Role::Pos, at(7));
        assert_eq!(presence.last(&[Role::Pos]), Some(MonoMs(7)));
        assert_eq!(presence.last(&[Role::Picker, Role::Manager]), Some(MonoMs(9)));
        presence.forget(&picker);
        assert_eq!(presence.last(&[Role::Picker]), None);
    }

    #[test]
    fn each_sighting_is_written_once() {
        let presence = Presence::default();
        let till: DeviceId = "till".parse().unwrap();
        presence.note(&till, Role::Pos, at(5));
        assert_eq!(presence.unwritten(), [(till.clone(), UtcMs(1_005))]);
        assert!(presence.unwritten().is_empty());
        presence.note(&till, Role::Pos, at(6));
        assert_eq!(presence.unwritten().len(), 1);
    }
}
