//! Lines that wait for goods.

use crate::core::events::{Audience, Class, Field, KeyedBy, Kind, Shape, required};

const BODY: &[Field] = &[
    required("order", Shape::Id, "The order"),
    required("line", Shape::Count, "The line that waits"),
    required("sku", Shape::Id, "What it waits for"),
    required("quantity", Shape::Count, "Units that wait"),
    required(
        "expected_at",
        Shape::OrNull(&Shape::Time),
        "When they may come; null when no date is known any more",
    ),
];

pub const BACKORDER_DATED: Kind = Kind {
    name: "BackorderDated",
    version: 1,
    class: Class::Update,
    keyed_by: KeyedBy::Order,
    audience: &[Audience::Customer],
    tells: "When goods may come for a line that waits, each time that is known anew",
    body: BODY,
    example: r#"{"order": "o-1042", "line": 1, "sku": "TEE-1", "quantity": 2, "expected_at": "2026-12-01T08:00:00Z"}"#,
};
