//! How soon an exception wants to be looked at and to end: by severity, and otherwise for a kind where the
//! policy says so.

use super::{Category, Severity};
use crate::core::policy::Fault;
use holdfast_shared::limits::EXCEPTION_TARGET_MS_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// From when it was raised; the time that it waits on somebody outside does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Until somebody has taken it.
    pub look_ms: i64,
    /// Until it is resolved.
    pub end_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExceptionPolicy {
    pub high: Target,
    pub medium: Target,
    pub low: Target,
    /// Kinds that have other targets, whatever their severity.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub of_kind: BTreeMap<Category, Target>,
}

impl Default for ExceptionPolicy {
    fn default() -> Self {
        Self {
            high: Target { look_ms: 15 * MINUTE_MS, end_ms: 4 * HOUR_MS },
            medium: Target { look_ms: 4 * HOUR_MS, end_ms: DAY_MS },
            low: Target { look_ms: DAY_MS, end_ms: 7 * DAY_MS },
            of_kind: BTreeMap::new(),
        }
    }
}

impl ExceptionPolicy {
    #[must_use]
    pub fn target(&self, category: Category, severity: Severity) -> Target {
        let usual = match severity {
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
        };
        self.of_kind.get(&category).copied().unwrap_or(usual)
    }

    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let usual = [("high", self.high), ("medium", self.medium), ("low", self.low)];
        let named = usual.into_iter().map(|(at, target)| (at.to_owned(), target));
        let of_kind =
            self.of_kind.iter().map(|(kind, target)| (format!("of_kind.{}", kind.as_str()), *target));
        named.chain(of_kind).flat_map(|(at, target)| faults_of(&at, target)).collect()
    }
}

fn faults_of(at: &str, Target { look_ms, end_ms }: Target) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, value) in [("look_ms", look_ms), ("end_ms", end_ms)] {
        if !(1..=EXCEPTION_TARGET_MS_MAX).contains(&value) {
            let what = format!("is {value}: expected 1 to {EXCEPTION_TARGET_MS_MAX} milliseconds");
            faults.push(Fault::new(format!("{at}.{name}"), what));
        }
    }
    if look_ms > end_ms {
        let what = format!("is {look_ms}, more than end_ms ({end_ms}): it would end before anybody looked");
        faults.push(Fault::new(format!("{at}.look_ms"), what));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_its_own_goes_before_the_severity() {
        let target = Target { look_ms: 1, end_ms: 2 };
        let policy = ExceptionPolicy { of_kind: [(Category::Drift, target)].into(), ..Default::default() };
        assert_eq!(policy.target(Category::Drift, Severity::High), target);
        assert_eq!(policy.target(Category::Stuck, Severity::High), policy.high);
        assert_eq!(policy.target(Category::Stuck, Severity::Low), policy.low);
        assert!(policy.faults().is_empty());
    }

    #[test]
    fn a_target_that_cannot_be_meant_is_named() {
        let bad = Target { look_ms: 10, end_ms: 0 };
        let policy = ExceptionPolicy { of_kind: [(Category::Drift, bad)].into(), ..Default::default() };
        let at: Vec<String> = policy.faults().into_iter().map(|fault| fault.at).collect();
        assert_eq!(at, ["of_kind.drift.end_ms", "of_kind.drift.look_ms"]);
    }
}
