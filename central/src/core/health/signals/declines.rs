//! How many of the offers that the store answered it declined, over the last hours. Few say nothing.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};

const NAME: &str = "declines";

#[derive(Debug)]
pub(super) struct Declines;

impl Signal for Declines {
    fn name(&self) -> &'static str {
        NAME
    }

    fn must_be_proven(&self) -> bool {
        false
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let hours = view.policy.work_window_hours;
        let work = view.work_lately(|work| work.accepted.saturating_add(work.declined))?;
        let answered = work.accepted.saturating_add(work.declined);
        let permille = i64::from(work.declined).saturating_mul(1000).checked_div(i64::from(answered))?;
        view.against(NAME, (permille, Unit::Permille), &view.policy.declined_permille, |limit| {
            format!(
                "declined {} of {answered} tasks in the last {hours} h (limit {} %)",
                work.declined,
                limit / 10
            )
        })
    }
}
