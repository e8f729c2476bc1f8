//! Devices whose token was seen lately.

use crate::ports::ledger::Device;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tokens that are kept at hand, so that a look-up costs no query for its credential.
const KNOWN_MAX: usize = 1_024;

/// Devices by the hash of their token. Emptied whenever one is unpaired.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    devices: HashMap<[u8; 32], Device>,
    /// Grows each time it is emptied, so that a query from before cannot fill it again.
    emptied: u64,
}

impl Known {
    /// The device, or the mark that a query for it has to come back with.
    pub(super) fn get(&self, hash: &[u8; 32]) -> Result<Device, u64> {
        let table = self.lock();
        table.devices.get(hash).cloned().ok_or(table.emptied)
    }

    pub(super) fn keep(&self, hash: [u8; 32], device: Device, asked_at: u64) {
        let mut table = self.lock();
        if table.emptied == asked_at && table.devices.len() < KNOWN_MAX {
            table.devices.insert(hash, device);
        }
    }

    pub(super) fn clear(&self) {
        let mut table = self.lock();
        table.devices.clear();
        table.emptied = table.emptied.wrapping_add(1);
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
