//! How many facts central has not acknowledged. Always reported; unknown only with the whole
//! heartbeat, which the uplink tells.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};

const NAME: &str = "sync_lag";

#[derive(Debug)]
pub(super) struct SyncLag;

impl Signal for SyncLag {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let unsynced = view.health.vitals()?.unsynced_facts;
        let count = i64::try_from(unsynced).unwrap_or(i64::MAX);
        view.against(NAME, (count, Unit::Facts), &view.policy.unsynced_facts, |limit| {
            format!("{unsynced} facts not yet synced (limit {limit})")
        })
    }
}
