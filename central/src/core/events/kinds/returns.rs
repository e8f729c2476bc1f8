//! Goods that come back. Whatever happens to a return is told with the return as it stands then.

use crate::core::events::{Audience, Class, Field, KeyedBy, Kind, Shape, required};

/// In which a return may be. `core::returns::state` says what each means.
pub const STATES: &[&str] = &[
    "asked",
    "approved",
    "received",
    "restocked",
    "written_off",
    "refunded",
    "closed",
    "refused",
    "cancelled",
    "expired",
];

const LINE: &[Field] = &[
    required("line", Shape::Count, "The line's number within the order"),
    required("sku", Shape::Id, "What was ordered"),
    required("asked", Shape::Count, "Units that were announced"),
    required("sellable", Shape::Count, "Units that are back on the shelf"),
    required("damaged", Shape::Count, "Units that are back, and that nobody can buy"),
    required("missing", Shape::Count, "Units that were announced, and did not come"),
];

const BODY: &[Field] = &[
    required("order", Shape::Id, "The order"),
    required("return", Shape::Id, "The return"),
    required("state", Shape::Words(STATES), "How it stands now"),
    required("lines", Shape::List(LINE), "Its lines as they stand"),
    required("words", Shape::Text, "What happened, for people"),
];

const fn of_return(name: &'static str, class: Class, tells: &'static str, example: &'static str) -> Kind {
    let audience = &[Audience::Customer];
    Kind { name, version: 1, class, keyed_by: KeyedBy::Order, audience, tells, body: BODY, example }
}

/// The one example, in the state of its kind.
macro_rules! example {
    ($state:literal, $sellable:literal) => {
        concat!(
            r#"{"order": "o-1042", "return": "o-1042-r1", "state": ""#,
            $state,
            r#"", "lines": [{"line": 1, "sku": "TEE-1", "asked": 1, "sellable": "#,
            $sellable,
            r#", "damaged": 0, "missing": 0}], "words": "1 of line 1"}"#
        )
    };
}

pub const RETURN_ASKED: Kind =
    of_return("return.asked", Class::Create, "Goods are to come back", example!("asked", 0));
pub const RETURN_APPROVED: Kind =
    of_return("return.approved", Class::Update, "They may come back", example!("approved", 0));
pub const RETURN_REFUSED: Kind =
    of_return("return.refused", Class::Update, "They may not come back", example!("refused", 0));
pub const RETURN_CANCELLED: Kind =
    of_return("return.cancelled", Class::Update, "The customer keeps them", example!("cancelled", 0));
pub const RETURN_EXPIRED: Kind = of_return(
    "return.expired",
    Class::Update,
    "What has not come by now is not waited for",
    example!("expired", 0),
);
pub const RETURN_RECEIVED: Kind =
    of_return("return.received", Class::Confirm, "Goods of it are back at a store", example!("restocked", 1));
pub const RETURN_REFUNDED: Kind =
    of_return("return.refunded", Class::Compensate, "Its money went back", example!("refunded", 1));
pub const RETURN_CLOSED: Kind =
    of_return("return.closed", Class::Update, "Nothing more is to be done", example!("closed", 1));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::returns::state::ReturnState;

    #[test]
    fn each_state_of_a_return_is_published() {
        let known: Vec<&str> = ReturnState::ALL.iter().map(|state| state.as_str()).collect();
        assert_eq!(known, STATES);
    }
}
