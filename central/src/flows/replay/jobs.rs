//! Replays that wait, run or are over, in memory: whoever asked comes back for the report. A restart
//! forgets them, and they can be asked for again.

use super::{Replayed, Wish};
use crate::core::policy::version::PolicyVersion;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::{REPLAYS_KEPT_MAX, REPLAYS_WAITING_MAX};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;

/// Grows with every replay, over restarts too: it begins with the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = i64, example = 1_795_000_000_000_i64)]
pub struct ReplayId(i64);

impl fmt::Display for ReplayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ReplayId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayState {
    Waiting,
    Running,
    Done,
    Cancelled,
    Failed,
}

impl ReplayState {
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Running => false,
            Self::Done | Self::Cancelled | Self::Failed => true,
        }
    }
}

/// How a replay stands.
#[derive(Debug, Clone)]
pub struct ReplayStatus {
    pub replay: ReplayId,
    pub state: ReplayState,
    /// Decisions that were replayed, of how many.
    pub played: usize,
    pub of: usize,
    pub replayed: Option<Arc<Replayed>>,
    /// Why it failed.
    pub why: Option<String>,
    /// The version that is replayed; none of a text that is no version yet.
    pub candidate: Option<PolicyVersion>,
}

#[derive(Debug)]
struct Job {
    tenant: TenantId,
    wish: Arc<Wish>,
    status: ReplayStatus,
    cancelled: bool,
}

/// Whether a replay was taken on.
#[derive(Debug)]
pub enum Begun {
    Waits(ReplayStatus),
    /// So many of this tenant are not over.
    TooMany(usize),
}

/// One that is to be run.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub replay: ReplayId,
    pub wish: Arc<Wish>,
}

#[derive(Debug, Default)]
pub struct ReplayJobs {
    jobs: Mutex<BTreeMap<ReplayId, Job>>,
}

