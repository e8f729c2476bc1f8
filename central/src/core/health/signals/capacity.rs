//! Open tasks against what the store can work on. Central's own count, so never unknown. It ends
//! as soon as work is done: nothing has to be proven.

use super::{Signal, View, limit_of, reason};
use crate::core::eligibility::Reason;

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
        let (open, capacity) = (view.record.open_tasks, view.record.store.capacity_tasks);
        let percent =
            i64::from(open).saturating_mul(100).checked_div(i64::from(capacity)).unwrap_or(i64::MAX);
        let limits = view.policy.capacity_percent;
        let standing = view.grade(NAME, percent, limits)?;
        let limit = limit_of(limits, standing);
        Some(reason(NAME, standing, format!("{open} of {capacity} tasks open (limit {limit} %)")))
    }
}
