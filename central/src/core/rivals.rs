//! Two stores that have the same units of an order: it happens when central was restored, and one of
//! them was never told that the work moved. Pure: lines and tasks in, who is to stop out.

use super::order::OrderLine;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{Line, TaskState};
use holdfast_shared::ids::{LineNo, StoreId, TaskId};

/// A task that claims units which another has with more right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    pub task: TaskId,
    pub store: StoreId,
    pub fence: Fence,
    /// Its goods are not released. When they are, only a person can stop it.
    pub may_be_recalled: bool,
}

const fn may_leave(task: &TaskState) -> bool {
    task.release.is_some() || task.let_go.is_some()
}

/// Units of the line that this task has and answers for.
fn claim(task: &TaskState, line: LineNo) -> i64 {
    let moved_away = task.recall.as_ref().is_some_and(|recall| !recall.cancel);
    if moved_away || task.phase.is_final() {
        return 0;
    }
    let missing = |line: &Line| if task.settles_at_end() { 0 } else { line.short };
    task.line(line).map_or(0, |line| line.quantity.saturating_sub(missing(line)))
}

/// Units of the line that nobody has, and nobody got.
#[must_use]
pub fn open_units(line: &OrderLine, tasks: &[TaskState]) -> i64 {
    let claimed = tasks.iter().fold(0_i64, |sum, task| sum.saturating_add(claim(task, line.line)));
    let settled = line.finished.saturating_add(line.cancelled);
    line.quantity.saturating_sub(settled).saturating_sub(claimed).max(0)
}

/// Units of the line that other lines stand in for, as far as they did not leave themselves. A restored
/// central knows those lines from the stores that have them.
#[must_use]
pub fn replaced_units(line: &OrderLine, all: &[OrderLine]) -> i64 {
    let stand_ins = all.iter().filter(|other| other.substitutes == Some(line.line));
    let units = stand_ins.fold(0_i64, |sum, other| sum.saturating_add(other.quantity));
    units.min(line.quantity.saturating_sub(line.finished)).max(0)
}

/// A task whose goods may leave beats one whose goods may not; among equals the greater fence does.
#[must_use]
pub fn rivals(lines: &[OrderLine], tasks: &[TaskState]) -> Vec<Rival> {
    let mut rivals: Vec<Rival> = Vec::new();
    let mut ranked: Vec<&TaskState> = tasks.iter().collect();
    ranked.sort_by_key(|task| std::cmp::Reverse((may_leave(task), task.fence)));
    for line in lines {
        let mut room = line.quantity.saturating_sub(line.finished).saturating_sub(line.cancelled);
        for task in &ranked {
            let units = claim(task, line.line);
            if units <= room {
                room = room.saturating_sub(units);
            } else if !rivals.iter().any(|rival| rival.task == task.task) {
                rivals.push(Rival {
                    task: task.task.clone(),
                    store: task.store.clone(),
                    fence: task.fence,
                    may_be_recalled: task.release.is_none(),
                });
            }
        }
    }
    rivals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::task;
    use holdfast_shared::domain::task::{Phase, Recall, Release, ReleasePoint};

    fn line(quantity: i64, finished: i64) -> OrderLine {
        let known = &task("leeds", Phase::Offered).lines[0];
        OrderLine {
            line: known.line,
            sku: known.sku.clone(),
            quantity,
            open: 0,
            backordered: false,
            finished,
            cancelled: 0,
            unit_price: None,
            substitutes: None,
            expected_at: None,
            amounts: None,
        }
    }

    fn claiming(store: &str, number: u32, released: bool) -> TaskState {
        let mut task = task(store, Phase::Packed);
        task.task = format!("o-1-{number}").parse().unwrap();
        task.fence.number = number;
        task.lines[0].quantity = 1;
        if released {
            let replica = format!("{store}-a").parse().unwrap();
            task.release = Some(Release { fence: task.fence, replica, fact: None });
        }
        task
    }

    fn stopped(line: &OrderLine, tasks: &[TaskState]) -> Vec<(String, bool)> {
        let told = rivals(std::slice::from_ref(line), tasks);
        told.into_iter().map(|rival| (rival.store.to_string(), rival.may_be_recalled)).collect()
    }

    #[test]
    fn what_another_line_stands_in_for_is_not_open() {
        let ordered = line(3, 1);
        let stand_in =
            |units| OrderLine { line: LineNo(1_001), substitutes: Some(ordered.line), ..line(units, 0) };
        let replaced = |units| replaced_units(&ordered, &[ordered.clone(), stand_in(units)]);
        assert_eq!([replaced(1), replaced(2), replaced(5)], [1, 2, 2], "one of three has left");
        assert_eq!(replaced_units(&stand_in(2), &[ordered.clone(), stand_in(2)]), 0);
    }

    #[test]
    fn the_greater_fence_counts_and_a_release_counts_more() {
        let (leeds, york) = (claiming("leeds", 1, false), claiming("york", 2, false));
        assert_eq!(stopped(&line(1, 0), &[leeds.clone(), york.clone()]), [("leeds".to_owned(), true)]);
        let released = claiming("leeds", 1, true);
        assert_eq!(stopped(&line(1, 0), &[released.clone(), york]), [("york".to_owned(), true)]);
        let both = [released, claiming("york", 2, true)];
        assert_eq!(stopped(&line(1, 0), &both), [("leeds".to_owned(), false)]);
        assert_eq!(stopped(&line(1, 1), &[leeds]), [("leeds".to_owned(), true)]);
    }

    #[test]
    fn what_was_recalled_or_has_room_is_no_rival() {
        let (leeds, york) = (claiming("leeds", 1, false), claiming("york", 2, false));
        assert_eq!(stopped(&line(2, 0), &[leeds.clone(), york.clone()]), []);
        assert_eq!(open_units(&line(2, 0), &[leeds.clone(), york.clone()]), 0);
        let mut recalled = leeds;
        recalled.recall = Some(Recall { reason: "moved".to_owned(), cancel: false });
        assert_eq!(stopped(&line(1, 0), &[recalled.clone(), york]), []);
        assert_eq!(open_units(&line(3, 1), &[recalled]), 2);
    }

    #[test]
    fn what_was_released_early_claims_also_what_is_told_missing() {
        let mut early = claiming("leeds", 1, true);
        (early.phase, early.lines[0].quantity, early.lines[0].short) = (Phase::Picking, 2, 1);
        assert_eq!(open_units(&line(2, 0), std::slice::from_ref(&early)), 1);
        early.release_point = ReleasePoint::Accepted;
        assert_eq!(open_units(&line(2, 0), std::slice::from_ref(&early)), 0);
        early.phase = Phase::HandedOver;
        assert_eq!(open_units(&line(2, 1), &[early]), 1);
    }
}
