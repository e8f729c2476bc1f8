//! Tasks given within this hour of the clock against what the store takes in one. A store that names
//! no such number has no such limit. It ends with the hour.

use super::capacity::{percent_of, staff};
use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};
use crate::core::work_hours::within;

const NAME: &str = "hourly";

#[derive(Debug)]
pub(super) struct Hourly;

impl Signal for Hourly {
    fn name(&self) -> &'static str {
        NAME
    }

    fn must_be_proven(&self) -> bool {
        false
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let now = view.now.utc;
        let capacity = view.record.hourly_capacity(now)?;
        let given = within(&view.record.work, 1, now).given;
        let percent = percent_of(given, capacity);
        let staff = staff(view.record.staffing_permille(now));
        view.against(NAME, (percent, Unit::Percent), &view.policy.hourly_percent, |limit| {
            format!("{given} of {capacity} tasks of this hour given{staff} (limit {limit} %)")
        })
    }
}
