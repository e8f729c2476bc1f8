//! What a policy says about taking orders.

use super::policy::Fault;
use holdfast_shared::limits::DUPLICATE_MINUTES_MAX;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntakePolicy {
    /// An order of the same customer with the same goods within this time is told to be a possible duplicate.
    /// Nothing else is done about it. 0: never.
    pub duplicate_within_minutes: u32,
}

impl Default for IntakePolicy {
    fn default() -> Self {
        Self { duplicate_within_minutes: 60 }
    }
}

impl IntakePolicy {
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let said = self.duplicate_within_minutes;
        if said <= DUPLICATE_MINUTES_MAX {
            return Vec::new();
        }
        let what = format!("is {said}: expected 0 to {DUPLICATE_MINUTES_MAX} minutes, and 0 to tell nothing");
        vec![Fault::new("duplicate_within_minutes", what)]
    }

    #[must_use]
    pub fn duplicate_within_ms(&self) -> i64 {
        i64::from(self.duplicate_within_minutes).saturating_mul(60_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_is_too_long_is_told() {
        assert_eq!(IntakePolicy::default().faults(), []);
        assert_eq!(IntakePolicy::default().duplicate_within_ms(), 3_600_000);
        let long = IntakePolicy { duplicate_within_minutes: DUPLICATE_MINUTES_MAX + 1 };
        assert!(long.faults()[0].what.contains("expected 0 to 10080 minutes"));
    }
}
