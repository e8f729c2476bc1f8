//! How many facts central has not acknowledged. Always reported; unknown only with the whole
//! heartbeat, which the uplink tells.

use super::{Signal, View, limit_of, reason};
use crate::core::eligibility::Reason;

const NAME: &str = "sync_lag";

#[derive(Debug)]
pub(super) struct SyncLag;

impl Signal for SyncLag {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let unsynced = view.health.vitals()?.unsynced_facts;
        let limits = view.policy.unsynced_facts;
        let standing = view.grade(NAME, i64::try_from(unsynced).unwrap_or(i64::MAX), limits)?;
        let limit = limit_of(limits, standing);
        Some(reason(NAME, standing, format!("{unsynced} facts not yet synced (limit {limit})")))
    }
}
