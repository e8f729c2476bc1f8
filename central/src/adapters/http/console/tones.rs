//! How things look at a glance: calm, good, warning, bad.

use crate::core::order::OrderState;
use holdfast_shared::domain::task::Status;

pub(super) const fn order_tone(state: OrderState) -> &'static str {
    match state {
        OrderState::Backordered => "warn",
        OrderState::Exception => "bad",
        OrderState::Placed
        | OrderState::Authorized
        | OrderState::Rejected
        | OrderState::Allocated
        | OrderState::Accepted
        | OrderState::Picking
        | OrderState::Ready
        | OrderState::Returned
        | OrderState::Refunded
        | OrderState::Cancelled => "calm",
        OrderState::Shipped | OrderState::Collected | OrderState::Delivered => "good",
    }
}

pub(super) const fn task_tone(status: Status) -> &'static str {
    match status {
        Status::Offered | Status::Accepted | Status::Picking | Status::PutBack => "calm",
        Status::AwaitingRelease | Status::PuttingBack | Status::Declined => "warn",
        Status::Ready | Status::HandedOver => "good",
    }
}
