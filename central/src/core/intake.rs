//! What a policy says about taking orders.

use super::order_terms::Priority;
use super::policy::Fault;
use super::stock::class::Channel;
use holdfast_shared::limits::{DUPLICATE_MINUTES_MAX, INTAKE_CHANNELS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntakePolicy {
    /// An order of the same customer with the same goods within this time is told to be a possible duplicate.
    /// Nothing else is done about it. 0: never.
    pub duplicate_within_minutes: u32,
    /// Of orders of these channels that say no priority of their own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub priority_of: BTreeMap<Channel, Priority>,
}

impl Default for IntakePolicy {
    fn default() -> Self {
        Self { duplicate_within_minutes: 60, priority_of: BTreeMap::new() }
    }
}

impl IntakePolicy {
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let said = self.duplicate_within_minutes;
        if said > DUPLICATE_MINUTES_MAX {
            let what =
                format!("is {said}: expected 0 to {DUPLICATE_MINUTES_MAX} minutes, and 0 to tell nothing");
            faults.push(Fault::new("duplicate_within_minutes", what));
        }
        let named = self.priority_of.len();
        if named > INTAKE_CHANNELS_MAX {
            let what = format!("names {named} channels: expected at most {INTAKE_CHANNELS_MAX}");
            faults.push(Fault::new("priority_of", what));
        }
        let bad = self.priority_of.keys().filter_map(Channel::fault);
        faults.extend(bad.map(|what| Fault::new("priority_of", what)));
        faults
    }

    /// Of an order of the channel that says nothing of its own.
    #[must_use]
    pub fn priority(&self, channel: &Channel) -> Priority {
        self.priority_of.get(channel).copied().unwrap_or_default()
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
        let long =
            IntakePolicy { duplicate_within_minutes: DUPLICATE_MINUTES_MAX + 1, ..IntakePolicy::default() };
        assert!(long.faults()[0].what.contains("expected 0 to 10080 minutes"));
    }

    #[test]
    fn a_channel_has_its_priority_and_any_other_the_usual_one() {
        let policy: IntakePolicy = toml::from_str("priority_of = { vip = 'high', outlet = 'low' }").unwrap();
        let of = |channel: &str| policy.priority(&Channel::new(channel));
        assert_eq!([of("vip"), of("outlet"), of("web")], [Priority::High, Priority::Low, Priority::Standard]);
        assert_eq!(policy.faults(), []);
        assert!(toml::from_str::<IntakePolicy>("priority_of = { vip = 'urgent' }").is_err());
    }

    #[test]
    fn channels_without_a_name_and_too_many_of_them_are_told() {
        let of = |channels: Vec<String>| IntakePolicy {
            priority_of: channels.iter().map(|name| (Channel::new(name.as_str()), Priority::High)).collect(),
            ..IntakePolicy::default()
        };
        assert!(of(vec![String::from(" ")]).faults()[0].what.contains("a channel has a name"));
        let many = of((0..=INTAKE_CHANNELS_MAX).map(|n| format!("c{n}")).collect());
        assert!(many.faults()[0].what.contains("expected at most"), "{:?}", many.faults());
    }
}
