//! Goods that had left when their order was cancelled: which of them are back.

use crate::core::order::OrderLine;
use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::ids::{LineNo, TaskId};
use std::collections::BTreeMap;

/// Tasks that a store answered a cancellation of with a hand-over, and all of whose goods are back by now. Units of one
/// line are like each other: what came back counts for the first of them, then for the next.
#[must_use]
pub fn back_by_now<'t>(tasks: &'t [TaskState], lines: &[OrderLine]) -> Vec<&'t TaskId> {
    let mut left: BTreeMap<LineNo, i64> = lines.iter().map(|line| (line.line, line.came_back)).collect();
    let mut due: Vec<&TaskState> = tasks.iter().filter(|task| is_due(task)).collect();
    due.sort_by(|one, other| one.task.cmp(&other.task));
    let mut back = Vec::new();
    for task in due {
        let came = |line: LineNo, left: &BTreeMap<LineNo, i64>| left.get(&line).copied().unwrap_or(0);
        let is_back = task.lines.iter().all(|line| came(line.line, &left) >= line.picked);
        for line in &task.lines {
            let rest = came(line.line, &left).saturating_sub(line.picked).max(0);
            left.insert(line.line, rest);
        }
        if is_back {
            back.push(&task.task);
        }
    }
    back
}

fn is_due(task: &TaskState) -> bool {
    task.phase == Phase::HandedOver && task.recall.as_ref().is_some_and(|recall| recall.cancel)
}

#[cfg(test)]
mod tests {
    use super::super::test_support::sku;
    use super::*;
    use holdfast_shared::domain::task::{FulfilmentKind, Line, Recall, ReleasePoint};
    use holdfast_shared::time::{Hlc, UtcMs};

    /// Cancelled, and handed over all the same.
    fn due(task: &str, picked: i64) -> TaskState {
        let (line, sku) = (LineNo(1), sku(1));
        TaskState {
            task: task.parse().unwrap(),
            order: "o".parse().unwrap(),
            store: "leeds".parse().unwrap(),
            fence: "1.1".parse().unwrap(),
            kind: FulfilmentKind::Ship,
            release_point: ReleasePoint::Packed,
            phase: Phase::HandedOver,
            lines: vec![Line { line, sku, quantity: picked, picked, short: 0, ceded: false }],
            release: None,
            let_go: None,
            recall: Some(Recall { reason: "changed my mind".to_owned(), cancel: true }),
            decline_reason: None,
            accept_by: UtcMs(0),
            promise_by: None,
            note: None,
            offered_at: Hlc::default(),
            changed_at: Hlc::default(),
            newest: "hh.1.1".parse().unwrap(),
        }
    }

    fn back(tasks: &[TaskState], came_back: i64) -> Vec<&str> {
        let ordered = OrderLine::ordered(LineNo(1), sku(1), 9, None);
        let lines = [OrderLine { finished: 9, came_back, ..ordered }];
        back_by_now(tasks, &lines).into_iter().map(TaskId::as_str).collect()
    }

    #[test]
    fn a_unit_that_came_back_counts_for_one_task_alone() {
        let tasks = [due("o-2", 2), due("o-1", 1)];
        assert_eq!(back(&tasks, 0), Vec::<&str>::new());
        assert_eq!(back(&tasks, 1), ["o-1"]);
        assert_eq!(back(&tasks, 2), ["o-1"], "one of the two of the second");
        assert_eq!(back(&tasks, 3), ["o-1", "o-2"]);
    }

    #[test]
    fn what_left_as_it_should_is_not_waited_for() {
        let usual = TaskState { recall: None, ..due("o-1", 1) };
        let stopped = TaskState { phase: Phase::PutBack, ..due("o-2", 1) };
        let moved = Recall { reason: "dark".to_owned(), cancel: false };
        let moved = TaskState { recall: Some(moved), ..due("o-3", 1) };
        assert_eq!(back(&[usual, stopped, moved], 9), Vec::<&str>::new());
    }
}
