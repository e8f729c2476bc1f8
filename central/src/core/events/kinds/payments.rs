//! An order's money: set aside, taken, freed, given back, refused.

use crate::core::events::{Audience, Class, Field, KeyedBy, Kind, Shape, required};

const ORDER: Field = required("order", Shape::Id, "The order");
const PROVIDER: Field = required("provider", Shape::Id, "Who moves the money");
const CURRENCY: Field = required("currency", Shape::Text, "Of the amount");
const AMOUNT: Field = required("amount", Shape::Whole, "In minor units");

const fn payment(
    name: &'static str,
    class: Class,
    tells: &'static str,
    body: &'static [Field],
    example: &'static str,
) -> Kind {
    let audience = &[Audience::Customer];
    Kind { name, version: 1, class, keyed_by: KeyedBy::Order, audience, tells, body, example }
}

pub const PAYMENT_AUTHORIZED: Kind = payment(
    "PaymentAuthorized",
    Class::Confirm,
    "Money is set aside for it",
    &[ORDER, PROVIDER, CURRENCY, AMOUNT, required("first", Shape::Flag, "Not on top of an earlier sum")],
    r#"{"order": "o-1042", "provider": "cards", "currency": "EUR", "amount": 1999, "first": true}"#,
);
pub const ORDER_PAID: Kind = payment(
    "OrderPaid",
    Class::Confirm,
    "Money was taken for what has left",
    &[ORDER, PROVIDER, CURRENCY, AMOUNT, required("whole", Shape::Flag, "All that the order comes to")],
    r#"{"order": "o-1042", "provider": "cards", "currency": "EUR", "amount": 1999, "whole": true}"#,
);
pub const PAYMENT_VOIDED: Kind = payment(
    "PaymentVoided",
    Class::Compensate,
    "Money that was set aside is free again",
    &[ORDER, PROVIDER, CURRENCY, AMOUNT, required("lapsed", Shape::Flag, "Because its time was over")],
    r#"{"order": "o-1042", "provider": "cards", "currency": "EUR", "amount": 1999, "lapsed": false}"#,
);
pub const ORDER_REFUNDED: Kind = payment(
    "OrderRefunded",
    Class::Compensate,
    "Money went back to the customer",
    &[
        ORDER,
        PROVIDER,
        CURRENCY,
        AMOUNT,
        required(
            "refund",
            Shape::OrNull(&Shape::Count),
            "Which refund of the order that was; null for what nobody asked for",
        ),
    ],
    r#"{"order": "o-1042", "provider": "cards", "currency": "EUR", "amount": 1999, "refund": 1}"#,
);
pub const PAYMENT_FAILED: Kind = payment(
    "PaymentFailed",
    Class::Update,
    "Its money cannot be had, or the provider refuses a step",
    &[ORDER, PROVIDER, CURRENCY, required("call", Shape::Text, "What was asked of the provider")],
    r#"{"order": "o-1042", "provider": "cards", "currency": "EUR", "call": "authorize"}"#,
);

const LINE: &[Field] = &[
    required("line", Shape::Count, "The line's number within the order"),
    required("quantity", Shape::Count, "Units whose money goes back"),
];

pub const REFUND_REQUESTED: Kind = payment(
    "RefundRequested",
    Class::Compensate,
    "Money shall go back to the customer",
    &[
        ORDER,
        required("refund", Shape::Count, "Its number within the order"),
        AMOUNT,
        CURRENCY,
        required("lines", Shape::List(LINE), "What it is for; empty when a sum was named"),
        required("reason", Shape::Text, "Why, in the words of whoever asked"),
    ],
    r#"{"order": "o-1042", "refund": 1, "amount": 1999, "currency": "EUR", "lines": [{"line": 1, "quantity": 1}], "reason": "damaged"}"#,
);
