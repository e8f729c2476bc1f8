//! The state of an order: a fold of its lines and of the tasks that work on them.

use super::order::{OrderLine, OrderState};
use super::saga::standing::Standing;
use holdfast_shared::domain::task::{FulfilmentKind, Phase, Status, TaskState};

/// An order is as far as the unit of it that is least far.
#[must_use]
pub fn order_state(
    kind: FulfilmentKind,
    lines: &[OrderLine],
    tasks: &[TaskState],
    payment: Standing,
) -> OrderState {
    let waiting = |line: &&OrderLine| line.open > 0;
    if lines.iter().filter(waiting).any(|line| line.backordered) {
        return OrderState::Backordered;
    }
    if lines.iter().any(|line| waiting(&line)) {
        return match payment {
            Standing::Authorized => OrderState::Authorized,
            Standing::None | Standing::Awaited | Standing::Rejected | Standing::Owed => OrderState::Placed,
        };
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
        (false, _) if payment == Standing::Rejected => OrderState::Rejected,
        (false, _) => OrderState::Cancelled,
        // The goods are gone and not paid for: it is not complete.
        (true, _) if payment == Standing::Owed => OrderState::Exception,
        (true, FulfilmentKind::Pickup) => OrderState::Collected,
        (true, FulfilmentKind::Ship | FulfilmentKind::Delivery) => OrderState::Shipped,
    }
}

/// What has left is delivered when its carriers say so of all of it.
#[must_use]
pub const fn after_carriers(state: OrderState, all_arrived: bool) -> OrderState {
    if all_arrived && matches!(state, OrderState::Shipped) { OrderState::Delivered } else { state }
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

/// Whether an order may go from one state to another: the table of `docs/order.md`. It is not asked before a
/// state is written, because the state is a fold of what happened; it says what that fold can come to.
///
/// Forward over as many steps as one message of a store tells; back to `placed` when work comes back; from an end
/// only to what physically happened.
#[must_use]
pub const fn may_become(from: OrderState, to: OrderState) -> bool {
    use OrderState::{
        Accepted, Allocated, Authorized, Backordered, Cancelled, Collected, Delivered, Exception, Picking,
        Placed, Ready, Refunded, Rejected, Returned, Shipped,
    };
    match from {
        // Taking off what is open may uncover how far the rest has come.
        Placed => !matches!(to, Placed | Returned | Refunded),
        // Its money may be gone again before a store is asked; what was set aside once is not rejected.
        Authorized => !matches!(to, Authorized | Rejected | Returned | Refunded),
        Backordered => !matches!(to, Backordered | Rejected | Returned | Refunded),
        Exception => !matches!(to, Exception | Rejected),
        Allocated => {
            matches!(
                to,
                Placed
                    | Authorized
                    | Accepted
                    | Picking
                    | Ready
                    | Shipped
                    | Collected
                    | Delivered
                    | Cancelled
                    | Exception
            )
        }
        Accepted => {
            matches!(
                to,
                Placed
                    | Authorized
                    | Picking
                    | Ready
                    | Shipped
                    | Collected
                    | Delivered
                    | Cancelled
                    | Exception
            )
        }
        Picking => matches!(
            to,
            Placed | Authorized | Ready | Shipped | Collected | Delivered | Cancelled | Exception
        ),
        // A store that is asked to stop has goods to put back: nobody may fetch them any more.
        Ready => matches!(
            to,
            Placed | Authorized | Picking | Shipped | Collected | Delivered | Cancelled | Exception
        ),
        // Goods that left have left, whoever cancelled them.
        Cancelled => matches!(to, Shipped | Collected | Delivered),
        // What left and cannot be charged is not complete.
        // What comes back comes back of what left.
        Collected => matches!(to, Returned | Refunded | Exception),
        Shipped => matches!(to, Delivered | Returned | Refunded | Exception),
        // More of it may turn out to have left.
        Delivered => matches!(to, Shipped | Returned | Refunded | Exception),
        // A store tells late that more had left, or that goods count no more as back.
        Returned => matches!(to, Shipped | Collected | Delivered | Refunded | Exception),
        // More was captured after all.
        Refunded => matches!(to, Shipped | Collected | Delivered | Returned | Exception),
        Rejected => false,
    }
}

#[cfg(test)]
mod tests;
