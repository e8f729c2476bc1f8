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

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_shared::ids::LineNo;

    fn state(finished: i64, came_back: i64, captured: i64, refunded: i64, worth: i64) -> OrderState {
        let ordered = OrderLine::ordered(LineNo(1), "A".parse().unwrap(), 3, None);
        let lines = [OrderLine { open: 3 - finished, finished, came_back, ..ordered }];
        after_returns(OrderState::Shipped, &lines, Some(PaidBack { captured, refunded, finished: worth }))
    }

    #[test]
    fn an_order_of_which_nothing_was_paid_is_not_refunded() {
        assert_eq!(state(3, 0, 0, 0, 0), OrderState::Shipped, "it cost nothing");
        assert_eq!(state(3, 3, 0, 0, 0), OrderState::Returned);
    }

    #[test]
    fn an_order_whose_money_is_still_to_be_taken_is_not_refunded_by_what_went_back() {
        assert_eq!(state(3, 0, 500, 500, 1_000), OrderState::Shipped);
        assert_eq!(state(3, 0, 1_000, 999, 1_000), OrderState::Shipped);
        assert_eq!(state(3, 0, 1_000, 1_000, 1_000), OrderState::Refunded);
    }

    #[test]
    fn an_order_of_which_nothing_left_is_not_returned() {
        assert_eq!(state(0, 0, 0, 0, 0), OrderState::Shipped);
        assert_eq!(state(3, 2, 0, 0, 0), OrderState::Shipped, "one is with the customer");
    }
}
