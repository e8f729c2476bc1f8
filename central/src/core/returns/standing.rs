//! What comes of an order's state when goods and money have gone back.

use crate::core::order::{OrderLine, OrderState};

/// Sums of its payment, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PaidBack {
    pub captured: i64,
    pub refunded: i64,
    /// What has left is worth so much.
    pub finished: i64,
}

/// An order all of whose goods have left, and came back, is returned; when all its money went back, refunded.
#[must_use]
pub fn after_returns(state: OrderState, lines: &[OrderLine], paid: Option<PaidBack>) -> OrderState {
    if !has_left(state) {
        return state;
    }
    let whole = |paid: &PaidBack| {
        paid.refunded > 0 && paid.refunded >= paid.captured && paid.captured >= paid.finished
    };
    if paid.as_ref().is_some_and(whole) {
        return OrderState::Refunded;
    }
    let finished = lines.iter().map(|line| line.finished).fold(0, i64::saturating_add);
    let came_back = lines.iter().map(|line| line.came_back).fold(0, i64::saturating_add);
    if finished > 0 && came_back >= finished { OrderState::Returned } else { state }
}

/// All that it has of goods is with the customer, or was.
#[must_use]
pub const fn has_left(state: OrderState) -> bool {
    match state {
        OrderState::Shipped | OrderState::Collected | OrderState::Delivered => true,
        OrderState::Placed
        | OrderState::Authorized
        | OrderState::Backordered
        | OrderState::Allocated
        | OrderState::Accepted
        | OrderState::Picking
        | OrderState::Ready
        | OrderState::Cancelled
        | OrderState::Rejected
        | OrderState::Returned
        | OrderState::Refunded
        | OrderState::Exception => false,
    }
}
