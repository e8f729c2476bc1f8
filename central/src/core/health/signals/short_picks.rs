//! How many of the units that staff looked for were not there, over the last hours: a store whose
//! stock is often wrong is trusted less. Few tasks say nothing.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};

const NAME: &str = "short_picks";

#[derive(Debug)]
pub(super) struct ShortPicks;

impl Signal for ShortPicks {
    fn name(&self) -> &'static str {
        NAME
    }

    fn must_be_proven(&self) -> bool {
        false
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let hours = view.policy.work_window_hours;
        let work = view.work_lately(|work| work.accepted)?;
        let sought = work.picked_units.saturating_add(work.short_units);
        let permille = work.short_units.saturating_mul(1000).checked_div(sought)?;
        view.against(NAME, (permille, Unit::Permille), &view.policy.short_permille, |limit| {
            format!(
                "{} of {sought} units were not there in the last {hours} h (limit {} %)",
                work.short_units,
                limit / 10
            )
        })
    }
}
