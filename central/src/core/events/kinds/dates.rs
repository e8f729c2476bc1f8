//! Promised dates that do not hold, in words for the customer.

use crate::core::events::{Audience, Class, Field, KeyedBy, Kind, Shape, required};

const BODY: &[Field] = &[
    required("order", Shape::Id, "The order"),
    required("reference", Shape::OrNull(&Shape::Text), "What the storefront calls it"),
    required("channel", Shape::Text, "Where it was placed"),
    required("trace_id", Shape::Text, "The trace of the intent that placed it"),
    required("words", Shape::Text, "What the customer may be told"),
    required("promised_by", Shape::OrNull(&Shape::Time), "What was promised when it was placed"),
    required(
        "promise_by",
        Shape::OrNull(&Shape::Time),
        "What can be kept now; null when nobody knows a date",
    ),
    required("left_ms", Shape::OrNull(&Shape::Count), "Milliseconds left until the promised date"),
];

const fn date(name: &'static str, tells: &'static str, example: &'static str) -> Kind {
    let audience = &[Audience::Customer];
    let class = Class::Compensate;
    Kind { name, version: 1, class, keyed_by: KeyedBy::Order, audience, tells, body: BODY, example }
}

pub const CUSTOMER_DELAYED: Kind = date(
    "customer.delayed",
    "It is prepared elsewhere, and may come later than usual",
    r#"{"order": "o-1042", "reference": "WEB-77", "channel": "web", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "words": "It is being prepared elsewhere, and may come later than usual.", "promised_by": "2026-11-24T18:00:00Z", "promise_by": "2026-11-24T18:00:00Z", "left_ms": 3600000}"#,
);
pub const CUSTOMER_PROMISE_CHANGED: Kind = date(
    "customer.promise_changed",
    "The promised date is over, or another can be kept",
    r#"{"order": "o-1042", "reference": "WEB-77", "channel": "web", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "words": "It comes later than promised.", "promised_by": "2026-11-24T18:00:00Z", "promise_by": null, "left_ms": 3600000}"#,
);
