//! The machine's own signals through `sysinfo`: this process, the disk of the data directory,
//! load and the hottest sensor; power from where Linux shows it. Other processes are never listed: that costs memory and is
//! nobody's business here.

mod power;

use crate::ports::machine::{Machine, MachineVitals};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use sysinfo::{Components, DiskRefreshKind, Disks, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Reads on demand, and keeps nothing but the handles.
pub struct SysinfoMachine {
    data_dir: PathBuf,
    system: Mutex<Option<System>>,
}

impl std::fmt::Debug for SysinfoMachine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SysinfoMachine").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

/// What the machine is called on its network.
#[must_use]
pub fn host_name() -> String {
    System::host_name().unwrap_or_else(|_| String::from("a machine without a name"))
}

impl SysinfoMachine {
    /// `data_dir` names the disk that matters: the one that the ledger is on.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        // A relative path would not match a mount point.
        let data_dir = data_dir.canonicalize().unwrap_or_else(|_| data_dir.to_owned());
        Self { data_dir, system: Mutex::new(System::new().ok()) }
    }

    fn own_memory(&self) -> Option<u64> {
        let pid = Pid::from_u32(std::process::id());
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        let system = system.as_mut()?;
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[pid]),
            false,
            ProcessRefreshKind::nothing().with_memory(),
        );
        system.process(pid).map(sysinfo::Process::memory)
    }

    /// Free and total bytes of the disk with the longest mount point above the data directory.
    fn disk(&self) -> Option<(u64, u64)> {
        let disks =
            Disks::new_with_refreshed_list_specifics(DiskRefreshKind::nothing().with_storage()).ok()?;
        disks
            .iter()
            .filter(|disk| self.data_dir.starts_with(disk.mount_point()))
            .max_by_key(|disk| disk.mount_point().as_os_str().len())
            .map(|disk| (disk.available_space(), disk.total_space()))
    }
}

impl Machine for SysinfoMachine {
    fn read(&self) -> MachineVitals {
        let disk = self.disk();
        let power = power::read(Path::new(power::SUPPLIES));
        MachineVitals {
            disk_free_bytes: disk.map(|(free, _)| free),
            disk_total_bytes: disk.map(|(_, total)| total),
            memory_bytes: self.own_memory(),
            load_1m: System::load_average().ok().map(|load| load.one),
            temperature_c: hottest(),
            on_battery: power.on_battery,
            battery_percent: power.battery_percent,
        }
    }
}

fn hottest() -> Option<f64> {
    Components::new_with_refreshed_list()
        .ok()?
        .iter()
        .filter_map(sysinfo::Component::temperature)
        .filter(|celsius| celsius.is_finite())
        .map(f64::from)
        .reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_and_the_disk_of_the_data_directory_can_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let vitals = SysinfoMachine::new(dir.path()).read();
        assert!(vitals.memory_bytes.unwrap() > 100_000);
        assert!(vitals.disk_total_bytes.unwrap() >= vitals.disk_free_bytes.unwrap());
    }
}
