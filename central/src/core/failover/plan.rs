//! The plan of a run: every open task of a store that may no longer have it, and what becomes of it.

use super::policy::{FailoverPolicy, First, Pace, When};
use crate::core::health::spoken;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::time::{Hlc, UtcMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Why a task cannot be moved by central, although its store cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stays {
    /// The goods may have left: only the store, or a person, can answer.
    Released,
    /// The customer comes to this store.
    Pickup,
}

/// Why a store may no longer have a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It is dark, or closed hard.
    StoreFails,
    /// It works, but not on this kind.
    KindWithdrawn,
    /// Nobody there accepted the offer in time.
    NotAccepted,
    /// It works, and central does not know its stock any more.
    StaleStock,
    /// No carrier takes the parcel from there.
    LabelFailed,
}

impl Cause {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StoreFails => "store_fails",
            Self::KindWithdrawn => "kind_withdrawn",
            Self::NotAccepted => "not_accepted",
            Self::StaleStock => "stale_stock",
            Self::LabelFailed => "label_failed",
        }
    }
}

/// A task that may have to leave, and why, in words.
#[derive(Debug, Clone, Copy)]
pub struct Exposed<'a> {
    pub tenant: &'a TenantId,
    pub task: &'a TaskState,
    pub cause: Cause,
    pub why: &'a str,
    /// For how long the cause has lasted.
    pub lasts_ms: i64,
    /// What the store was promised is over.
    pub lease_ended: bool,
}

/// Work that leaves its store now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    pub tenant: TenantId,
    pub order: OrderId,
    pub task: TaskId,
    pub store: StoreId,
    pub fence: Fence,
    pub phase: Phase,
    pub cause: Cause,
    pub why: String,
    /// What of the policy decided that it leaves now.
    pub rule: String,
    pub lasts_ms: i64,
    pub promise_by: Option<UtcMs>,
}

