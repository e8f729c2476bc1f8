//! What a policy says about goods that come back.

use crate::core::policy::Fault;
use holdfast_shared::ids::SkuClass;
use holdfast_shared::limits::{FINAL_SALE_CLASSES_MAX, RETURN_DAYS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReturnPolicy {
    /// For so long after the goods left they may be returned.
    pub window_days: u32,
    /// Classes of the catalogue of which nothing is taken back.
    pub final_sale: BTreeSet<SkuClass>,
    /// Who approves what the rules allow.
    pub approve: Decides,
    /// Who says whether damaged units are paid back.
    pub damaged: Decides,
    /// Who approves what a store took back without anybody having asked.
    pub unasked: Decides,
    /// What has not come for so long is not waited for.
    pub wait_days: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decides {
    /// The rule itself: yes.
    Rule,
    Person,
}

/// What holds for all goods, and what for those of a class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReturnRules {
    pub whole: ReturnPolicy,
    pub classes: BTreeMap<SkuClass, ReturnPolicy>,
}

impl ReturnRules {
    #[must_use]
    pub fn of(&self, class: Option<&SkuClass>) -> &ReturnPolicy {
        class.and_then(|class| self.classes.get(class)).unwrap_or(&self.whole)
    }
}

impl From<ReturnPolicy> for ReturnRules {
    fn from(whole: ReturnPolicy) -> Self {
        Self { whole, classes: BTreeMap::new() }
    }
}

impl Default for ReturnPolicy {
    fn default() -> Self {
        Self {
            window_days: 30,
            final_sale: BTreeSet::new(),
            approve: Decides::Rule,
            damaged: Decides::Person,
            unasked: Decides::Person,
            wait_days: 21,
        }
    }
}

impl ReturnPolicy {
    #[must_use]
    pub fn window_ms(&self) -> i64 {
        i64::from(self.window_days).saturating_mul(DAY_MS)
    }

    #[must_use]
    pub fn wait_ms(&self) -> i64 {
        i64::from(self.wait_days).saturating_mul(DAY_MS)
    }

    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let days = [("window_days", self.window_days), ("wait_days", self.wait_days)];
        let mut faults: Vec<Fault> = days
            .into_iter()
            .filter(|(_, said)| !(1..=RETURN_DAYS_MAX).contains(said))
            .map(|(at, said)| Fault::new(at, format!("is {said}: expected 1 to {RETURN_DAYS_MAX} days")))
            .collect();
        if self.final_sale.len() > FINAL_SALE_CLASSES_MAX {
            let what = format!("names more than {FINAL_SALE_CLASSES_MAX} classes");
            faults.push(Fault::new("final_sale", what));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(policy: &ReturnPolicy) -> Vec<String> {
        policy.faults().into_iter().map(|fault| fault.at).collect()
    }

    #[test]
    fn days_that_cannot_be_meant_are_told_with_their_place() {
        assert_eq!(at(&ReturnPolicy::default()), Vec::<String>::new());
        for days in [0, RETURN_DAYS_MAX + 1] {
            let told = at(&ReturnPolicy { window_days: days, ..ReturnPolicy::default() });
            assert!(told.len() == 1 && told[0].contains("window_days"), "{told:?}");
            let told = at(&ReturnPolicy { wait_days: days, ..ReturnPolicy::default() });
            assert!(told.len() == 1 && told[0].contains("wait_days"), "{told:?}");
        }
        let most = ReturnPolicy { window_days: RETURN_DAYS_MAX, wait_days: 1, ..ReturnPolicy::default() };
        assert_eq!(at(&most), Vec::<String>::new());
    }

    #[test]
    fn there_is_an_end_to_the_classes_of_which_nothing_is_taken_back() {
        let classes = |count| (0..count).map(|n| format!("class-{n}").parse().unwrap()).collect();
        let of = |count| at(&ReturnPolicy { final_sale: classes(count), ..ReturnPolicy::default() });
        assert_eq!(of(FINAL_SALE_CLASSES_MAX), Vec::<String>::new());
        assert!(of(FINAL_SALE_CLASSES_MAX + 1)[0].contains("final_sale"));
    }
}
