//! Orders that come together at one store before they go out.

use crate::core::events::{Audience, Class, Field, KeyedBy, Kind, Shape, optional, required};

const ENDS: &[&str] = &["complete", "late", "short", "store_lost", "cancelled"];

const BODY: &[Field] = &[
    required("order", Shape::Id, "The order"),
    required("reference", Shape::OrNull(&Shape::Text), "What the storefront calls it"),
    required("channel", Shape::Text, "Where it was placed"),
    required("trace_id", Shape::Text, "The trace of the intent that placed it"),
    optional("ended_by", Shape::Words(ENDS), "What ended it"),
];

const fn gathering(name: &'static str, tells: &'static str, example: &'static str) -> Kind {
    let audience = &[Audience::Customer];
    let class = Class::Update;
    Kind { name, version: 1, class, keyed_by: KeyedBy::Order, audience, tells, body: BODY, example }
}

pub const ORDER_GATHERING: Kind = gathering(
    "OrderGathering",
    "Its goods are brought to one store first",
    r#"{"order": "o-1042", "reference": null, "channel": "web", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}"#,
);
pub const ORDER_GATHERED: Kind = gathering(
    "OrderGathered",
    "All of it has come, and goes on from there",
    r#"{"order": "o-1042", "reference": null, "channel": "web", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "ended_by": "complete"}"#,
);
pub const ORDER_GATHERING_ENDED: Kind = gathering(
    "OrderGatheringEnded",
    "It is not waited for any longer: the order goes on with what is there",
    r#"{"order": "o-1042", "reference": null, "channel": "web", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "ended_by": "late"}"#,
);