impl Leaving {
    /// What its store is told.
    #[must_use]
    pub fn reason(&self) -> String {
        match self.cause {
            Cause::StoreFails | Cause::KindWithdrawn | Cause::StaleStock | Cause::LabelFailed => {
                format!("{}: {}", self.store, self.why)
            }
            Cause::NotAccepted => format!("{} {}", self.store, self.why),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Move(Leaving),
    /// Not yet, and why.
    Wait {
        tenant: TenantId,
        task: TaskId,
        why: String,
    },
    /// A person must know.
    Tell {
        tenant: TenantId,
        task: TaskId,
        stays: Stays,
        detail: String,
    },
}

impl Step {
    #[must_use]
    pub const fn task(&self) -> &TaskId {
        match self {
            Self::Move(leaving) => &leaving.task,
            Self::Wait { task, .. } | Self::Tell { task, .. } => task,
        }
    }
}

/// What has moved within the last minute, by the store that it left.
pub type Lately = BTreeMap<StoreId, u32>;

/// Nothing moves while the observer is suspected. Otherwise: an offer at once, begun work after
/// the lease, released work and pickups never; what is due leaves in the order of the policy, and
/// no faster than its pace. All of one tenant.
#[must_use]
pub fn plan(open: &[Exposed<'_>], lately: &Lately, policy: &FailoverPolicy, frozen: bool) -> Vec<Step> {
    if frozen {
        return Vec::new();
    }
    let mut steps = Vec::new();
    let mut due: Vec<(Rank, Leaving)> = Vec::new();
    for exposed in open {
        match look(exposed, policy) {
            Some(Looked::Due(rule)) => due.push((rank(exposed.task, policy.first), leaving(exposed, rule))),
            Some(Looked::Not(step)) => steps.push(step),
            None => {}
        }
    }
    due.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut paced = Paced::new(lately, policy.pace);
    steps.extend(due.into_iter().map(|(_, leaving)| match paced.take(&leaving.store) {
        Ok(()) => Step::Move(leaving),
        Err(why) => Step::Wait { tenant: leaving.tenant, task: leaving.task, why },
    }));
    steps
}

enum Looked {
    Due(String),
    Not(Step),
}

fn look(exposed: &Exposed<'_>, policy: &FailoverPolicy) -> Option<Looked> {
    let Exposed { tenant, task, cause, why, .. } = *exposed;
    if task.recall.is_some() || task.phase.is_final() {
        return None;
    }
    let tell = |stays: Stays, detail: String| {
        Looked::Not(Step::Tell { tenant: tenant.clone(), task: task.task.clone(), stays, detail })
    };
    if task.kind == FulfilmentKind::Pickup {
        return match cause {
            Cause::StoreFails | Cause::NotAccepted => Some(tell(
                Stays::Pickup,
                format!("{} cannot serve a pickup now: {why}; a pickup is never moved", task.store),
            )),
            // It is there, and the customer comes: its own page says what it lacks.
            Cause::KindWithdrawn | Cause::StaleStock | Cause::LabelFailed => None,
        };
    }
    if let Some(release) = &task.release {
        let replica = &release.replica;
        return match cause {
            Cause::StoreFails | Cause::NotAccepted => Some(tell(
                Stays::Released,
                format!("{} was released to {replica}, and {} cannot answer: {why}", task.task, task.store),
            )),
            Cause::LabelFailed => Some(tell(
                Stays::Released,
                format!(
                    "{} was released to {replica}, and no carrier takes it from {}: {why}",
                    task.task, task.store
                ),
            )),
            Cause::KindWithdrawn | Cause::StaleStock => None,
        };
    }
    let when = match cause {
        Cause::StoreFails => policy.when_failing(task.kind, task.phase),
        Cause::KindWithdrawn => policy.when_withdrawn(task.kind, task.phase),
        Cause::StaleStock => policy.when_stale(task.kind, task.phase),
        Cause::LabelFailed => policy.when_unlabelled(task.kind, task.phase),
        Cause::NotAccepted => (task.phase == Phase::Offered).then_some(When::AtOnce),
    }?;
    Some(match is_due(exposed, when) {
        Ok(rule) => Looked::Due(rule),
        Err(why) => Looked::Not(Step::Wait { tenant: tenant.clone(), task: task.task.clone(), why }),
    })
}

/// The rule by which it leaves now, or why it does not leave yet.
fn is_due(exposed: &Exposed<'_>, when: When) -> Result<String, String> {
    let what = exposed.task.phase.as_str();
    let begun = exposed.task.phase != Phase::Offered;
    let lease_counts = begun && Guard::LeaseBeforeRecall.stands();
    if when != When::Never && lease_counts && !exposed.lease_ended {
        return Err(format!("the store's lease on what it has {what} is not over"));
    }
    match when {
        When::Never => Err(format!("by policy what is {what} stays there")),
        When::AtOnce => Ok(format!("What is {what} leaves at once")),
        When::AfterLease if !begun && !exposed.lease_ended => {
            Err(format!("what is {what} leaves after the store's lease, which is not over"))
        }
        When::AfterLease => Ok(format!("What is {what} leaves after the store's lease, which is over")),
        When::AfterMs(ms) if exposed.lasts_ms < ms => {
            let lasts = spoken(exposed.lasts_ms);
            Err(format!("what is {what} leaves after {}, and {lasts} have passed", spoken(ms)))
        }
        When::AfterMs(ms) => Ok(format!("What is {what} leaves after {}", spoken(ms))),
    }
}

/// The smallest goes first. Without a promise there is time.
type Rank = (UtcMs, Hlc, TaskId);

fn rank(task: &TaskState, first: First) -> Rank {
    let promise = match first {
        First::NearestPromise => task.promise_by.unwrap_or(UtcMs(i64::MAX)),
        First::Oldest => UtcMs(0),
    };
    (promise, task.offered_at, task.task.clone())
}

fn leaving(exposed: &Exposed<'_>, rule: String) -> Leaving {
    let task = exposed.task;
    Leaving {
        tenant: exposed.tenant.clone(),
        order: task.order.clone(),
        task: task.task.clone(),
        store: task.store.clone(),
        fence: task.fence,
        phase: task.phase,
        cause: exposed.cause,
        why: exposed.why.to_owned(),
        rule,
        lasts_ms: exposed.lasts_ms,
        promise_by: task.promise_by,
    }
}

/// Why one more would be too fast, by what has moved within the last minute.
#[must_use]
pub fn too_fast(lately: &Lately, store: &StoreId, pace: Pace) -> Option<String> {
    let all = lately.values().fold(0_u32, |sum, moves| sum.saturating_add(*moves));
    let here = lately.get(store).copied().unwrap_or(0);
    if all >= pace.moves_per_minute {
        return Some(format!(
            "no more than {} moves a minute, of all stores together",
            pace.moves_per_minute
        ));
    }
    let per_store = pace.moves_per_store_per_minute;
    (here >= per_store).then(|| format!("no more than {per_store} moves a minute from {store}"))
}

/// What this run may still move.
struct Paced {
    lately: Lately,
    pace: Pace,
    before: BTreeMap<StoreId, u32>,
}

impl Paced {
    fn new(lately: &Lately, pace: Pace) -> Self {
        Self { lately: lately.clone(), pace, before: BTreeMap::new() }
    }

    fn take(&mut self, store: &StoreId) -> Result<(), String> {
        if let Some(why) = too_fast(&self.lately, store, self.pace) {
            let before = self.before.entry(store.clone()).or_default();
            *before = before.saturating_add(1);
            return Err(format!("{why}; it is number {before} of those of {store} that wait for that"));
        }
        let moves = self.lately.entry(store.clone()).or_default();
        *moves = moves.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
