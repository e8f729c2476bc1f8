//! What a store answered when it was asked to stop.

use crate::core::events::{Class, Field, KeyedBy, Kind, Shape, required};

const LINE: &[Field] = &[
    required("line", Shape::Count, "The line's number within the order"),
    required("sku", Shape::Id, "What was ordered"),
    required("quantity", Shape::Whole, "Units that it is about"),
];

const BODY: &[Field] = &[
    required("order", Shape::Id, "The order"),
    required("task", Shape::Id, "The part of it that was asked for"),
    required("outcome", Shape::Words(&["put_back", "handed_over"]), "Whether the goods stayed, or had left"),
    required("lines", Shape::List(LINE), "Units put back, or handed over"),
];

pub const CANCEL_ANSWERED: Kind = Kind {
    name: "CancelAnswered",
    version: 1,
    class: Class::Compensate,
    keyed_by: KeyedBy::Order,
    audience: &[],
    tells: "A store has answered a cancellation. Money goes back for what was put back; goods that had left come back",
    body: BODY,
    example: r#"{"order": "o-1042", "task": "o-1042-1", "outcome": "put_back", "lines": [{"line": 1, "sku": "TEE-1", "quantity": 2}]}"#,
};
