//! Whose thresholds judge which store. Stores belong to tenants, and a tenant's policy may differ by
//! region and store; the observer itself goes by none of them.

use super::policy::HealthPolicy;
use crate::core::fleet::Store;
use holdfast_shared::ids::TenantId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

/// What a tenant's policy says of the health of its stores.
pub trait ByStore: Debug + Send + Sync {
    fn health_at(&self, store: &Store) -> Arc<HealthPolicy>;
}

/// The tenants that have a policy in force.
pub type OfTenants = BTreeMap<TenantId, Arc<dyn ByStore>>;

/// What judges each store: its tenant's policy, or the usual one.
#[derive(Debug, Default)]
pub(super) struct Thresholds {
    usual: Arc<HealthPolicy>,
    tenants: OfTenants,
}

impl Thresholds {
    pub(super) fn new(usual: HealthPolicy) -> Self {
        Self { usual: Arc::new(usual), tenants: OfTenants::new() }
    }

    pub(super) const fn usual(&self) -> &Arc<HealthPolicy> {
        &self.usual
    }

    pub(super) fn at(&self, tenant: &TenantId, store: &Store) -> Arc<HealthPolicy> {
        self.tenants.get(tenant).map_or_else(|| Arc::clone(&self.usual), |policy| policy.health_at(store))
    }

    pub(super) fn set_usual(&mut self, usual: HealthPolicy) {
        self.usual = Arc::new(usual);
    }

    /// Takes over what is in force now, and tells whose it changed.
    pub(super) fn follow(&mut self, tenants: OfTenants) -> BTreeSet<TenantId> {
        let same = |tenant: &TenantId| match (self.tenants.get(tenant), tenants.get(tenant)) {
            (Some(before), Some(after)) => Arc::ptr_eq(before, after),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let all: BTreeSet<&TenantId> = self.tenants.keys().chain(tenants.keys()).collect();
        let changed = all.into_iter().filter(|tenant| !same(tenant)).cloned().collect();
        self.tenants = tenants;
        changed
    }
}
