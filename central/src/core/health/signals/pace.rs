//! How long the store takes to accept an offer, on average over the last hours. Few tasks say
//! nothing. It is customers who wait, whether the store was slow or could not be reached.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};
use crate::core::health::spoken;

const NAME: &str = "pace";

#[derive(Debug)]
pub(super) struct Pace;

impl Signal for Pace {
    fn name(&self) -> &'static str {
        NAME
    }

    fn must_be_proven(&self) -> bool {
        false
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let hours = view.policy.work_window_hours;
        let work = view.work_lately(|work| work.accepted)?;
        let average_ms = work.accept_ms.checked_div(i64::from(work.accepted))?;
        view.against(NAME, (average_ms, Unit::Ms), &view.policy.accept_ms, |limit| {
            format!(
                "takes {} to accept an offer, of {} in the last {hours} h (limit {})",
                spoken(average_ms),
                work.accepted,
                spoken(limit)
            )
        })
    }
}
