//! How far the agent's wall clock is off. Nothing safe rests on it, so it never excludes; but its
//! times mislead people. Unknown (before the first sync) is told and does not stop the store.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Standing, Unit};
use crate::core::health::spoken;

const NAME: &str = "clock";

#[derive(Debug)]
pub(super) struct Clock;

impl Signal for Clock {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let Some(offset_ms) = view.health.vitals()?.clock_offset_ms else {
            return Some(Reason::new(NAME, Standing::Eligible, "clock not compared with central's yet"));
        };
        let off_ms = offset_ms.saturating_abs();
        let side = if offset_ms > 0 { "ahead" } else { "behind" };
        view.against(NAME, (off_ms, Unit::Ms), &view.policy.clock_offset_ms, |limit| {
            format!("clock {} {side} (limit {})", spoken(off_ms), spoken(limit))
        })
    }
}
