//! Two stores that have the same units of an order: it happens when central was restored, and one of
//! them was never told that the work moved. Pure: lines and tasks in, who is to stop out.

use super::order::OrderLine;
use super::settled::{claim, families, may_leave};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{LineNo, StoreId, TaskId};
use std::collections::BTreeMap;

/// A task that claims units which another has with more right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    pub task: TaskId,
    pub store: StoreId,
    pub fence: Fence,
    /// Its goods are not released. When they are, only a person can stop it.
    pub may_be_recalled: bool,
}

/// A task whose goods may leave beats one whose goods may not; among equals the greater fence does. Tasks
/// with other goods that stand in for a line are for the same units as those with the line itself.
#[must_use]
pub fn rivals(lines: &[OrderLine], tasks: &[TaskState]) -> Vec<Rival> {
    let mut rivals: Vec<Rival> = Vec::new();
    let mut ranked: Vec<&TaskState> = tasks.iter().collect();
    ranked.sort_by_key(|task| std::cmp::Reverse((may_leave(task), task.fence)));
    for family in families(lines) {
        let mut room = family.room();
        let own = |line: &&OrderLine| {
            (line.line, line.quantity.saturating_sub(line.finished).saturating_sub(line.cancelled))
        };
        let mut of_stand_in: BTreeMap<LineNo, i64> = family.stand_ins.iter().map(own).collect();
        for task in &ranked {
            let of_ordered = claim(task, family.ordered.line);
            let wanted: Vec<(LineNo, i64)> =
                of_stand_in.keys().map(|line| (*line, claim(task, *line))).collect();
            let units = wanted.iter().fold(of_ordered, |sum, (_, units)| sum.saturating_add(*units));
            let fits = wanted.iter().all(|(line, units)| of_stand_in.get(line) >= Some(units));
            if units <= room && fits {
                room = room.saturating_sub(units);
                for (line, units) in wanted {
                    of_stand_in.entry(line).and_modify(|left| *left = left.saturating_sub(units));
                }
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
    use crate::core::settled::settled;
    use crate::core::test_support::task;
    use holdfast_shared::domain::task::{Phase, Recall, Release, ReleasePoint};

    fn line(quantity: i64, finished: i64) -> OrderLine {
        let known = task("leeds", Phase::Offered).lines.remove(0);
        OrderLine { open: 0, finished, ..OrderLine::ordered(known.line, known.sku, quantity, None) }
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

    fn open(line: &OrderLine, tasks: &[TaskState]) -> i64 {
        settled(std::slice::from_ref(line), tasks, true)[0].open
    }

    fn stopped(line: &OrderLine, tasks: &[TaskState]) -> Vec<(String, bool)> {
        let told = rivals(std::slice::from_ref(line), tasks);
        told.into_iter().map(|rival| (rival.store.to_string(), rival.may_be_recalled)).collect()
    }

    #[test]
    fn other_goods_in_place_of_a_line_are_for_the_same_units() {
        let ordered = OrderLine { cancelled: 1, replaced: 1, ..line(1, 0) };
        let instead = OrderLine { line: LineNo(1_001), substitutes: Some(ordered.line), ..line(1, 0) };
        let lines = [ordered, instead];
        let both = |released: bool| {
            let mut other = claiming("york", 2, false);
            other.lines[0].line = LineNo(1_001);
            [claiming("leeds", 1, released), other]
        };
        let stopped = |tasks: &[TaskState]| -> Vec<String> {
            rivals(&lines, tasks).into_iter().map(|rival| rival.store.to_string()).collect()
        };
        assert_eq!(stopped(&both(false)), ["leeds"], "what was given away later");
        assert_eq!(stopped(&both(true)), ["york"], "what was ordered may leave already");
        assert!(stopped(&both(false)[1..]).is_empty());
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
        assert_eq!(open(&line(2, 0), &[leeds.clone(), york.clone()]), 0);
        let mut recalled = leeds;
        recalled.recall = Some(Recall { reason: "moved".to_owned(), cancel: false });
        assert_eq!(stopped(&line(1, 0), &[recalled.clone(), york]), []);
        assert_eq!(open(&line(3, 1), &[recalled]), 2);
    }

    #[test]
    fn what_was_released_early_claims_also_what_is_told_missing() {
        let mut early = claiming("leeds", 1, true);
        (early.phase, early.lines[0].quantity, early.lines[0].short) = (Phase::Picking, 2, 1);
        assert_eq!(open(&line(2, 0), std::slice::from_ref(&early)), 1);
        early.release_point = ReleasePoint::Accepted;
        assert_eq!(open(&line(2, 0), std::slice::from_ref(&early)), 0);
        early.phase = Phase::HandedOver;
        assert_eq!(open(&line(2, 1), &[early]), 1);
    }
}
