//! The machine that the agent runs on.

/// What could be read just now; absent is unknown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MachineVitals {
    pub disk_free_bytes: Option<u64>,
    pub disk_total_bytes: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub load_1m: Option<f64>,
    pub temperature_c: Option<f64>,
    /// No mains power carries it.
    pub on_battery: Option<bool>,
    /// Charge of the battery that has the least.
    pub battery_percent: Option<u8>,
}

pub trait Machine: Send + Sync {
    fn read(&self) -> MachineVitals;
}
