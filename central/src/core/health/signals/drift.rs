//! Equal documents and unequal stock: one side folds wrongly. Unknown (central lacks the root,
//! as with every store that is busy) says nothing here; a store that returns must show equality.

use super::{Signal, View, limit_of, reason};
use crate::core::eligibility::Reason;

const NAME: &str = "drift";

#[derive(Debug)]
pub(super) struct Drift;

impl Signal for Drift {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let beats = view.health.drift_beats;
        let limits = view.policy.drift_beats;
        let standing = view.grade(NAME, i64::from(beats), limits)?;
        let limit = limit_of(limits, standing);
        let words =
            format!("its stock differs from central's under equal documents, {beats} times (limit {limit})");
        Some(reason(NAME, standing, words))
    }
}
