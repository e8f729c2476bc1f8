//! When each key was last used, about: written down once an hour and key, not with each request.

use crate::ports::access::ApiKey;
use holdfast_shared::ids::{ApiKeyId, TenantId};
use holdfast_shared::limits::{KEY_USE_MS, KEY_USES_MAX};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default)]
pub(super) struct KeyUses(Mutex<BTreeMap<(TenantId, ApiKeyId), UtcMs>>);

impl KeyUses {
    /// Whether this use is to be written down; it counts as written then.
    pub(super) fn is_due(&self, key: &ApiKey, now: UtcMs) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (key.tenant.clone(), key.key.clone());
        // A clock that was put back begins anew.
        let fresh = known.get(&name).is_some_and(|at| *at <= now && now.since(*at) < KEY_USE_MS);
        if fresh {
            return false;
        }
        if known.len() >= KEY_USES_MAX {
            known.clear();
        }
        known.insert(name, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_written_down_once_an_hour() {
        let key = |name: &str| ApiKey {
            key: name.parse().unwrap(),
            tenant: "acme".parse().unwrap(),
            name: String::new(),
            scopes: [].into(),
            store: None,
            created_at: UtcMs(0),
            revoked_at: None,
        };
        let uses = KeyUses::default();
        let due = |name: &str, at| uses.is_due(&key(name), UtcMs(at));
        assert!(due("a", 0) && !due("a", KEY_USE_MS - 1) && due("b", 1));
        assert!(due("a", KEY_USE_MS) && !due("a", KEY_USE_MS + 1));
        assert!(due("a", 5), "the clock was put back");
    }
}