impl ReplayJobs {
    fn with<R>(&self, look: impl FnOnce(&mut BTreeMap<ReplayId, Job>) -> R) -> R {
        // A panic between two lines leaves nothing half done that anybody relies on.
        look(&mut self.jobs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn begin(&self, wish: Wish, now: UtcMs) -> Begun {
        self.with(|jobs| {
            let open = jobs.values().filter(|job| job.tenant == wish.tenant && !job.status.state.is_over());
            let open = open.count();
            if open >= REPLAYS_WAITING_MAX {
                return Begun::TooMany(open);
            }
            let newest = jobs.last_key_value().map_or(0, |(id, _)| id.0);
            let replay = ReplayId(now.0.max(newest.saturating_add(1)));
            let state = ReplayState::Waiting;
            let candidate = wish.is_version.then_some(wish.candidate.version);
            let status =
                ReplayStatus { replay, state, played: 0, of: 0, replayed: None, why: None, candidate };
            let job = Job {
                tenant: wish.tenant.clone(),
                wish: Arc::new(wish),
                status: status.clone(),
                cancelled: false,
            };
            jobs.insert(replay, job);
            forget(jobs);
            Begun::Waits(status)
        })
    }

    #[must_use]
    pub fn status(&self, tenant: &TenantId, replay: ReplayId) -> Option<ReplayStatus> {
        self.with(|jobs| jobs.get(&replay).filter(|job| job.tenant == *tenant).map(|job| job.status.clone()))
    }

    /// One that waits is over at once, one that runs at its next page; one that is over stays as it is.
    pub fn cancel(&self, tenant: &TenantId, replay: ReplayId) -> Option<ReplayStatus> {
        self.with(|jobs| {
            let job = jobs.get_mut(&replay).filter(|job| job.tenant == *tenant)?;
            job.cancelled = true;
            if job.status.state == ReplayState::Waiting {
                job.status.state = ReplayState::Cancelled;
            }
            Some(job.status.clone())
        })
    }

    /// The oldest that waits; it runs from now on.
    pub fn next(&self) -> Option<Waiting> {
        self.with(|jobs| {
            let mut waiting = jobs.iter_mut().filter(|(_, job)| job.status.state == ReplayState::Waiting);
            let (replay, job) = waiting.next()?;
            job.status.state = ReplayState::Running;
            Some(Waiting { replay: *replay, wish: Arc::clone(&job.wish) })
        })
    }

    /// How far it has come. Whether it goes on.
    pub fn progress(&self, replay: ReplayId, played: usize, of: usize) -> bool {
        self.with(|jobs| {
            let Some(job) = jobs.get_mut(&replay) else { return false };
            (job.status.played, job.status.of) = (played, of);
            !job.cancelled
        })
    }

    /// None: it was cancelled.
    pub fn end(&self, replay: ReplayId, came_of_it: Result<Option<Replayed>, String>) {
        self.with(|jobs| {
            let Some(job) = jobs.get_mut(&replay) else { return };
            match came_of_it {
                Ok(Some(replayed)) => {
                    job.status.state = ReplayState::Done;
                    job.status.replayed = Some(Arc::new(replayed));
                }
                Ok(None) => job.status.state = ReplayState::Cancelled,
                Err(why) => {
                    job.status.state = ReplayState::Failed;
                    job.status.why = Some(why);
                }
            }
        });
    }
}

/// The oldest that are over.
fn forget(jobs: &mut BTreeMap<ReplayId, Job>) {
    while jobs.len() > REPLAYS_KEPT_MAX {
        let over = jobs.iter().find(|(_, job)| job.status.state.is_over()).map(|(id, _)| *id);
        let Some(over) = over else { return };
        jobs.remove(&over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::steering::{Sections, Steering};
    use crate::core::test_support::tenant;
    use crate::flows::replay::Which;

    fn wish(tenant: TenantId) -> Wish {
        let steering = Arc::new(Steering::built_in(&Sections::default()).unwrap());
        let (candidate, reference) = (Arc::clone(&steering), steering);
        Wish { tenant, which: Which::Named(Vec::new()), candidate, reference, told_max: 1, is_version: true }
    }

    fn begun(jobs: &ReplayJobs, now: i64) -> ReplayId {
        match jobs.begin(wish(tenant()), UtcMs(now)) {
            Begun::Waits(status) => status.replay,
            Begun::TooMany(open) => panic!("{open} are open"),
        }
    }

    #[test]
    fn each_has_a_number_of_its_own_also_when_the_clock_stands_or_goes_back() {
        let jobs = ReplayJobs::default();
        let numbers = [begun(&jobs, 100), begun(&jobs, 100), begun(&jobs, 50)];
        assert_eq!(numbers, [ReplayId(100), ReplayId(101), ReplayId(102)]);
        assert_eq!(jobs.next().map(|waiting| waiting.replay), Some(ReplayId(100)), "the oldest first");
        assert_eq!(jobs.next().map(|waiting| waiting.replay), Some(ReplayId(101)), "and each once");
    }

    #[test]
    fn a_tenant_that_waits_for_many_is_refused_and_another_is_not() {
        let jobs = ReplayJobs::default();
        let first = begun(&jobs, 0);
        (1..REPLAYS_WAITING_MAX).for_each(|_| _ = begun(&jobs, 0));
        assert!(matches!(jobs.begin(wish(tenant()), UtcMs(0)), Begun::TooMany(REPLAYS_WAITING_MAX)));
        assert!(matches!(jobs.begin(wish("other".parse().unwrap()), UtcMs(0)), Begun::Waits(_)));
        jobs.cancel(&tenant(), first).unwrap();
        assert!(begun(&jobs, 0) > first, "what is over counts no more");
    }

    #[test]
    fn the_oldest_that_are_over_are_forgotten_and_none_that_is_not() {
        let jobs = ReplayJobs::default();
        let open = begun(&jobs, 0);
        let over: Vec<ReplayId> = (0..REPLAYS_KEPT_MAX)
            .map(|_| {
                let id = begun(&jobs, 0);
                jobs.cancel(&tenant(), id).unwrap();
                id
            })
            .collect();
        assert!(jobs.status(&tenant(), over[0]).is_none(), "the oldest that was over");
        assert!(jobs.status(&tenant(), open).is_some() && jobs.status(&tenant(), over[1]).is_some());
    }
}
