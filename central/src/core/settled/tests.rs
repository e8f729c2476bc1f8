use super::*;
use crate::core::order::stand_in;
use crate::core::test_support::task;
use holdfast_shared::domain::task::{Recall, Release};

const ORDERED: LineNo = LineNo(1);

fn line(quantity: i64, finished: i64, cancelled: i64, replaced: i64) -> OrderLine {
    let sku = task("leeds", Phase::Offered).lines[0].sku.clone();
    OrderLine { open: 0, finished, cancelled, replaced, ..OrderLine::ordered(ORDERED, sku, quantity, None) }
}

fn other(nth: u32, quantity: i64) -> OrderLine {
    let line = OrderLine { line: stand_in(ORDERED, nth).unwrap(), ..line(quantity, 0, 0, 0) };
    OrderLine { substitutes: Some(ORDERED), ..line }
}

fn working(store: &str, of: &OrderLine, quantity: i64, released: bool) -> TaskState {
    let mut task = task(store, Phase::Packed);
    task.lines[0].line = of.line;
    task.lines[0].quantity = quantity;
    task.lines[0].picked = quantity;
    if released {
        let replica = format!("{store}-a").parse().unwrap();
        task.release = Some(Release { fence: task.fence, replica, fact: None });
    }
    task
}

/// Open, cancelled and replaced units, by line.
fn books(lines: &[OrderLine], tasks: &[TaskState], all_told: bool) -> Vec<(u32, [i64; 3])> {
    let mut told: Vec<_> = settled(lines, tasks, all_told)
        .into_iter()
        .map(|told| (told.line.0, [told.open, told.cancelled, told.replaced]))
        .collect();
    told.sort_unstable();
    told
}

#[test]
fn what_another_line_stands_in_for_is_not_open_and_its_own_units_are() {
    let lines = [line(3, 1, 1, 1), other(1, 1)];
    assert_eq!(books(&lines, &[], true), [(1, [1, 1, 1]), (1_001, [1, 0, 0])]);
    let sent = working("york", &lines[1], 1, false);
    assert_eq!(books(&lines, &[sent], true), [(1, [1, 1, 1]), (1_001, [0, 0, 0])]);
}

#[test]
fn goods_that_are_found_again_send_their_stand_in_back_when_all_have_told() {
    // Of two units one was told missing and replaced; now leeds has both, and nobody the other goods.
    let lines = [line(2, 0, 1, 1), other(1, 1)];
    let found = working("leeds", &lines[0], 2, true);
    assert_eq!(books(&lines, std::slice::from_ref(&found), true), [(1, [0, 0, 0]), (1_001, [0, 1, 0])]);
    assert_eq!(books(&lines, std::slice::from_ref(&found), false), [(1, [0, 1, 1]), (1_001, [1, 0, 0])]);
    // While a store has the others in hand they are not given up.
    let sent = working("york", &lines[1], 1, true);
    assert_eq!(books(&lines, &[found, sent], true), [(1, [0, 1, 1]), (1_001, [0, 0, 0])]);
    // They have left: what was cancelled for the other line is not any more.
    let lines = [line(2, 2, 0, 1), other(1, 1)];
    assert_eq!(books(&lines, &[], true), [(1, [0, 0, 0]), (1_001, [0, 1, 0])]);
}

#[test]
fn what_the_customer_cancelled_stays_cancelled() {
    let lines = [line(3, 0, 3, 1), OrderLine { cancelled: 1, ..other(1, 1) }];
    assert_eq!(books(&lines, &[], true), [(1, [0, 3, 1]), (1_001, [0, 1, 0])]);
    assert_eq!(families(&lines)[0].room(), 0);
    // Two units are found of three, of which one was replaced and one cancelled.
    let lines = [line(3, 0, 2, 1), other(1, 1)];
    let found = working("leeds", &lines[0], 2, true);
    assert_eq!(books(&lines, &[found], true), [(1, [0, 1, 0]), (1_001, [0, 1, 0])]);
}

