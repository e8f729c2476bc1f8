//! What a person decides over the observer's own judgement of silence: for one tenant, until then.

use holdfast_shared::ids::{Actor, TenantId};
use holdfast_shared::time::MonoMs;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Silence counts against nobody, whatever the observer makes of it.
    Hold,
    /// The freeze is wrong: those who are silent are dark.
    Release,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overrule {
    pub verdict: Verdict,
    pub author: Actor,
    pub reason: String,
    pub until: MonoMs,
}

/// Of all tenants; in memory, as the observer is: a new process judges for itself.
#[derive(Debug, Default)]
pub struct Overrules(BTreeMap<TenantId, Overrule>);

impl Overrules {
    pub fn set(&mut self, tenant: TenantId, overrule: Overrule) {
        self.0.insert(tenant, overrule);
    }

    #[must_use]
    pub fn of(&self, tenant: &TenantId) -> Option<&Overrule> {
        self.0.get(tenant)
    }

    /// Takes a person's hold back; whether there was one.
    pub fn lift(&mut self, tenant: &TenantId) -> bool {
        let held = self.of(tenant).is_some_and(|overrule| overrule.verdict == Verdict::Hold);
        held && self.0.remove(tenant).is_some()
    }

    #[must_use]
    pub fn holds(&self, tenant: &TenantId, frozen: bool) -> bool {
        self.of(tenant).map_or(frozen, |overrule| overrule.verdict == Verdict::Hold)
    }

    /// Takes out what is over, and tells whose. A release outlives the thaw that it brings about
    /// by itself: silence starts anew with it, and the observer would freeze again.
    pub fn end(&mut self, now: MonoMs) -> BTreeSet<TenantId> {
        let ended: BTreeSet<TenantId> = self
            .0
            .iter()
            .filter(|(_, overrule)| overrule.until <= now)
            .map(|(tenant, _)| tenant.clone())
            .collect();
        self.0.retain(|tenant, _| !ended.contains(tenant));
        ended
    }
}
