//! Which work moves away from stores that cannot be reached or were closed hard. A plan first, in
//! words; executed afterwards, where each recall decides once more against a release.

use super::health::StoreKey;
use super::health::observatory::Failing;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{TaskId, TenantId};
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
    /// What the store was promised is over.
    pub lease_ended: bool,
}

/// Nothing moves while the observer is suspected. Otherwise: an offer at once, begun work after
/// the lease, released work and pickups never.
#[must_use]
pub fn plan(open: &[Exposed<'_>], failing: &BTreeMap<StoreKey, Failing>, frozen: bool) -> Vec<Step> {
    if frozen {
        return Vec::new();
    }
    open.iter()
        .filter_map(|exposed| {
            let key = StoreKey::new(exposed.tenant.clone(), exposed.task.store.clone());
            failing.contains_key(&key).then(|| step(exposed))?
        })
        .collect()
}

fn step(exposed: &Exposed<'_>) -> Option<Step> {
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
            exposed.lease_ended || !Guard::LeaseBeforeRecall.stands()
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
    use holdfast_shared::time::MonoMs;

    /// `dark` says whether the store's lease has ended; none when the store is well.
    fn steps(task: &TaskState, dark: Option<bool>, frozen: bool) -> Vec<Step> {
        let tenant: TenantId = "acme".parse().unwrap();
        let exposed = Exposed { tenant: &tenant, task, why: "dark", lease_ended: dark == Some(true) };
        let key = StoreKey::new(tenant.clone(), task.store.clone());
        let failing = dark.map(|_| (key, Failing { since: MonoMs(0) }));
        plan(&[exposed], &failing.into_iter().collect(), frozen)
    }

    fn recalls(task: &TaskState, lease_ended: bool) -> bool {
        matches!(steps(task, Some(lease_ended), false).as_slice(), [Step::Recall { .. }])
    }

    #[test]
    fn an_offer_moves_at_once_and_begun_work_after_the_lease() {
        assert!(recalls(&task("leeds", Phase::Offered), false));
        for phase in [Phase::Accepted, Phase::Picking, Phase::Packed] {
            assert!(!recalls(&task("leeds", phase), false), "{phase:?}");
            assert!(recalls(&task("leeds", phase), true), "{phase:?}");
        }
    }

    #[test]
    fn released_work_stays_and_a_person_is_told() {
        let mut packed = task("leeds", Phase::Packed);
        packed.release =
            Some(Release { fence: packed.fence, replica: "leeds-a".parse().unwrap(), fact: None });
        let told = steps(&packed, Some(true), false);
        assert!(
            matches!(told.as_slice(), [Step::Tell { stays: Stays::Released, detail, .. }] if detail.contains("leeds-a"))
        );
    }

    #[test]
    fn a_pickup_stays_even_when_only_offered() {
        let mut pickup = task("leeds", Phase::Offered);
        pickup.kind = FulfilmentKind::Pickup;
        assert!(matches!(
            steps(&pickup, Some(true), false).as_slice(),
            [Step::Tell { stays: Stays::Pickup, .. }]
        ));
    }

    #[test]
    fn nothing_moves_while_frozen_or_from_a_store_that_is_well() {
        assert_eq!(steps(&task("leeds", Phase::Offered), Some(true), true), vec![]);
        assert_eq!(steps(&task("leeds", Phase::Offered), None, false), vec![]);
    }

    #[test]
    fn what_was_recalled_before_or_has_ended_is_left_alone() {
        let mut recalled = task("leeds", Phase::Picking);
        recalled.recall = Some(Recall { reason: String::from("x"), cancel: false });
        assert_eq!(steps(&recalled, Some(true), false), vec![]);
        assert_eq!(steps(&task("leeds", Phase::HandedOver), Some(true), false), vec![]);
    }
}
