//! Open tasks against what the store can work on with the staff that is there. Central's own count,
//! so never unknown. It ends as soon as work is done: nothing has to be proven.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};
use crate::core::fleet::AS_USUAL_PERMILLE;

const NAME: &str = "capacity";

#[derive(Debug)]
pub(super) struct Capacity;

impl Signal for Capacity {
    fn name(&self) -> &'static str {
        NAME
    }

    fn must_be_proven(&self) -> bool {
        false
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let (open, now) = (view.record.open_tasks, view.now.utc);
        let capacity = view.record.capacity_now(now);
        let percent = percent_of(open, capacity);
        let staff = staff(view.record.staffing_permille(now));
        view.against(NAME, (percent, Unit::Percent), &view.policy.capacity_percent, |limit| {
            format!("{open} of {capacity} tasks open{staff} (limit {limit} %)")
        })
    }
}

/// Of nothing, all is taken.
pub(super) fn percent_of(taken: u32, capacity: u32) -> i64 {
    i64::from(taken).saturating_mul(100).checked_div(i64::from(capacity)).unwrap_or(i64::MAX)
}

/// Said where it is not as usual.
pub(super) fn staff(permille: u16) -> String {
    match permille {
        AS_USUAL_PERMILLE => String::new(),
        permille => format!(", with {} % of the usual staff", permille / 10),
    }
}
