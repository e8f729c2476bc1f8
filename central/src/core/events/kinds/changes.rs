//! What customers change of their orders, and what is forgotten of them.

use super::orders::STATES;
use crate::core::events::{Audience, Class, Field, KeyedBy, Kind, Shape, required};

const TOTALS: &[Field] = &[
    required("currency", Shape::Text, "Of all sums"),
    required("goods", Shape::Whole, "In minor units"),
    required("discounts", Shape::Whole, "In minor units"),
    required("taxes", Shape::Whole, "In minor units"),
    required("taxes_included", Shape::Whole, "In the prices already"),
    required("shipping", Shape::Whole, "In minor units"),
    required("total", Shape::Whole, "Goods less discounts, with taxes and shipping"),
];

const TAKEN_OFF: &[Field] = &[
    required("line", Shape::Count, "The line's number within the order"),
    required("quantity", Shape::Count, "Units that are wanted no more"),
];

/// What a change may be about.
const FIELDS: &[&str] =
    &["lines", "add", "destination", "pickup_store", "customer", "shipping", "gift", "promise_by"];

const ORDER: Field = required("order", Shape::Id, "The order");
const CHANGE: Field = required("change", Shape::Count, "Its number within the order");
const TRACE: Field = required("trace_id", Shape::Text, "The trace of the intent that placed the order");
const BEFORE: Field = required(
    "totals_before",
    Shape::OrNull(&Shape::Record(TOTALS)),
    "What it came to; null where a price is not known",
);
const AFTER: Field = required(
    "totals",
    Shape::OrNull(&Shape::Record(TOTALS)),
    "What it comes to now; null where a price is not known",
);

pub const ORDER_CHANGED: Kind = Kind {
    name: "OrderChanged",
    version: 1,
    class: Class::Update,
    keyed_by: KeyedBy::Order,
    audience: &[Audience::Customer],
    tells: "The customer has changed it, before anybody picked it",
    body: &[
        ORDER,
        CHANGE,
        required("state", Shape::Words(STATES), "The state that it is in"),
        TRACE,
        required("fields", Shape::Each(&Shape::Words(FIELDS)), "What the change is about; nothing personal"),
        required("cancelled", Shape::List(TAKEN_OFF), "Units that were taken off"),
        required("added", Shape::Each(&Shape::Count), "Lines that came on top"),
        BEFORE,
        AFTER,
    ],
    example: r#"{"order": "o-1042", "change": 1, "state": "placed", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "fields": ["lines"], "cancelled": [{"line": 1, "quantity": 1}], "added": [], "totals_before": null, "totals": {"currency": "EUR", "goods": 1000, "discounts": 0, "taxes": 0, "taxes_included": 160, "shipping": 495, "total": 1495}}"#,
};

pub const ORDER_LINE_CANCELLED: Kind = Kind {
    name: "OrderLineCancelled",
    version: 1,
    class: Class::Compensate,
    keyed_by: KeyedBy::Order,
    audience: &[Audience::Customer],
    tells: "Units of it are wanted no more",
    body: &[
        ORDER,
        CHANGE,
        TRACE,
        required("lines", Shape::List(TAKEN_OFF), "Units that were taken off"),
        BEFORE,
        AFTER,
    ],
    example: r#"{"order": "o-1042", "change": 1, "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "lines": [{"line": 1, "quantity": 1}], "totals_before": null, "totals": null}"#,
};

pub const PERSONAL_DATA_ERASED: Kind = Kind {
    name: "PersonalDataErased",
    version: 1,
    class: Class::Update,
    keyed_by: KeyedBy::Order,
    audience: &[],
    tells: "What was personal of it is erased: erase your copy too",
    body: &[
        ORDER,
        required("by_rule", Shape::Flag, "Because its time was over, and not because somebody asked"),
    ],
    example: r#"{"order": "o-1042", "by_rule": false}"#,
};
