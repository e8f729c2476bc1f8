//! Whether somebody can pick. None paired says nothing: staff may work on paper, or at the agent
//! itself. Paired and never seen is as old as the agent has been up.

use super::{Signal, View, limit_of, reason};
use crate::core::eligibility::Reason;
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
        if vitals.handhelds_paired == 0 || !view.physically_open {
            return None;
        }
        let age_ms = view.health.age_ms(vitals.handheld_seen_ms_ago, view.now)?;
        let limits = view.policy.handheld_unseen_ms;
        let standing = view.grade(NAME, age_ms, limits)?;
        let limit = spoken(limit_of(limits, standing));
        let seen = if vitals.handheld_seen_ms_ago.is_some() { "not seen" } else { "never seen" };
        let words = format!(
            "{} handhelds paired, {seen} for {} (limit {limit})",
            vitals.handhelds_paired,
            spoken(age_ms)
        );
        Some(reason(NAME, standing, words))
    }
}
