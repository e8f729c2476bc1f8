//! What a store's own tenant decides about how it is judged: thresholds, and with them its lease.

use super::Observatory;
use crate::core::health::StoreKey;
use crate::core::health::by_store::OfTenants;
use crate::core::health::judge::closed_hard;
use crate::core::health::policy::HealthPolicy;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::{MonoMs, Now};
use std::sync::Arc;

impl Observatory {
    /// The thresholds by which a store is judged.
    pub(in crate::core::health) fn policy_of(&self, key: &StoreKey) -> Arc<HealthPolicy> {
        let own = self.book.store(key).and_then(|health| health.policy.clone());
        own.unwrap_or_else(|| Arc::clone(self.thresholds.usual()))
    }

    /// Another policy counts from the next look on, for all who have none of their own.
    pub fn set_policy(&mut self, usual: HealthPolicy) {
        self.thresholds.set_usual(usual);
        self.judge_anew(|_| true);
    }

    /// Whatever tenants have in force counts from the next look on. Their stores are judged anew, and only
    /// where something differs. Whether it does for any.
    pub fn follow(&mut self, tenants: OfTenants) -> bool {
        let changed = self.thresholds.follow(tenants);
        if changed.is_empty() {
            return false;
        }
        self.judge_anew(|tenant| changed.contains(tenant))
    }

    fn judge_anew(&mut self, whose: impl Fn(&TenantId) -> bool) -> bool {
        let keys: Vec<StoreKey> = self.records.keys().filter(|key| whose(&key.tenant)).cloned().collect();
        let mut differs = false;
        for key in &keys {
            differs |= self.judge_by_its_tenant(key);
        }
        differs
    }

    /// Whether its thresholds are not those of before.
    pub(super) fn judge_by_its_tenant(&mut self, key: &StoreKey) -> bool {
        let Some(record) = self.records.get(key) else { return false };
        self.book.judge_by(key, self.thresholds.at(&key.tenant, &record.store))
    }

    /// The lease that a store is granted with its sync, and whether its length must be written down
    /// first. A store that is closed hard gets none anew, and keeps what it was promised.
    pub fn grant_lease(&mut self, key: &StoreKey, now: Now) -> (i64, bool) {
        let health = self.book.register(key, false, now.mono);
        if self.records.get(key).is_some_and(|record| closed_hard(record, health, now.utc)) {
            return (0, false);
        }
        let lease_ms = self.policy_of(key).lease_ms;
        (lease_ms, self.leases.grant(key, lease_ms, now.mono))
    }

    #[must_use]
    pub fn lease_ended(&self, key: &StoreKey, now: MonoMs) -> bool {
        self.leases.has_ended(key, self.policy_of(key).lease_ms, now)
    }
}