#[test]
fn a_customer_waits_for_no_more_than_was_ordered() {
    let room = |lines: &[OrderLine]| families(lines)[0].room();
    assert_eq!(room(&[line(2, 0, 1, 1), other(1, 1)]), 2);
    assert_eq!(room(&[line(2, 1, 1, 1), other(1, 1)]), 1);
    assert_eq!(room(&[line(2, 1, 1, 1), OrderLine { finished: 1, ..other(1, 1) }]), 0);
    assert_eq!(room(&[line(2, 0, 0, 0), OrderLine { cancelled: 1, ..other(1, 1) }]), 2, "it came back");
    assert_eq!(room(&[other(1, 2)]), 2, "what it stands in for is not known");
}

#[test]
fn parts_that_left_or_may_leave_are_parts_of_one_line() {
    let stand_in = other(1, 1);
    let lines = [line(3, 0, 1, 1), stand_in.clone()];
    let parts = |released: bool| {
        let left = TaskState { phase: Phase::HandedOver, ..working("leeds", &stand_in, 1, true) };
        [left, working("york", &stand_in, 1, released)]
    };
    assert_eq!(told_units(&stand_in, &lines, &parts(true)), 2);
    // It may be the same unit, moved.
    assert_eq!(told_units(&stand_in, &lines, &parts(false)), 1);
    // No more than were ordered, and not those that left as ordered.
    assert_eq!(told_units(&stand_in, &[line(1, 0, 1, 1), stand_in.clone()], &parts(true)), 1);
    assert_eq!(told_units(&stand_in, &[line(3, 2, 1, 1), stand_in.clone()], &parts(true)), 1);
    assert_eq!(told_units(&stand_in, &[line(3, 0, 2, 2), stand_in.clone(), other(2, 2)], &parts(true)), 1);
    // The ordered line is lost with its request.
    assert_eq!(told_units(&stand_in, std::slice::from_ref(&stand_in), &parts(true)), 2);
    let mut recalled = parts(true);
    recalled[1].recall = Some(Recall { reason: "moved".to_owned(), cancel: false });
    assert_eq!(told_units(&stand_in, &lines, &recalled), 1);
}

mod any_order {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Nobody gets more than was ordered, and no unit is nowhere.
        #[test]
        fn no_unit_is_lost_or_given_twice(
            ordered in 1_i64..6,
            moves in proptest::collection::vec((0_usize..2, 1_i64..3), 0..3),
            taken in 0_i64..4,
            left in 0_i64..3,
            found in 0_i64..3,
        ) {
            let mut first = line(ordered, 0, 0, 0);
            let mut lines = Vec::new();
            for (n, (_, units)) in (1_u32..).zip(&moves) {
                let units = (*units).min(ordered - first.replaced);
                if units > 0 {
                    first.replaced += units;
                    first.cancelled += units;
                    lines.push(other(n, units));
                }
            }
            first.finished = left.min(ordered - first.cancelled);
            let mut tasks = Vec::new();
            // Found again: more than the books left to it, and no more than there were.
            let has = (ordered - first.cancelled - first.finished).min(taken) + found;
            let has = has.min(ordered - first.finished);
            if has > 0 {
                tasks.push(working("leeds", &first, has, true));
            }
            for (n, (which, _)) in moves.iter().enumerate() {
                if let (1, Some(other)) = (which, lines.get(n)) {
                    tasks.push(working("york", other, other.quantity, false));
                }
            }
            lines.insert(0, first);
            let before: i64 = tasks.iter().flat_map(|task| &task.lines).map(|line| line.quantity).sum();
            let told = settled(&lines, &tasks, true);
            let mut after = lines.clone();
            for line in &mut after {
                let of = told.iter().find(|told| told.line == line.line).unwrap();
                (line.open, line.cancelled, line.replaced) = (of.open, of.cancelled, of.replaced);
                prop_assert!(of.open >= 0 && of.cancelled >= 0 && of.replaced >= 0);
                prop_assert!(line.finished + of.open + of.cancelled <= line.quantity);
            }
            let open: i64 = after.iter().map(|line| line.open).sum();
            let finished: i64 = after.iter().map(|line| line.finished).sum();
            // Tasks may have too much, which is for those who have less right to give back; nothing is added.
            prop_assert!(open == 0 || open + finished + before <= ordered, "{after:?} {tasks:?}");
            prop_assert!(open + finished + before >= ordered, "{after:?} {tasks:?}");
            // Looked at again, nothing changes.
            let again = settled(&after, &tasks, true);
            prop_assert_eq!(again, told);
        }
    }
}
