//! What the demo lets a person do to a store, from the console. Absent outside the demo.

use holdfast_shared::ids::StoreId;

/// One button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DemoAction {
    CutUplink,
    RestoreUplink,
    CrashAgent,
    RestartAgent,
    Close,
    Open,
    SellLastUnit,
}

impl DemoAction {
    pub const ALL: [Self; 7] = [
        Self::CutUplink,
        Self::RestoreUplink,
        Self::CrashAgent,
        Self::RestartAgent,
        Self::Close,
        Self::Open,
        Self::SellLastUnit,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CutUplink => "cut_uplink",
            Self::RestoreUplink => "restore_uplink",
            Self::CrashAgent => "crash_agent",
            Self::RestartAgent => "restart_agent",
            Self::Close => "close",
            Self::Open => "open",
            Self::SellLastUnit => "sell_last_unit",
        }
    }

    /// What the button says.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::CutUplink => "Cut uplink",
            Self::RestoreUplink => "Restore uplink",
            Self::CrashAgent => "Crash agent",
            Self::RestartAgent => "Restart agent",
            Self::Close => "Close at the store",
            Self::Open => "Open at the store",
            Self::SellLastUnit => "Sell the last unit",
        }
    }
}

pub trait DemoControls: Send + Sync {
    /// What can be done to this store now; empty for a store that is not part of the demo.
    fn actions(&self, _store: &StoreId) -> Vec<DemoAction> {
        DemoAction::ALL.to_vec()
    }

    /// Begins it; what comes of it shows on the page by itself.
    fn act(&self, store: &StoreId, action: DemoAction);
}
