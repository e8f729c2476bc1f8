//! The state of an order: a fold of its lines and of the tasks that work on them.

use super::order::{OrderLine, OrderState};
use holdfast_shared::domain::task::{FulfilmentKind, Phase, Status, TaskState};

/// An order is as far as the unit of it that is least far.
#[must_use]
pub fn order_state(kind: FulfilmentKind, lines: &[OrderLine], tasks: &[TaskState]) -> OrderState {
    let waiting = |line: &&OrderLine| line.open > 0;
    if lines.iter().filter(waiting).any(|line| line.backordered) {
        return OrderState::Backordered;
    }
    if lines.iter().any(|line| waiting(&line)) {
        return OrderState::Placed;
    }
    if let Some(least) = tasks.iter().filter_map(progress).min() {
        return least;
    }
    let settled = |line: &OrderLine| line.finished.saturating_add(line.cancelled) == line.quantity;
    if !lines.iter().all(settled) {
        // Units that nobody has and nobody looks for: a person must look.
        return OrderState::Exception;
    }
    match (lines.iter().any(|line| line.finished > 0), kind) {
        (false, _) => OrderState::Cancelled,
        (true, FulfilmentKind::Pickup) => OrderState::Collected,
        (true, FulfilmentKind::Ship | FulfilmentKind::Delivery) => OrderState::Shipped,
    }
}

/// How far a task has brought its units; none when it has no units of the order any more.
fn progress(task: &TaskState) -> Option<OrderState> {
    let moved_away = task.recall.as_ref().is_some_and(|recall| !recall.cancel);
    match task.status() {
        Status::HandedOver | Status::Declined | Status::PutBack => None,
        Status::PuttingBack if moved_away => None,
        Status::PuttingBack => Some(match task.phase {
            Phase::Accepted => OrderState::Accepted,
            Phase::Picking | Phase::Packed => OrderState::Picking,
            Phase::Offered | Phase::HandedOver | Phase::Declined | Phase::PutBack => OrderState::Allocated,
        }),
        Status::Offered => Some(OrderState::Allocated),
        Status::Accepted => Some(OrderState::Accepted),
        // Packed but not released is still work from the outside: nobody may fetch it yet.
        Status::Picking | Status::AwaitingRelease => Some(OrderState::Picking),
        Status::Ready => Some(OrderState::Ready),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_shared::ids::{LineNo, Sku};

    fn line(quantity: i64, open: i64, finished: i64, cancelled: i64) -> OrderLine {
        OrderLine {
            line: LineNo(1),
            sku: Sku::new("A").unwrap(),
            quantity,
            open,
            backordered: false,
            finished,
            cancelled,
            unit_price: None,
            substitutes: None,
            expected_at: None,
            amounts: None,
        }
    }

    #[test]
    fn an_order_without_work_is_told_by_its_lines() {
        let state = |lines: &[OrderLine]| order_state(FulfilmentKind::Ship, lines, &[]);
        assert_eq!(state(&[line(2, 2, 0, 0)]), OrderState::Placed);
        assert_eq!(state(&[line(2, 0, 2, 0), line(1, 1, 0, 0)]), OrderState::Placed);
        assert_eq!(state(&[OrderLine { backordered: true, ..line(2, 1, 1, 0) }]), OrderState::Backordered);
        assert_eq!(state(&[line(2, 0, 1, 1)]), OrderState::Shipped);
        assert_eq!(state(&[line(2, 0, 0, 2)]), OrderState::Cancelled);
        assert_eq!(state(&[line(2, 0, 1, 0)]), OrderState::Exception);
        assert_eq!(order_state(FulfilmentKind::Pickup, &[line(1, 0, 1, 0)], &[]), OrderState::Collected);
    }
}
