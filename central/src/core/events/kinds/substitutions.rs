//! Other goods in place of those that cannot be had.

use crate::core::events::{Audience, Class, Field, KeyedBy, Kind, Shape, required};

const BODY: &[Field] = &[
    required("order", Shape::Id, "The order"),
    required("substitution", Shape::Count, "Its number within the order"),
    required(
        "state",
        Shape::Words(&["waiting", "made", "declined", "expired", "withdrawn"]),
        "Whether the customer is asked, or how it ended",
    ),
    required("line", Shape::Count, "The line whose units cannot be had"),
    required("sku", Shape::Id, "What was ordered"),
    required("instead", Shape::Id, "What stands in for it"),
    required("quantity", Shape::Count, "Units"),
    required(
        "unit_price",
        Shape::OrNull(&Shape::Money),
        "What a unit of it is sold for, as far as that is known",
    ),
    required("answer_by", Shape::OrNull(&Shape::Time), "Until when the customer may answer"),
    required("new_line", Shape::OrNull(&Shape::Count), "The line that stands in for the other"),
];

const fn substitution(name: &'static str, class: Class, tells: &'static str, example: &'static str) -> Kind {
    let audience = &[Audience::Customer];
    Kind { name, version: 1, class, keyed_by: KeyedBy::Order, audience, tells, body: BODY, example }
}

pub const SUBSTITUTION_PROPOSED: Kind = substitution(
    "SubstitutionProposed",
    Class::Update,
    "The customer is to be asked whether other goods will do",
    r#"{"order": "o-1042", "substitution": 1, "state": "waiting", "line": 1, "sku": "TEE-1", "instead": "TEE-2", "quantity": 1, "unit_price": {"minor": 1999, "currency": "EUR"}, "answer_by": "2026-11-22T10:00:00Z", "new_line": null}"#,
);
pub const SUBSTITUTION_MADE: Kind = substitution(
    "SubstitutionMade",
    Class::Update,
    "Other goods stand in, as a line of their own",
    r#"{"order": "o-1042", "substitution": 1, "state": "made", "line": 1, "sku": "TEE-1", "instead": "TEE-2", "quantity": 1, "unit_price": null, "answer_by": null, "new_line": 1001}"#,
);
pub const SUBSTITUTION_ENDED: Kind = substitution(
    "SubstitutionEnded",
    Class::Compensate,
    "A proposal came to nothing; the line is served as it was ordered",
    r#"{"order": "o-1042", "substitution": 1, "state": "declined", "line": 1, "sku": "TEE-1", "instead": "TEE-2", "quantity": 1, "unit_price": null, "answer_by": "2026-11-22T10:00:00Z", "new_line": null}"#,
);
