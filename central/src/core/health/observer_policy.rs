//! By what central suspects its own ear. One observer hears the stores of all tenants, so this is a
//! setting of central and no tenant's.

use super::policy::beyond;
use crate::core::policy::Fault;

const HOUR_MS: i64 = 60 * 60_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObserverPolicy {
    /// More than this share of the stores that were alive, and more than `freeze_stores`, silent
    /// within one window: the observer is suspected.
    pub freeze_percent: usize,
    pub freeze_stores: usize,
    pub freeze_window_ms: i64,
    /// Central's own word, sent by the way on which stores come in, did not come back for this long.
    pub canary_missing_ms: i64,
    /// Central looked away for longer than this: what it did not hear then proves nothing.
    pub pause_ms: i64,
}

impl Default for ObserverPolicy {
    fn default() -> Self {
        Self {
            freeze_percent: 15,
            freeze_stores: 3,
            freeze_window_ms: 30_000,
            canary_missing_ms: 15_000,
            pause_ms: 10_000,
        }
    }
}

impl ObserverPolicy {
    /// The keys that a tenant's policy may ask for in vain, and what it is told.
    pub const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("freeze_percent", OF_CENTRAL),
        ("freeze_stores", OF_CENTRAL),
        ("freeze_window_ms", OF_CENTRAL),
        ("canary_missing_ms", OF_CENTRAL),
        ("pause_ms", OF_CENTRAL),
    ];

    /// Everything that cannot be meant.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        beyond(&[
            ("freeze_percent", i64::try_from(self.freeze_percent).unwrap_or(i64::MAX), 100),
            ("freeze_window_ms", self.freeze_window_ms, HOUR_MS),
            ("canary_missing_ms", self.canary_missing_ms, HOUR_MS),
            ("pause_ms", self.pause_ms, HOUR_MS),
        ])
    }
}

const OF_CENTRAL: &str = "is about the observer, which hears the stores of all tenants: it is set for central as a \
                          whole, under [health] of its configuration, and in no tenant's policy";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_can_be_meant_and_nothing_of_it_may_be_none() {
        assert_eq!(ObserverPolicy::default().faults(), []);
        let none = ObserverPolicy {
            freeze_percent: 101,
            freeze_stores: 0,
            freeze_window_ms: 0,
            canary_missing_ms: 0,
            pause_ms: HOUR_MS + 1,
        };
        let at: Vec<String> = none.faults().into_iter().map(|fault| fault.at).collect();
        assert_eq!(at, ["freeze_percent", "freeze_window_ms", "canary_missing_ms", "pause_ms"]);
    }
}
