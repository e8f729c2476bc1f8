//! The leases that central granted: how long each store may count on keeping the work that it accepted.
//!
//! A courtesy about effort; no safety rests on it. The agent counts from sending its request, which is
//! before this side's count begins, so it always ends the lease first; the margin is for clocks of
//! unlike speed. Counted in the monotonic time of one process: what a process before this one granted
//! may have been granted a moment ago, so all of it is waited for once more.

use super::StoreKey;
use holdfast_shared::time::MonoMs;
use std::collections::BTreeMap;

const MARGIN_MS: i64 = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lease {
    granted_ms: i64,
    since: MonoMs,
}

#[derive(Debug, Default)]
pub struct Leases {
    newest: BTreeMap<StoreKey, Lease>,
    /// As it stands in storage.
    written_ms: BTreeMap<StoreKey, i64>,
    /// None before what was written is known: until then no lease has ended.
    since: Option<MonoMs>,
}

impl Leases {
    #[must_use]
    pub const fn are_known(&self) -> bool {
        self.since.is_some()
    }

    /// What the processes before this one wrote down.
    pub fn begin(&mut self, written: Vec<(StoreKey, i64)>, now: MonoMs) {
        for (key, granted_ms) in written {
            self.newest.entry(key.clone()).or_insert(Lease { granted_ms, since: now });
            self.written_ms.insert(key, granted_ms);
        }
        self.since = Some(now);
    }

    /// Begins a lease anew. Whether its length must be written down before it is answered.
    pub fn grant(&mut self, key: &StoreKey, granted_ms: i64, now: MonoMs) -> bool {
        self.newest.insert(key.clone(), Lease { granted_ms, since: now });
        self.written_ms.get(key) != Some(&granted_ms)
    }

    pub fn note_written(&mut self, key: &StoreKey, granted_ms: i64) {
        self.written_ms.insert(key.clone(), granted_ms);
    }

    /// When the store's lease ends. One that was never granted any keeps its work for `default_ms`
    /// from the start on.
    #[must_use]
    pub fn ends_at(&self, key: &StoreKey, default_ms: i64) -> Option<MonoMs> {
        let since = self.since?;
        let lease = self.newest.get(key).copied();
        let lease = lease.unwrap_or(Lease { granted_ms: default_ms, since });
        Some(lease.since.plus(lease.granted_ms).plus(MARGIN_MS))
    }

    #[must_use]
    pub fn has_ended(&self, key: &StoreKey, default_ms: i64, now: MonoMs) -> bool {
        self.ends_at(key, default_ms).is_some_and(|end| now >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE_MS: i64 = 60_000;

    fn leeds() -> StoreKey {
        StoreKey::new("acme".parse().unwrap(), "leeds".parse().unwrap())
    }

    #[test]
    fn a_lease_ends_after_its_length_and_the_margin_of_the_newest_grant() {
        let mut leases = Leases::default();
        leases.begin(Vec::new(), MonoMs(0));
        assert!(leases.grant(&leeds(), LEASE_MS, MonoMs(1_000)));
        leases.note_written(&leeds(), LEASE_MS);
        assert!(!leases.grant(&leeds(), LEASE_MS, MonoMs(10_000)), "its length is written down already");
        assert!(!leases.has_ended(&leeds(), LEASE_MS, MonoMs(71_999)));
        assert!(leases.has_ended(&leeds(), LEASE_MS, MonoMs(72_000)));
    }

    #[test]
    fn after_a_restart_what_was_promised_is_waited_for_in_full() {
        let mut leases = Leases::default();
        assert!(!leases.has_ended(&leeds(), LEASE_MS, MonoMs(i64::MAX)), "nothing is known yet");
        leases.begin(vec![(leeds(), 5 * LEASE_MS)], MonoMs(500));
        assert!(
            !leases.has_ended(&leeds(), LEASE_MS, MonoMs(302_499)),
            "a shorter policy changes no promise"
        );
        assert!(leases.has_ended(&leeds(), LEASE_MS, MonoMs(302_500)));
    }

    #[test]
    fn a_store_that_was_never_granted_any_is_waited_for_once() {
        let mut leases = Leases::default();
        leases.begin(Vec::new(), MonoMs(0));
        assert!(!leases.has_ended(&leeds(), LEASE_MS, MonoMs(61_999)));
        assert!(leases.has_ended(&leeds(), LEASE_MS, MonoMs(62_000)));
    }
}
