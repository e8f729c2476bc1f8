use super::*;
use crate::core::effects::{Disposition, LineUnits, disposition};
use crate::core::settled::settled;
use crate::core::test_support::task;
use holdfast_shared::domain::task::{Recall, Release};
use holdfast_shared::ids::{LineNo, Sku};
use proptest::prelude::*;

fn line(quantity: i64, open: i64, finished: i64, cancelled: i64) -> OrderLine {
    OrderLine {
        line: LineNo(1),
        sku: Sku::new("A").unwrap(),
        quantity,
        open,
        backordered: false,
        finished,
        cancelled,
        came_back: 0,
        replaced: 0,
        unit_price: None,
        substitutes: None,
        expected_at: None,
        amounts: None,
    }
}

#[test]
fn an_order_without_work_is_told_by_its_lines() {
    let state = |lines: &[OrderLine]| order_state(FulfilmentKind::Ship, lines, &[], Standing::None);
    assert_eq!(state(&[line(2, 2, 0, 0)]), OrderState::Placed);
    assert_eq!(state(&[line(2, 0, 2, 0), line(1, 1, 0, 0)]), OrderState::Placed);
    assert_eq!(state(&[OrderLine { backordered: true, ..line(2, 1, 1, 0) }]), OrderState::Backordered);
    assert_eq!(state(&[line(2, 0, 1, 1)]), OrderState::Shipped);
    assert_eq!(state(&[line(2, 0, 0, 2)]), OrderState::Cancelled);
    assert_eq!(state(&[line(2, 0, 1, 0)]), OrderState::Exception);
    assert_eq!(
        order_state(FulfilmentKind::Pickup, &[line(1, 0, 1, 0)], &[], Standing::None),
        OrderState::Collected
    );
}

/// One order by the same rules by which storage keeps it: what happens at stores, told at once.
struct Model {
    kind: FulfilmentKind,
    lines: Vec<OrderLine>,
    tasks: Vec<TaskState>,
    cancelling: bool,
}

fn units(line: &OrderLine) -> LineUnits {
    let OrderLine { quantity, open, finished, cancelled, .. } = *line;
    LineUnits { quantity, open, finished, cancelled, surplus: 0 }
}

impl Model {
    fn new(kind: FulfilmentKind) -> Self {
        let lines = [3, 2]
            .into_iter()
            .zip(1..)
            .map(|(units, number)| OrderLine { line: LineNo(number), ..line(units, units, 0, 0) });
        Self { kind, lines: lines.collect(), tasks: Vec::new(), cancelling: false }
    }

    fn state(&self) -> OrderState {
        order_state(self.kind, &self.lines, &self.tasks, Standing::None)
    }

    /// What of a line changes when a task does.
    fn change(&mut self, nth: usize, act: impl FnOnce(&mut TaskState)) {
        let Some(task) = self.tasks.get_mut(nth) else { return };
        let before = task.clone();
        act(task);
        let (was, is) = (disposition(&before, &before.lines[0]), disposition(task, &task.lines[0]));
        let change = Disposition {
            open: is.open - was.open,
            finished: is.finished - was.finished,
            cancelled: is.cancelled - was.cancelled,
        };
        let line = &mut self.lines[usize::try_from(before.lines[0].line.0 - 1).unwrap()];
        let LineUnits { open, finished, cancelled, surplus, .. } =
            units(line).changed(change, self.cancelling);
        assert_eq!(surplus, 0);
        let backordered = line.backordered && open > 0;
        *line = OrderLine { open, finished, cancelled, backordered, ..line.clone() };
    }

    fn assign(&mut self, place: usize) {
        let line = &mut self.lines[place];
        if line.open == 0 || self.cancelling {
            return;
        }
        let mut task = task("leeds", Phase::Offered);
        task.lines[0].line = line.line;
        task.lines[0].quantity = line.open;
        (line.open, line.backordered) = (0, false);
        self.tasks.push(task);
    }

