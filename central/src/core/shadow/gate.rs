//! What a version must have shown in shadow before orders follow it, and what takes them back.

use holdfast_shared::limits::NOTE_CHARS_MAX;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const ALL_PERMILLE: u32 = 1_000;

/// As a rollout's plan sets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ShadowGate {
    /// Lines that were compared, below which nothing is concluded.
    pub lines_min: u32,
    /// Lines that differ and that no person called meant or acceptable, in thousandths. Also while it runs.
    pub mismatch_permille_max: u32,
    /// Differences of which it is known why, in thousandths.
    pub classified_permille_min: u32,
    /// Why it may start although its shadow does not allow it. On record with the rollout.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "the change is of one store only")]
    pub override_reason: Option<String>,
}

impl Default for ShadowGate {
    fn default() -> Self {
        Self {
            lines_min: 200,
            mismatch_permille_max: 50,
            classified_permille_min: 900,
            override_reason: None,
        }
    }
}

/// What the shadow of a version has shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Shown {
    /// Order lines that were compared.
    pub lines: u64,
    pub different: u64,
    /// Those of them that no person called meant or acceptable.
    pub mismatched: u64,
    /// Those of which nobody knows why.
    pub unexplained: u64,
}

impl Shown {
    /// Rounded up: a limit of 0 allows none.
    #[must_use]
    pub fn mismatch_permille(&self) -> u64 {
        self.mismatched.saturating_mul(u64::from(ALL_PERMILLE)).div_ceil(self.lines.max(1))
    }

    /// Rounded down; all of nothing is classified.
    #[must_use]
    pub fn classified_permille(&self) -> u64 {
        let known = self.different.saturating_sub(self.unexplained);
        let share = known.saturating_mul(u64::from(ALL_PERMILLE)).checked_div(self.different);
        share.unwrap_or(u64::from(ALL_PERMILLE))
    }
}

impl ShadowGate {
    pub(in crate::core) fn lacking(&self) -> Option<String> {
        if self.mismatch_permille_max >= ALL_PERMILLE || self.classified_permille_min > ALL_PERMILLE {
            return Some(
                "shadow.mismatch_permille_max is below 1000, classified_permille_min at most".into(),
            );
        }
        if self.lines_min == 0 {
            return Some("shadow.lines_min is above 0".to_owned());
        }
        let fits = |why: &String| !why.trim().is_empty() && why.chars().count() <= NOTE_CHARS_MAX;
        let said = self.override_reason.as_ref();
        said.is_some_and(|why| !fits(why)).then(|| "shadow.override_reason says why".to_owned())
    }

    /// Why a rollout does not start; none when it may, or when somebody answers for it.
    #[must_use]
    pub fn closed(&self, shown: &Shown) -> Option<String> {
        if self.override_reason.is_some() {
            return None;
        }
        if shown.lines < u64::from(self.lines_min) {
            return Some(format!(
                "its shadow compared {} order lines, at least {} are needed",
                shown.lines, self.lines_min
            ));
        }
        if let Some(crossed) = self.crossed(shown) {
            return Some(crossed);
        }
        let share = shown.classified_permille();
        (share < u64::from(self.classified_permille_min)).then(|| {
            let least = self.classified_permille_min;
            format!("of 1000 differences of its shadow {share} are understood, at least {least} are needed")
        })
    }

    /// Whether too many lines differ. An override does not change that: it lets a rollout start, and a
    /// person who knows why lines differ says so of the differences.
    #[must_use]
    pub fn crossed(&self, shown: &Shown) -> Option<String> {
        let share = shown.mismatch_permille();
        let enough = shown.lines >= u64::from(self.lines_min);
        (enough && share > u64::from(self.mismatch_permille_max)).then(|| {
            format!(
                "{share} of 1000 order lines differ in its shadow, at most {}",
                self.mismatch_permille_max
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Shown = Shown { lines: 1_000, different: 60, mismatched: 50, unexplained: 6 };

    #[test]
    fn what_differs_too_often_or_is_not_understood_does_not_start() {
        let gate = ShadowGate::default();
        assert_eq!(gate.closed(&GOOD), None);
        for (shown, words) in [
            (Shown::default(), "compared 0 order lines"),
            (Shown { lines: 199, ..GOOD }, "compared 199 order lines"),
            (Shown { mismatched: 51, ..GOOD }, "51 of 1000 order lines differ"),
            (Shown { unexplained: 7, ..GOOD }, "883 are understood"),
        ] {
            let told = gate.closed(&shown).unwrap_or_default();
            assert!(told.contains(words), "{told}");
            let answered_for = ShadowGate { override_reason: Some("one store".into()), ..gate.clone() };
            assert_eq!(answered_for.closed(&shown), None);
        }
    }

    #[test]
    fn a_share_is_rounded_against_whoever_asks() {
        let one = Shown { lines: 1_001, different: 1_001, mismatched: 1, unexplained: 1 };
        assert_eq!((one.mismatch_permille(), one.classified_permille()), (1, 999));
        assert_eq!(Shown::default().classified_permille(), 1_000);
    }

    #[test]
    fn an_override_lets_it_start_and_does_not_keep_it_running() {
        let gate = ShadowGate { override_reason: Some("one store".into()), ..ShadowGate::default() };
        let bad = Shown { mismatched: 500, ..GOOD };
        assert_eq!(gate.closed(&bad), None);
        assert!(gate.crossed(&bad).unwrap().contains("500 of 1000"));
        assert_eq!(gate.crossed(&Shown { lines: 199, mismatched: 199, ..GOOD }), None, "too few to say");
    }
}
