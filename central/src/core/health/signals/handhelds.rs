//! Whether somebody walks around and can hand over. None paired says nothing: staff may work on paper, or at the agent
//! itself. Paired and never seen is as old as the agent has been up.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};
use crate::core::health::spoken;

const NAME: &str = "handhelds";

#[derive(Debug)]
pub(super) struct Handhelds;

impl Signal for Handhelds {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let vitals = view.health.vitals()?;
        let age_ms = unseen_ms(view)?;
        let seen = if vitals.handheld_seen_ms_ago.is_some() { "not seen" } else { "never seen" };
        view.against(NAME, (age_ms, Unit::Ms), &view.policy.handheld_unseen_ms, |limit| {
            format!(
                "{} handhelds paired, {seen} for {} (limit {})",
                vitals.handhelds_paired,
                spoken(age_ms),
                spoken(limit)
            )
        })
    }

    fn speaks_in_ms(&self, view: &View<'_>) -> Option<i64> {
        view.crosses_in_ms(unseen_ms(view)?, &view.policy.handheld_unseen_ms)
    }
}

fn unseen_ms(view: &View<'_>) -> Option<i64> {
    let vitals = view.health.vitals()?;
    if vitals.handhelds_paired == 0 {
        return None;
    }
    view.missed_ms(vitals.handheld_seen_ms_ago, &view.policy.handheld_unseen_ms)
}
