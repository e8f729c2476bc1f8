//! What central has heard of each store, and what that says against it.
//!
//! Central reads its own monotonic clock only: a store's clock, and a step of central's wall
//! clock, can neither make a store dark nor keep a dark one alive.

pub mod book;
pub mod by_store;
pub mod canary;
pub mod clocks;
pub mod doubts;
pub mod due;
pub mod freeze;
pub mod judge;
pub mod lag;
pub mod lease;
pub mod next_due;
pub mod observatory;
pub mod observer_policy;
pub mod overrule;
pub mod pairs;
pub mod peers;
pub mod policy;
mod settle;
pub mod signals;
pub mod store;
pub mod vitals;
pub mod voices;
mod wall;

use holdfast_shared::ids::{StoreId, TenantId};

/// A store of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey {
    pub tenant: TenantId,
    pub store: StoreId,
}

impl StoreKey {
    #[must_use]
    pub const fn new(tenant: TenantId, store: StoreId) -> Self {
        Self { tenant, store }
    }
}

impl std::fmt::Display for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.tenant, self.store)
    }
}

/// A length of time in words, for reasons: `34 s`, `12 min`, `3 h`, `365 days`.
#[must_use]
pub fn spoken(duration_ms: i64) -> String {
    let seconds = duration_ms.max(0) / 1000;
    match seconds {
        0 => format!("{} ms", duration_ms.max(0)),
        1..120 => {
            let tenths = duration_ms % 1000 / 100;
            if tenths == 0 { format!("{seconds} s") } else { format!("{seconds}.{tenths} s") }
        }
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        172_800.. => format!("{} days", seconds / 86_400),
        i64::MIN..0 => String::from("0 s"),
    }
}
