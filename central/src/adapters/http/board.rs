//! What the health of the stores looks like from outside the one task that keeps it.

use super::app::App;
use crate::core::eligibility::{Eligibility, Standing};
use crate::core::health::StoreKey;
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::time::MonoMs;
use holdfast_shared::wire::signal::Vitals;
use std::collections::BTreeMap;

/// One store as last evaluated.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sight {
    pub eligibility: Option<Eligibility>,
    /// The last heartbeat or sync, on central's monotonic clock.
    pub heard: Option<MonoMs>,
    pub vitals: Option<Vitals>,
}

/// Every store, published anew after each evaluation; reading it never waits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Board {
    pub stores: BTreeMap<StoreKey, Sight>,
    /// Many stores fell silent at once: health stands still.
    pub frozen: bool,
}

/// A sight with its age.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StoreHealth {
    pub(super) eligibility: Option<Eligibility>,
    pub(super) heard_ms_ago: Option<i64>,
    pub(super) vitals: Option<Vitals>,
}

impl App {
    pub(super) fn health(&self, tenant: &TenantId, store: &StoreId) -> Option<StoreHealth> {
        let board = self.board.borrow().clone();
        let sight = board.stores.get(&StoreKey::new(tenant.clone(), store.clone()))?;
        let now = self.clock.now().mono;
        Some(StoreHealth {
            eligibility: sight.eligibility.clone(),
            heard_ms_ago: sight.heard.map(|heard| now.since(heard).max(0)),
            vitals: sight.vitals.clone(),
        })
    }
}

impl Board {
    #[must_use]
    pub fn count(&self, tenant: &TenantId, standing: Standing) -> usize {
        let of = |(key, sight): &(&StoreKey, &Sight)| {
            key.tenant == *tenant && sight.eligibility.as_ref().is_some_and(|e| e.standing == standing)
        };
        self.stores.iter().filter(of).count()
    }
}
