//! Two sets of cases beside each other, term by term.

use super::case::Case;
use super::number::rounded;
use super::terms::{Better, Figure, TERMS, Unit};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// One term of the score under both policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Row {
    #[schema(example = "split_share")]
    pub term: String,
    pub words: String,
    /// `share` (0 to 1), `days`, `km`, `parcels`, `units`, or the minor units of a currency.
    #[schema(example = "share")]
    pub unit: String,
    pub better: Better,
    /// Absent where there was nothing to count.
    pub candidate: Option<Figure>,
    pub reference: Option<Figure>,
    pub difference: Option<f64>,
    pub verdict: Verdict,
}

/// What the difference is for customers and the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReplayVerdict)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Worse,
    Same,
    /// One of the two could not be counted.
    Unknown,
}

impl Verdict {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Same => "same",
            Self::Unknown => "unknown",
        }
    }

    fn of(difference: Option<f64>, better: Better) -> Self {
        let Some(difference) = difference else { return Self::Unknown };
        let grows = difference > 0.0;
        match (difference == 0.0, better) {
            (true, _) => Self::Same,
            (false, Better::Higher) => {
                if grows {
                    Self::Better
                } else {
                    Self::Worse
                }
            }
            (false, Better::Lower) => {
                if grows {
                    Self::Worse
                } else {
                    Self::Better
                }
            }
        }
    }
}

#[must_use]
pub fn table(candidate: &[&Case], reference: &[&Case]) -> Vec<Row> {
    let mut rows = Vec::new();
    for term in TERMS {
        let figures =
            |cases: &[&Case]| -> BTreeMap<Unit, Option<Figure>> { (term.of)(cases).into_iter().collect() };
        let (of_candidate, of_reference) = (figures(candidate), figures(reference));
        let units: BTreeSet<Unit> = of_candidate.keys().chain(of_reference.keys()).copied().collect();
        for unit in units {
            let candidate = of_candidate.get(&unit).copied().flatten();
            let reference = of_reference.get(&unit).copied().flatten();
            let difference = candidate.zip(reference).map(|(is, was)| rounded(is.value - was.value));
            rows.push(Row {
                term: term.name.to_owned(),
                words: term.words.to_owned(),
                unit: unit.to_string(),
                better: term.better,
                candidate,
                reference,
                difference,
                verdict: Verdict::of(difference, term.better),
            });
        }
    }
    rows
}
