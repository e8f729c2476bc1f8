//! What a day of comparing amounts to. Counted by outcome, so that it stays true when single
//! differences are too many to keep.

use super::gate::Shown;
use super::words::{DiffClass, DiffSeverity, Triage};
use super::{Compared, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a line was counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    Equal,
    NotCompared,
    Differs { class: DiffClass, severity: DiffSeverity, triage: Triage },
}

impl Counted {
    /// As it is when it is found.
    #[must_use]
    pub fn of(compared: &Compared) -> Self {
        match &compared.outcome {
            Outcome::Equal => Self::Equal,
            Outcome::NotCompared => Self::NotCompared,
            Outcome::Differs(found) => {
                Self::Differs { class: found.class, severity: found.severity, triage: Triage::Open }
            }
        }
    }
}

/// Of one day, or of a shadow's whole life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ShadowSummary)]
pub struct Summary {
    /// Order lines that both sides were asked about.
    pub compared: u64,
    pub equal: u64,
    pub different: u64,
    /// Lines of decisions of which it is not kept what they were made from.
    pub not_compared: u64,
    pub by_class: BTreeMap<DiffClass, u64>,
    pub by_severity: BTreeMap<DiffSeverity, u64>,
    pub by_triage: BTreeMap<Triage, u64>,
    /// Different, and no person called it meant or acceptable.
    pub mismatched: u64,
    /// Different, and nobody knows why.
    pub unexplained: u64,
    /// Of 1000 lines.
    pub mismatch_permille: u64,
    /// Of 1000 differences, those of which it is known why.
    pub classified_permille: u64,
}

/// Sums up what was counted.
#[must_use]
pub fn summary(counts: impl IntoIterator<Item = (Counted, u64)>) -> Summary {
    let mut sum = Summary::default();
    for (counted, lines) in counts {
        match counted {
            Counted::Equal => sum.equal = sum.equal.saturating_add(lines),
            Counted::NotCompared => sum.not_compared = sum.not_compared.saturating_add(lines),
            Counted::Differs { class, severity, triage } => {
                sum.different = sum.different.saturating_add(lines);
                add(&mut sum.by_class, class, lines);
                add(&mut sum.by_severity, severity, lines);
                add(&mut sum.by_triage, triage, lines);
                if triage.counts() {
                    sum.mismatched = sum.mismatched.saturating_add(lines);
                }
                // Somebody who gave a reason knows why.
                if class == DiffClass::Unclassified && triage == Triage::Open {
                    sum.unexplained = sum.unexplained.saturating_add(lines);
                }
            }
        }
    }
    sum.compared = sum.equal.saturating_add(sum.different);
    let shown = sum.shown();
    sum.mismatch_permille = shown.mismatch_permille();
    sum.classified_permille = shown.classified_permille();
    sum
}

impl Summary {
    /// What the gate of a rollout asks.
    #[must_use]
    pub fn shown(&self) -> Shown {
        Shown {
            lines: self.compared,
            different: self.different,
            mismatched: self.mismatched,
            unexplained: self.unexplained,
        }
    }
}

fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, lines: u64) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(lines);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(class: DiffClass, triage: Triage) -> Counted {
        Counted::Differs { class, severity: DiffSeverity::Minor, triage }
    }

    #[test]
    fn a_day_is_told_by_class_severity_and_what_people_made_of_it() {
        let told = summary([
            (Counted::Equal, 90),
            (Counted::NotCompared, 3),
            (differs(DiffClass::Rules, Triage::PolicyDifference), 4),
            (differs(DiffClass::Data, Triage::Open), 3),
            (differs(DiffClass::Unclassified, Triage::Open), 2),
            (differs(DiffClass::Unclassified, Triage::AcceptableDrift), 1),
        ]);
        assert_eq!((told.compared, told.equal, told.different, told.not_compared), (100, 90, 10, 3));
        assert_eq!(told.by_class[&DiffClass::Unclassified], 3);
        assert_eq!(told.by_triage[&Triage::Open], 5);
        assert_eq!(told.by_severity[&DiffSeverity::Minor], 10);
        assert_eq!((told.mismatched, told.mismatch_permille), (5, 50), "what is meant is no mismatch");
        assert_eq!(told.classified_permille, 800, "what a person gave a reason for is understood");
        assert_eq!(told.shown(), Shown { lines: 100, different: 10, mismatched: 5, unexplained: 2 });
    }

    #[test]
    fn a_day_without_anything_has_no_mismatch() {
        let told = summary([]);
        assert_eq!((told.mismatch_permille, told.classified_permille), (0, 1_000));
    }
}
