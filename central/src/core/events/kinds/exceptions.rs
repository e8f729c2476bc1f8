//! What a person must look at.

use crate::core::events::{Class, Field, KeyedBy, Kind, Shape, required};

/// What is to be looked at. `core::exception` says what each means.
const CATEGORIES: &[&str] = &[
    "backorder",
    "released_at_dark_store",
    "contradiction",
    "drift",
    "damaged_sync",
    "fact_conflict",
    "observer_frozen",
    "foreign_claim",
    "sealing",
    "lost_facts",
    "cloned_box",
    "override",
    "return_due",
    "cancel_unanswered",
    "wrong_clock",
    "stuck",
    "restored",
    "policy",
    "promise_missed",
    "overdrawn",
    "label_failed",
    "parcel_lost",
    "tracking_silent",
    "void_failed",
    "parcel_missing",
    "possible_duplicate",
    "shadow_critical",
    "awaiting_payment",
    "payment_unclear",
    "refund_failed",
    "outside_down",
    "books_differ",
    "undelivered",
    "unexpected_return",
    "return_waits",
];

const SEVERITIES: &[&str] = &["low", "medium", "high"];

/// What may become of one.
const CHANGES: &[&str] = &[
    "taken",
    "waiting",
    "resumed",
    "repaired",
    "late_to_look",
    "late_to_end",
    "resolved",
    "ended by itself",
];

const EXCEPTION: Field = required("exception", Shape::Id, "Its name");

pub const EXCEPTION_RAISED: Kind = Kind {
    name: "ExceptionRaised",
    version: 1,
    class: Class::Create,
    keyed_by: KeyedBy::Exception,
    audience: &[],
    tells: "A person must look at something. The same cause again, while it is open, is not told again",
    body: &[
        EXCEPTION,
        required("category", Shape::Words(CATEGORIES), "What is the matter"),
        required("severity", Shape::Words(SEVERITIES), "How urgent it is"),
        required(
            "order",
            Shape::OrNull(&Shape::Id),
            "The order that it is about; null when it is about none",
        ),
        required("task", Shape::OrNull(&Shape::Id), "The task that it is about; null when it is about none"),
        required(
            "store",
            Shape::OrNull(&Shape::Id),
            "The store that it is about; null when it is about none",
        ),
        required("detail", Shape::Text, "What happened, in words for a person"),
    ],
    example: r#"{"exception": "x17", "category": "backorder", "severity": "medium", "order": "o-1042", "task": null, "store": null, "detail": "2 of TEE-1 cannot be had anywhere."}"#,
};

pub const EXCEPTION_CHANGED: Kind = Kind {
    name: "ExceptionChanged",
    version: 1,
    class: Class::Update,
    keyed_by: KeyedBy::Exception,
    audience: &[],
    tells: "Somebody took it or did something about it, it is late, or it is over",
    body: &[EXCEPTION, required("what", Shape::Words(CHANGES), "What has become of it")],
    example: r#"{"exception": "x17", "what": "taken"}"#,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::exception::{Category, Severity};

    #[test]
    fn each_category_and_severity_has_its_word() {
        assert_eq!(Category::ALL.map(Category::as_str), CATEGORIES);
        assert_eq!(Severity::ALL.map(Severity::as_str), SEVERITIES);
    }
}
