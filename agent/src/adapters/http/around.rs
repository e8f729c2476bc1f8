//! What is around a task: whether central can be asked, and until when it leaves work here.

use super::needs::StandingNow;
use super::stamp::stamp;
use crate::core::central_time::right_now;
use holdfast_shared::time::{Now, UtcMs};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Until when central leaves accepted work here while it does not hear of this store. A courtesy:
/// work goes on after it, and may turn out to be somebody else's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaseView {
    /// Not before the first sync since the agent started: it counts in the time of this start.
    pub known: bool,
    pub until: Option<String>,
    /// How long it still lasts; negative when it has ended.
    pub left_s: Option<i64>,
    pub ended: bool,
}

impl LeaseView {
    #[must_use]
    pub fn of(standing: &StandingNow, now: Now) -> Self {
        let Some(end) = standing.lease_until else { return Self::default() };
        let left_ms = end.since(now.mono);
        Self {
            known: true,
            until: stamp(now.utc.plus(left_ms)),
            left_s: Some(left_ms / 1000),
            ended: left_ms <= 0,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// None before the first try.
    pub central_reachable: Option<bool>,
    pub lease: LeaseView,
    /// As well as this box knows it.
    pub right_now: UtcMs,
}

impl Around {
    #[must_use]
    pub fn of(standing: &StandingNow, now: Now) -> Self {
        Self {
            central_reachable: standing.central_reachable,
            lease: LeaseView::of(standing, now),
            right_now: right_now(standing.central_time, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_shared::time::MonoMs;

    #[test]
    fn a_lease_is_unknown_until_a_sync_and_ends_by_this_sides_clock() {
        let now = Now { utc: UtcMs(1_700_000_000_000), mono: MonoMs(5_000) };
        let mut standing = StandingNow::default();
        assert_eq!(LeaseView::of(&standing, now), LeaseView::default());
        standing.lease_until = Some(MonoMs(65_000));
        let lease = LeaseView::of(&standing, now);
        assert_eq!((lease.known, lease.ended), (true, false));
        assert_eq!(lease.until.as_deref(), Some("2023-11-14T22:14:20Z"));
        standing.lease_until = Some(MonoMs(5_000));
        assert!(LeaseView::of(&standing, now).ended);
    }
}
