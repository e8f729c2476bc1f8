//! How full the agent's disk is. Unknown is told, and does not stop the store: not every machine
//! lets it be read, and a full disk also shows as refused writes.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Standing, Unit};

const NAME: &str = "disk";

#[derive(Debug)]
pub(super) struct Disk;

impl Signal for Disk {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let vitals = view.health.vitals()?;
        let (Some(free), Some(total @ 1..)) = (vitals.disk_free_bytes, vitals.disk_total_bytes) else {
            return Some(Reason::new(NAME, Standing::Eligible, "free disk space unknown"));
        };
        // A tenth of a large disk is more than an agent ever needs.
        if free >= view.policy.disk_free_enough_bytes {
            return None;
        }
        let free_permille = u128::from(free).saturating_mul(1000) / u128::from(total);
        let used_permille = 1000_i64.saturating_sub(i64::try_from(free_permille).unwrap_or(1000)).max(0);
        view.against(NAME, (used_permille, Unit::Permille), &view.policy.disk_used_permille, |limit| {
            format!("disk {} % full (limit {} %)", used_permille / 10, limit / 10)
        })
    }
}
