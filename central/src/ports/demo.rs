//! What the demo lets a person do to a store, from the console. Absent outside the demo.

use async_trait::async_trait;
use holdfast_shared::ids::StoreId;

/// One button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DemoAction {
    CutUplink,
    RestoreUplink,
    Crash,
    Restart,
    Close,
    Reopen,
    SellLastUnit,
}

impl DemoAction {
    pub const ALL: [Self; 7] = [
        Self::CutUplink,
        Self::RestoreUplink,
        Self::Crash,
        Self::Restart,
        Self::Close,
        Self::Reopen,
        Self::SellLastUnit,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CutUplink => "cut_uplink",
            Self::RestoreUplink => "restore_uplink",
            Self::Crash => "crash",
            Self::Restart => "restart",
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::SellLastUnit => "sell_last_unit",
        }
    }

    /// What the button says.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::CutUplink => "Cut uplink",
            Self::RestoreUplink => "Restore uplink",
            Self::Crash => "Crash agent",
            Self::Restart => "Restart agent",
            Self::Close => "Close at the store",
            Self::Reopen => "Reopen at the store",
            Self::SellLastUnit => "Sell the last unit",
        }
    }
}

#[async_trait]
pub trait DemoControls: Send + Sync {
    /// What can be done to this store now; empty for a store that is not part of the demo.
    fn actions(&self, store: &StoreId) -> Vec<DemoAction>;
    /// Does it. Either way: what to tell the person, in one sentence.
    async fn act(&self, store: &StoreId, action: DemoAction) -> Result<String, String>;
}
