//! Looks that somebody asked for, in memory: waiting, running or over. A restart forgets them.

use super::Looked;
use crate::core::reconcile::finding::Scope;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::{RECONCILE_RUNS_KEPT_MAX, RECONCILE_RUNS_MAX};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use utoipa::ToSchema;

/// Grows with every run, over restarts too: it begins with the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = i64, example = 1_795_000_000_000_i64)]
pub struct RunId(i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RunId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Waiting,
    Running,
    Done,
    Cancelled,
    Failed,
}

impl RunState {
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Running => false,
            Self::Done | Self::Cancelled | Self::Failed => true,
        }
    }
}

/// What is to be looked at; nothing named is all of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    All,
    One(Scope),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStatus {
    pub run: RunId,
    pub state: RunState,
    pub asked: Asked,
    pub looked: Looked,
    pub began_at: UtcMs,
    pub ended_at: Option<UtcMs>,
}

#[derive(Debug)]
struct Job {
    tenant: TenantId,
    status: RunStatus,
    cancelled: bool,
}

#[derive(Debug)]
pub enum Begun {
    Waits(RunStatus),
    /// So many of this tenant are not over.
    TooMany(usize),
}

#[derive(Debug, Clone)]
pub struct Waiting {
    pub run: RunId,
    pub tenant: TenantId,
    pub asked: Asked,
}

#[derive(Debug, Default)]
pub struct Runs {
    jobs: Mutex<BTreeMap<RunId, Job>>,
}

impl Runs {
    fn with<R>(&self, look: impl FnOnce(&mut BTreeMap<RunId, Job>) -> R) -> R {
        // A panic between two lines leaves nothing half done that anybody relies on.
        look(&mut self.jobs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn begin(&self, tenant: &TenantId, asked: Asked, now: UtcMs) -> Begun {
        self.with(|jobs| {
            let open = jobs.values().filter(|job| job.tenant == *tenant && !job.status.state.is_over());
            let open = open.count();
            if open >= RECONCILE_RUNS_MAX {
                return Begun::TooMany(open);
            }
            let newest = jobs.last_key_value().map_or(0, |(id, _)| id.0);
            let run = RunId(now.0.max(newest.saturating_add(1)));
            let status = RunStatus {
                run,
                state: RunState::Waiting,
                asked,
                looked: Looked::default(),
                began_at: now,
                ended_at: None,
            };
            let job = Job { tenant: tenant.clone(), status: status.clone(), cancelled: false };
            jobs.insert(run, job);
            forget(jobs);
            Begun::Waits(status)
        })
    }

    #[must_use]
    pub fn status(&self, tenant: &TenantId, run: RunId) -> Option<RunStatus> {
        self.with(|jobs| jobs.get(&run).filter(|job| job.tenant == *tenant).map(|job| job.status.clone()))
    }

    /// One that waits is over at once, one that runs at its next page; one that is over stays as it is.
    pub fn cancel(&self, tenant: &TenantId, run: RunId) -> Option<RunStatus> {
        self.with(|jobs| {
            let job = jobs.get_mut(&run).filter(|job| job.tenant == *tenant)?;
            job.cancelled = true;
            if job.status.state == RunState::Waiting {
                job.status.state = RunState::Cancelled;
            }
            Some(job.status.clone())
        })
    }

    /// The oldest that waits; it runs from now on.
    pub fn next(&self) -> Option<Waiting> {
        self.with(|jobs| {
            let mut waiting = jobs.iter_mut().filter(|(_, job)| job.status.state == RunState::Waiting);
            let (run, job) = waiting.next()?;
            job.status.state = RunState::Running;
            Some(Waiting { run: *run, tenant: job.tenant.clone(), asked: job.status.asked.clone() })
        })
    }

    /// How far it has come. Whether it goes on.
    pub fn progress(&self, run: RunId, looked: &Looked) -> bool {
        self.with(|jobs| {
            let Some(job) = jobs.get_mut(&run) else { return false };
            job.status.looked = *looked;
            !job.cancelled
        })
    }

    /// None: it was cancelled, or failed.
    pub fn end(&self, run: RunId, looked: Option<Looked>, now: UtcMs) {
        self.with(|jobs| {
            let Some(job) = jobs.get_mut(&run) else { return };
            job.status.ended_at = Some(now);
            job.status.state = match looked {
                Some(looked) => {
                    job.status.looked = looked;
                    RunState::Done
                }
                None if job.cancelled => RunState::Cancelled,
                None => RunState::Failed,
            };
        });
    }
}

/// The oldest that are over.
fn forget(jobs: &mut BTreeMap<RunId, Job>) {
    while jobs.len() > RECONCILE_RUNS_KEPT_MAX {
        let over = jobs.iter().find(|(_, job)| job.status.state.is_over()).map(|(id, _)| *id);
        let Some(over) = over else { return };
        jobs.remove(&over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::tenant;

    fn begun(runs: &Runs, now: i64) -> RunId {
        match runs.begin(&tenant(), Asked::All, UtcMs(now)) {
            Begun::Waits(status) => status.run,
            Begun::TooMany(open) => panic!("{open} are open"),
        }
    }

    #[test]
    fn a_run_waits_runs_tells_how_far_it_is_and_ends() {
        let runs = Runs::default();
        let run = begun(&runs, 5);
        assert_eq!(runs.next().unwrap().run, run);
        let half = Looked { looked: 7, ..Looked::default() };
        assert!(runs.progress(run, &half));
        assert_eq!(runs.status(&tenant(), run).unwrap().looked.looked, 7);
        runs.end(run, Some(half), UtcMs(9));
        let over = runs.status(&tenant(), run).unwrap();
        assert_eq!((over.state, over.ended_at), (RunState::Done, Some(UtcMs(9))));
        assert!(runs.status(&"other".parse().unwrap(), run).is_none(), "it is another tenant's");
    }

    #[test]
    fn one_that_is_given_up_stops_at_its_next_page() {
        let runs = Runs::default();
        let run = begun(&runs, 5);
        runs.next().unwrap();
        runs.cancel(&tenant(), run).unwrap();
        assert!(!runs.progress(run, &Looked::default()));
        runs.end(run, None, UtcMs(6));
        assert_eq!(runs.status(&tenant(), run).unwrap().state, RunState::Cancelled);
        let failed = begun(&runs, 7);
        runs.next().unwrap();
        runs.end(failed, None, UtcMs(8));
        assert_eq!(runs.status(&tenant(), failed).unwrap().state, RunState::Failed);
    }

    #[test]
    fn a_tenant_that_waits_for_many_is_refused_and_old_ones_are_forgotten() {
        let runs = Runs::default();
        (0..RECONCILE_RUNS_MAX).for_each(|_| _ = begun(&runs, 0));
        assert!(matches!(runs.begin(&tenant(), Asked::All, UtcMs(0)), Begun::TooMany(RECONCILE_RUNS_MAX)));
        while let Some(waiting) = runs.next() {
            runs.end(waiting.run, Some(Looked::default()), UtcMs(1));
        }
        let first = begun(&runs, 0);
        for _ in 0..RECONCILE_RUNS_KEPT_MAX {
            let run = begun(&runs, 0);
            runs.cancel(&tenant(), run).unwrap();
        }
        assert!(runs.status(&tenant(), first).is_some(), "one that is not over is not forgotten");
    }
}
