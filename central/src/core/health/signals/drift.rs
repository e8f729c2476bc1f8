//! Equal documents and unequal stock: one side folds wrongly. Unknown (central lacks the root,
//! as with every store that is busy) says nothing here; a store that returns must show equality.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};

const NAME: &str = "drift";

#[derive(Debug)]
pub(super) struct Drift;

impl Signal for Drift {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let beats = view.health.drift_beats;
        view.against(NAME, (beats.into(), Unit::Beats), &view.policy.drift_beats, |limit| {
            format!("its stock differs from central's under equal documents, {beats} times (limit {limit})")
        })
    }
}
