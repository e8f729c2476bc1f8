//! An order on its way: one kind for each state that it may come to.

use crate::core::events::{Audience, Class, Field, KeyedBy, Kind, Shape, optional, required};

const LINE: &[Field] = &[
    required("line", Shape::Count, "The line's number within the order"),
    required("sku", Shape::Id, "What was ordered"),
    required("quantity", Shape::Count, "Units ordered"),
    required("finished", Shape::Count, "Units that have left"),
    required("cancelled", Shape::Count, "Units that nobody wants any more"),
    optional("came_back", Shape::Count, "Of the finished ones, those that are back"),
    optional("replaced", Shape::Count, "Of the cancelled ones, those that another line stands in for"),
];

/// In which an order may be. `core::order_state` says what each means.
pub const STATES: &[&str] = &[
    "placed",
    "authorized",
    "backordered",
    "allocated",
    "accepted",
    "picking",
    "ready",
    "shipped",
    "collected",
    "delivered",
    "cancelled",
    "rejected",
    "returned",
    "refunded",
    "exception",
];

const BODY: &[Field] = &[
    required("order", Shape::Id, "The order"),
    required("state", Shape::Words(STATES), "The state that it has come to"),
    required("reference", Shape::OrNull(&Shape::Text), "What the storefront calls it"),
    required("channel", Shape::Text, "Where it was placed"),
    required("trace_id", Shape::Text, "The trace of the intent that placed it"),
    required("lines", Shape::List(LINE), "Its lines as they stand, without the nodes that serve them"),
    optional("brand", Shape::Id, "The brand under which it was sold"),
];

const fn order(name: &'static str, class: Class, tells: &'static str, example: &'static str) -> Kind {
    let audience = &[Audience::Customer];
    Kind { name, version: 1, class, keyed_by: KeyedBy::Order, audience, tells, body: BODY, example }
}

/// The one example, in the state of its kind.
macro_rules! example {
    ($state:literal, $finished:literal, $cancelled:literal) => {
        concat!(
            r#"{"order": "o-1042", "state": ""#,
            $state,
            r#"", "reference": "WEB-77", "channel": "web", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "#,
            r#""lines": [{"line": 1, "sku": "TEE-1", "quantity": 2, "finished": "#,
            $finished,
            r#", "cancelled": "#,
            $cancelled,
            "}]}"
        )
    };
}

pub const ORDER_PLACED: Kind =
    order("OrderPlaced", Class::Create, "An order was taken", example!("placed", 0, 0));
pub const ORDER_REOPENED: Kind = order(
    "OrderReopened",
    Class::Update,
    "Its work came back from a store, and another node is looked for",
    example!("placed", 0, 0),
);
pub const ORDER_AUTHORIZED: Kind = order(
    "OrderAuthorized",
    Class::Confirm,
    "Its money is set aside, and nodes are looked for",
    example!("authorized", 0, 0),
);
pub const ORDER_REJECTED: Kind = order(
    "OrderRejected",
    Class::Compensate,
    "It cannot be paid: nothing of it will leave",
    example!("rejected", 0, 2),
);
pub const ORDER_BACKORDERED: Kind = order(
    "OrderBackordered",
    Class::Update,
    "No node can serve it now; it waits for goods",
    example!("backordered", 0, 0),
);
pub const ORDER_ALLOCATED: Kind = order(
    "OrderAllocated",
    Class::Update,
    "Units are set aside for it, and nodes are asked",
    example!("allocated", 0, 0),
);
pub const ORDER_ACCEPTED: Kind =
    order("OrderAccepted", Class::Update, "Those who were asked have accepted", example!("accepted", 0, 0));
pub const ORDER_PICKING: Kind =
    order("OrderPicking", Class::Update, "Somebody picks it", example!("picking", 0, 0));
pub const ORDER_READY: Kind =
    order("OrderReady", Class::Update, "It is packed, and ready to leave", example!("ready", 0, 0));
pub const ORDER_SHIPPED: Kind =
    order("OrderShipped", Class::Confirm, "All of it has left", example!("shipped", 2, 0));
pub const ORDER_COLLECTED: Kind =
    order("OrderCollected", Class::Confirm, "The customer has collected it", example!("collected", 2, 0));
pub const ORDER_DELIVERED: Kind = order(
    "OrderDelivered",
    Class::Confirm,
    "All that has left of it is at the customer's",
    example!("delivered", 2, 0),
);
pub const ORDER_CANCELLED: Kind =
    order("OrderCancelled", Class::Compensate, "Nothing of it will leave", example!("cancelled", 0, 2));
pub const ORDER_RETURNED: Kind =
    order("OrderReturned", Class::Compensate, "All that left of it is back", example!("returned", 2, 0));
pub const ORDER_FULLY_REFUNDED: Kind = order(
    "OrderFullyRefunded",
    Class::Compensate,
    "All the money that was taken for it went back",
    example!("refunded", 2, 0),
);
pub const ORDER_EXCEPTION: Kind = order(
    "OrderException",
    Class::Update,
    "A person must look at it before it goes on",
    example!("exception", 0, 0),
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::order::OrderState;

    #[test]
    fn each_state_of_an_order_is_published() {
        let known: Vec<&str> = OrderState::ALL.iter().map(|state| state.as_str()).collect();
        assert!(known.iter().all(|state| STATES.contains(state)), "left: {known:?}, right: {STATES:?}");
    }
}
