//! Which work moves away from stores that cannot be reached or were closed hard. A plan first, in
//! words; executed afterwards, where each recall decides once more against a release.

use super::health::StoreKey;
use super::health::observatory::Failing;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{TaskId, TenantId};
use holdfast_shared::time::MonoMs;
use std::collections::BTreeMap;

/// Why a task cannot be moved by central, although its store cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stays {
    /// The goods may have left: only the store, or a person, can answer.
    Released,
    /// The customer comes to this store.
    Pickup,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Recall {
        tenant: TenantId,
        task: TaskId,
        fence: Fence,
        reason: String,
    },
    /// A person must know.
    Tell {
        tenant: TenantId,
        task: TaskId,
        stays: Stays,
        detail: String,
    },
}

/// A task, and why its store is failing, in words.
#[derive(Debug, Clone, Copy)]
pub struct Exposed<'a> {
    pub tenant: &'a TenantId,
    pub task: &'a TaskState,
    pub why: &'a str,
}

/// Nothing moves while the observer is suspected. Otherwise: an offer at once, begun work after
/// the lease, released work and pickups never.
#[must_use]
pub fn plan(
    open: &[Exposed<'_>],
    failing: &BTreeMap<StoreKey, Failing>,
    frozen: bool,
    lease_ms: i64,
    now: MonoMs,
) -> Vec<Step> {
    if frozen {
        return Vec::new();
    }
    open.iter()
        .filter_map(|exposed| {
            let key = StoreKey::new(exposed.tenant.clone(), exposed.task.store.clone());
            let failing = failing.get(&key)?;
            step(exposed, now.since(failing.since), lease_ms)
        })
        .collect()
}

fn step(exposed: &Exposed<'_>, failing_ms: i64, lease_ms: i64) -> Option<Step> {
    let task = exposed.task;
    if task.recall.is_some() || task.phase.is_final() {
        return None;
    }
    let why = exposed.why;
    let tell = |stays: Stays, detail: String| {
        Some(Step::Tell { tenant: exposed.tenant.clone(), task: task.task.clone(), stays, detail })
    };
    if task.kind == FulfilmentKind::Pickup {
        let detail = format!("{} cannot serve a pickup now: {why}; a pickup is never moved", task.store);
        return tell(Stays::Pickup, detail);
    }
    if let Some(release) = &task.release {
        let replica = &release.replica;
        let detail =
            format!("{} was released to {replica}, and {} cannot answer: {why}", task.task, task.store);
        return tell(Stays::Released, detail);
    }
    let due = match task.phase {
        Phase::Offered => true,
        Phase::Accepted | Phase::Picking | Phase::Packed => {
            failing_ms >= lease_ms || !Guard::LeaseBeforeRecall.stands()
        }
        Phase::HandedOver | Phase::Declined | Phase::PutBack => false,
    };
    due.then(|| Step::Recall {
        tenant: exposed.tenant.clone(),
        task: task.task.clone(),
        fence: task.fence,
        reason: format!("{}: {why}", task.store),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::task;
    use holdfast_shared::domain::task::{Recall, Release};

    const LEASE_MS: i64 = 60_000;

    fn steps(task: &TaskState, failing_ms: Option<i64>, frozen: bool) -> Vec<Step> {
        let tenant: TenantId = "acme".parse().unwrap();
        let exposed = Exposed { tenant: &tenant, task, why: "dark" };
        let failing = failing_ms
            .map(|ms| (StoreKey::new(tenant.clone(), task.store.clone()), Failing { since: MonoMs(-ms) }));
        plan(&[exposed], &failing.into_iter().collect(), frozen, LEASE_MS, MonoMs(0))
    }

    fn recalls(task: &TaskState, failing_ms: i64) -> bool {
        matches!(steps(task, Some(failing_ms), false).as_slice(), [Step::Recall { .. }])
    }

    #[test]
    fn an_offer_moves_at_once_and_begun_work_after_the_lease() {
        assert!(recalls(&task("leeds", Phase::Offered), 0));
        for phase in [Phase::Accepted, Phase::Picking, Phase::Packed] {
            assert!(!recalls(&task("leeds", phase), LEASE_MS - 1), "{phase:?}");
            assert!(recalls(&task("leeds", phase), LEASE_MS), "{phase:?}");
        }
    }

    #[test]
    fn released_work_stays_and_a_person_is_told() {
        let mut packed = task("leeds", Phase::Packed);
        packed.release = Some(Release { fence: packed.fence, replica: "leeds-a".parse().unwrap() });
        let told = steps(&packed, Some(i64::from(u32::MAX)), false);
        assert!(
            matches!(told.as_slice(), [Step::Tell { stays: Stays::Released, detail, .. }] if detail.contains("leeds-a"))
        );
    }

    #[test]
    fn a_pickup_stays_even_when_only_offered() {
        let mut pickup = task("leeds", Phase::Offered);
        pickup.kind = FulfilmentKind::Pickup;
        assert!(matches!(
            steps(&pickup, Some(0), false).as_slice(),
            [Step::Tell { stays: Stays::Pickup, .. }]
        ));
    }

    #[test]
    fn nothing_moves_while_frozen_or_from_a_store_that_is_well() {
        assert_eq!(steps(&task("leeds", Phase::Offered), Some(LEASE_MS), true), vec![]);
        assert_eq!(steps(&task("leeds", Phase::Offered), None, false), vec![]);
    }

    #[test]
    fn what_was_recalled_before_or_has_ended_is_left_alone() {
        let mut recalled = task("leeds", Phase::Picking);
        recalled.recall = Some(Recall { reason: String::from("x"), cancel: false });
        assert_eq!(steps(&recalled, Some(LEASE_MS), false), vec![]);
        assert_eq!(steps(&task("leeds", Phase::HandedOver), Some(LEASE_MS), false), vec![]);
    }
}