    fn act(&mut self, act: u8, nth: usize, place: usize) {
        let free = self.tasks.get(nth).is_some_and(|task| task.recall.is_none());
        let phase = self.tasks.get(nth).map(|task| task.phase);
        let released = self.tasks.get(nth).is_some_and(TaskState::may_leave);
        match (act, phase) {
            (0, _) => self.assign(place),
            (1, Some(Phase::Offered)) if free => self.change(nth, |task| task.phase = Phase::Accepted),
            (2, Some(Phase::Accepted)) if free => self.change(nth, |task| task.phase = Phase::Picking),
            (3, Some(Phase::Picking)) if free => self.change(nth, |task| task.lines[0].short = 1),
            (4, Some(Phase::Picking)) if free => self.change(nth, |task| {
                task.lines[0].picked = task.lines[0].quantity - task.lines[0].short;
                task.phase = if task.lines[0].picked == 0 { Phase::PutBack } else { Phase::Packed };
            }),
            (5, Some(Phase::Packed)) if free => self.change(nth, |task| {
                let replica = "leeds-a".parse().unwrap();
                task.release = Some(Release { fence: task.fence, replica, fact: None });
            }),
            (6, Some(Phase::Packed)) if released => self.change(nth, |task| task.phase = Phase::HandedOver),
            (7, Some(phase)) if free && !released && !phase.is_final() => self.change(nth, |task| {
                task.recall = Some(Recall { reason: String::new(), cancel: false });
            }),
            (8, Some(Phase::Offered)) => self.change(nth, |task| task.phase = Phase::Declined),
            (9, Some(phase)) if !free && !phase.is_final() => {
                self.change(nth, |task| task.phase = Phase::PutBack);
            }
            (10, _) if self.lines[place].open > 0 => self.lines[place].backordered = true,
            (11, _) => {
                let line = &mut self.lines[place];
                (line.cancelled, line.open, line.backordered) = (line.cancelled + line.open, 0, false);
            }
            (12, _) => self.cancel(),
            _ => {}
        }
    }

    /// A wish: what no store has ends, stores are asked.
    fn cancel(&mut self) {
        self.cancelling = true;
        for place in 0..self.lines.len() {
            self.act(11, 0, place);
        }
        for task in self.tasks.iter_mut().filter(|task| !task.phase.is_final() && task.recall.is_none()) {
            task.recall = Some(Recall { reason: String::new(), cancel: true });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_happens_no_unit_is_lost_and_each_step_is_in_the_table(
        pickup in any::<bool>(),
        acts in prop::collection::vec((0_u8..13, 0_usize..4, 0_usize..2), 1..60),
    ) {
        let mut order = Model::new(if pickup { FulfilmentKind::Pickup } else { FulfilmentKind::Ship });
        let mut was = order.state();
        for (act, nth, place) in acts {
            // A whole order is cancelled now and then, or nothing else would be tried.
            if act == 12 && nth > 0 {
                continue;
            }
            order.act(act, nth, place);
            for told in settled(&order.lines, &order.tasks, true) {
                let line = order.lines.iter().find(|line| line.line == told.line).unwrap();
                prop_assert_eq!(line.open, told.open, "{:?} {:?}", line, order.tasks);
            }
            let is = order.state();
            prop_assert!(is == was || may_become(was, is), "{:?} -> {:?} by {}", was, is, act);
            was = is;
        }
    }
}

#[test]
fn no_state_becomes_itself_and_what_left_stays_gone() {
    for state in OrderState::ALL {
        assert!(!may_become(state, state));
        // But what left and cannot be charged is not complete, and goods and money may come back.
        let goes_on = matches!(state, OrderState::Exception | OrderState::Returned | OrderState::Refunded);
        let arrives = state == OrderState::Delivered;
        assert_eq!(may_become(OrderState::Shipped, state), goes_on || arrives);
        assert_eq!(may_become(OrderState::Collected, state), goes_on);
    }
    assert!(!may_become(OrderState::Cancelled, OrderState::Placed));
}

#[test]
fn the_table_of_the_contract_is_this_one() {
    let contract = include_str!("../../../../docs/order.md");
    for from in OrderState::ALL {
        let to: Vec<String> = OrderState::ALL
            .into_iter()
            .filter(|to| may_become(from, *to))
            .map(|to| format!("`{}`", to.as_str()))
            .collect();
        let to = if to.is_empty() { String::from("nothing") } else { to.join(", ") };
        let row = format!("| `{}` | {to} |", from.as_str());
        assert!(contract.contains(&row), "docs/order.md has no row {row}");
    }
}

#[test]
fn an_order_that_is_paid_for_is_told_by_its_payment_too() {
    let state = |line, payment| order_state(FulfilmentKind::Ship, &[line], &[], payment);
    assert_eq!(state(line(2, 2, 0, 0), Standing::Awaited), OrderState::Placed);
    assert_eq!(state(line(2, 2, 0, 0), Standing::Authorized), OrderState::Authorized);
    assert_eq!(state(line(2, 0, 0, 2), Standing::Rejected), OrderState::Rejected);
    assert_eq!(state(line(2, 0, 0, 2), Standing::Authorized), OrderState::Cancelled);
    assert_eq!(state(line(2, 0, 2, 0), Standing::Owed), OrderState::Exception, "not complete");
    assert_eq!(state(line(2, 0, 2, 0), Standing::Authorized), OrderState::Shipped);
}

#[test]
fn an_order_is_delivered_when_all_that_left_is_and_a_pickup_stays_collected() {
    assert_eq!(after_carriers(OrderState::Shipped, true), OrderState::Delivered);
    assert_eq!(after_carriers(OrderState::Shipped, false), OrderState::Shipped);
    for state in OrderState::ALL.into_iter().filter(|state| *state != OrderState::Shipped) {
        assert_eq!(after_carriers(state, true), state, "nothing else is waited for");
    }
}
