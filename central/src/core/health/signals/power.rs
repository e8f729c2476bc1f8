//! Whether the machine runs on its battery, and how much of that is gone. Unknown says nothing: most
//! machines have none. On battery with a charge that cannot be read is suspect: it may end at any time.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Standing, Unit};

const NAME: &str = "power";

#[derive(Debug)]
pub(super) struct Power;

impl Signal for Power {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let vitals = view.health.vitals()?;
        if vitals.on_battery != Some(true) {
            return None;
        }
        let Some(left) = vitals.battery_percent else {
            return Some(Reason::new(NAME, Standing::Suspect, "runs on a battery whose charge is unknown"));
        };
        let used = 100_i64.saturating_sub(i64::from(left.min(100)));
        let limits = &view.policy.battery_used_percent;
        let told = view.against(NAME, (used, Unit::Percent), limits, |limit| {
            format!("runs on its battery, {left} % left (limit {} %)", 100_i64.saturating_sub(limit))
        });
        let well = || Reason::new(NAME, Standing::Eligible, format!("runs on its battery, {left} % left"));
        Some(told.unwrap_or_else(well))
    }
}
