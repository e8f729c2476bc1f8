//! Why an order as it stands cannot be changed so, and what can be done instead. A storefront reads this, so no
//! store is named.

use crate::core::order::OrderState;
use holdfast_shared::error::Code;
use holdfast_shared::ids::LineNo;
use holdfast_shared::limits::ORDER_LINES_MAX;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotChange {
    #[error("the order has no line {0}")]
    UnknownLine(LineNo),
    #[error("the order is {}; what was delivered can come back as a return, and anything else is a new order", .0.as_str())]
    Over(OrderState),
    #[error("the order is being cancelled; place a new one instead")]
    Cancelling,
    #[error(
        "of this order only what stores knew of it is left, since central was restored: repeat the order under its key, then change it"
    )]
    RequestLost,
    #[error(
        "its goods are on their way to one store, where they come together: wait until they have, or cancel the order"
    )]
    Gathering,
    #[error("goods that travel between stores are not changed; change the order that they travel for")]
    Travels,
    #[error(
        "line {line} has {wanted} units to take off, and {can} can be taken off now: a store has begun with the others, or they have left. Cancel the whole order and the store is asked to stop, or take them back as a return"
    )]
    Begun { line: LineNo, wanted: i64, can: i64 },
    #[error(
        "a store has begun with this order, or some of it has left: {0} cannot be changed any more. Cancel the whole order and the store is asked to stop, or change what no store has begun with line by line"
    )]
    OrderBegun(&'static str),
    #[error(
        "the goods wait at the store that the customer chose, and are released to it: cancel the order and place it anew"
    )]
    PickupBound,
    #[error("pickup_store is only for a pickup")]
    NoPickup,
    #[error("an order has at most {ORDER_LINES_MAX} lines; place what comes on top as a new order")]
    TooManyLines,
    #[error("{0} is in another currency than the order")]
    OtherCurrency(&'static str),
    #[error("the order is paid for, so each line says what it costs: add[{0}].unit_price is missing")]
    Unpriced(usize),
    #[error("the amounts are too large to add up")]
    TooLarge,
}

impl CannotChange {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::UnknownLine(_)
            | Self::NoPickup
            | Self::OtherCurrency(_)
            | Self::Unpriced(_)
            | Self::TooLarge => Code::InvalidRequest,
            Self::Over(_)
            | Self::Cancelling
            | Self::RequestLost
            | Self::Gathering
            | Self::Travels
            | Self::Begun { .. }
            | Self::OrderBegun(_)
            | Self::PickupBound
            | Self::TooManyLines => Code::IllegalTransition,
        }
    }
}
