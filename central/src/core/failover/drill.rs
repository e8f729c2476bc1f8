//! A drill: stores are declared dark on purpose, for a while, and the ordinary machinery acts. What it
//! amounted to is read off the moves that it made. Nothing here shortens a release or moves a pickup.

use super::record::Moved;
use holdfast_shared::domain::task::{FulfilmentKind, TaskState};
use holdfast_shared::ids::{Actor, DrillId, StoreId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Drill {
    pub drill: DrillId,
    pub stores: Vec<DrilledStore>,
    pub reason: String,
    pub author: Actor,
    pub began_at: UtcMs,
    /// When it ends by itself.
    pub until: UtcMs,
    pub ended_at: Option<UtcMs>,
    pub ended_by: Option<Actor>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrilledStore {
    pub store: StoreId,
    /// What was still there when the drill ended; none while it runs.
    pub stayed: Option<Stayed>,
}

/// Open work that did not leave, by why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Stayed {
    /// The goods may have left.
    pub released: u32,
    pub pickup: u32,
    /// The lease, the pace or the policy kept it there.
    pub not_due: u32,
}

impl Stayed {
    /// What is still there of all that is open at a store.
    #[must_use]
    pub fn of(open: &[TaskState]) -> Self {
        let mut stayed = Self::default();
        for task in open.iter().filter(|task| task.recall.is_none() && !task.phase.is_final()) {
            let count = if task.kind == FulfilmentKind::Pickup {
                &mut stayed.pickup
            } else if task.release.is_some() {
                &mut stayed.released
            } else {
                &mut stayed.not_due
            };
            *count = count.saturating_add(1);
        }
        stayed
    }

    const fn and(self, other: Self) -> Self {
        Self {
            released: self.released.saturating_add(other.released),
            pickup: self.pickup.saturating_add(other.pickup),
            not_due: self.not_due.saturating_add(other.not_due),
        }
    }
}

/// What a drill amounted to, so far or in all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct DrillReport {
    pub moved: u32,
    /// Of those, with another node.
    pub placed: u32,
    /// Of the placed, with the node that stood second from the start.
    pub by_plan_b: u32,
    /// The store went on with it: it was back before anybody else began.
    pub went_back: u32,
    /// Moved, and nobody has it.
    pub waiting: u32,
    /// What did not leave; of stores whose drill has ended.
    pub stayed: Stayed,
    /// Of what was promised: another node has it in time, or has not.
    pub promises_kept: u32,
    pub promises_missed: u32,
    /// From the beginning until the last of it had another node.
    pub last_placed_after_ms: Option<i64>,
}

/// Promises that are still open, with nobody on them, are neither kept nor missed.
#[must_use]
pub fn report(drill: &Drill, moves: &[Moved], now: UtcMs) -> DrillReport {
    let count = |which: &dyn Fn(&&Moved) -> bool| {
        u32::try_from(moves.iter().filter(which).count()).unwrap_or(u32::MAX)
    };
    let placed = |moved: &&Moved| moved.next.is_some() && !moved.went_back();
    let had_by = |moved: &Moved| moved.next.as_ref().map_or(now, |next| next.at);
    let missed = |moved: &&Moved| moved.promise_by.is_some_and(|by| had_by(moved) >= by);
    let kept = |moved: &&Moved| moved.promise_by.is_some_and(|by| moved.next.is_some() && had_by(moved) < by);
    let stayed = drill.stores.iter().filter_map(|store| store.stayed).fold(Stayed::default(), Stayed::and);
    let last = moves.iter().filter(placed).filter_map(|moved| moved.next.as_ref()).map(|next| next.at).max();
    DrillReport {
        moved: count(&|_| true),
        placed: count(&placed),
        by_plan_b: count(&|moved| moved.went_by_plan_b()),
        went_back: count(&|moved| moved.went_back()),
        waiting: count(&|moved| moved.next.is_none()),
        stayed,
        promises_kept: count(&kept),
        promises_missed: count(&missed),
        last_placed_after_ms: last.map(|at| at.since(drill.began_at)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{moved, to};
    use super::*;
    use crate::core::test_support::task;
    use holdfast_shared::domain::task::{Phase, Recall, Release};

    fn drill() -> Drill {
        let stayed = Some(Stayed { released: 1, pickup: 2, not_due: 3 });
        let store = |name: &str, stayed| DrilledStore { store: name.parse().unwrap(), stayed };
        Drill {
            drill: "drill-1".parse().unwrap(),
            stores: vec![store("leeds", stayed), store("york", stayed), store("hull", None)],
            reason: String::from("before the peak"),
            author: "mia".parse().unwrap(),
            began_at: UtcMs(500),
            until: UtcMs(9_000),
            ended_at: None,
            ended_by: None,
        }
    }

    #[test]
    fn a_report_counts_what_moved_how_and_what_became_of_the_promises() {
        let york = vec!["york".parse().unwrap()];
        let promised = |by: i64| Some(UtcMs(by));
        let back = to("leeds", 1_700).map(|next| super::super::record::Next { task: moved(5).task, ..next });
        let moves = [
            Moved { next: to("york", 1_500), plan_b: york, promise_by: promised(1_501), ..moved(1) },
            Moved { next: to("hull", 2_500), promise_by: promised(2_500), ..moved(2) },
            Moved { promise_by: promised(3_000), ..moved(3) },
            Moved { promise_by: promised(2_900), ..moved(4) },
            Moved { next: back, ..moved(5) },
        ];
        let told = report(&drill(), &moves, UtcMs(2_950));
        let expected = DrillReport {
            moved: 5,
            placed: 2,
            by_plan_b: 1,
            went_back: 1,
            waiting: 2,
            stayed: Stayed { released: 2, pickup: 4, not_due: 6 },
            promises_kept: 1,
            promises_missed: 2,
            last_placed_after_ms: Some(2_000),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn what_stays_is_told_by_why() {
        let mut released = task("leeds", Phase::Packed);
        released.release =
            Some(Release { fence: released.fence, replica: "leeds-a".parse().unwrap(), fact: None });
        let pickup = TaskState { kind: FulfilmentKind::Pickup, ..released.clone() };
        let mut gone = task("leeds", Phase::Picking);
        gone.recall = Some(Recall { reason: String::from("x"), cancel: false });
        let open = [released, pickup, gone, task("leeds", Phase::Picking), task("leeds", Phase::HandedOver)];
        assert_eq!(Stayed::of(&open), Stayed { released: 1, pickup: 1, not_due: 1 });
    }
}
