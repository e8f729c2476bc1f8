//! A parcel on its way: its label, its scans, its end.

use crate::core::events::{Audience, Class, Field, KeyedBy, Kind, Shape, optional, required};

const ORDER: Field = required("order", Shape::Id, "The order");
const PARCEL: Field = required("parcel", Shape::Count, "Its number within the order");
const STATE: Field = required("state", Shape::Words(STATES), "How far it has come");
const CARRIER: Field = optional("carrier", Shape::Text, "Who brings it");
const SERVICE: Field = optional("service", Shape::Text, "By which service, in the carrier's word");
const TRACKING: Field = optional("tracking_number", Shape::Text, "By which the carrier knows it");
const REASON: Field = optional("reason", Shape::Text, "Why, in the carrier's words");

const LINE: &[Field] = &[
    required("line", Shape::Count, "The line's number within the order"),
    required("sku", Shape::Id, "What is in it"),
    required("quantity", Shape::Count, "Units of it"),
];
const LINES: Field = required("lines", Shape::List(LINE), "What of the order it holds");

/// In which a parcel may be. `core::parcel` says what each means.
pub const STATES: &[&str] = &[
    "wanted",
    "labelled",
    "voided",
    "handed_over",
    "in_transit",
    "exception",
    "lost",
    "returned",
    "delivered",
];

const BODY: &[Field] = &[ORDER, PARCEL, STATE, CARRIER, SERVICE, TRACKING, REASON, LINES];

const fn shipment(name: &'static str, class: Class, tells: &'static str, example: &'static str) -> Kind {
    let audience = &[Audience::Customer];
    Kind { name, version: 1, class, keyed_by: KeyedBy::Order, audience, tells, body: BODY, example }
}

macro_rules! example {
    ($state:literal, $more:literal) => {
        concat!(
            r#"{"order": "o-1042", "parcel": 1, "state": ""#,
            $state,
            r#"", "carrier": "ups", "service": "ups_ground", "tracking_number": "1Z9999999999999999", "#,
            $more,
            r#""lines": [{"line": 1, "sku": "TEE-1", "quantity": 2}]}"#
        )
    };
}

pub const SHIPMENT_LABELLED: Kind = shipment(
    "ShipmentLabelled",
    Class::Update,
    "A carrier made the label of a parcel",
    example!("labelled", ""),
);
pub const SHIPMENT_LABEL_VOIDED: Kind = shipment(
    "ShipmentLabelVoided",
    Class::Compensate,
    "A label that nobody needs was given back",
    example!("voided", ""),
);
pub const SHIPMENT_IN_TRANSIT: Kind =
    shipment("ShipmentInTransit", Class::Update, "The carrier has a parcel", example!("in_transit", ""));
pub const SHIPMENT_EXCEPTION: Kind = shipment(
    "ShipmentException",
    Class::Update,
    "Something is in a parcel's way",
    example!("exception", r#""reason": "nobody at home", "#),
);
pub const SHIPMENT_DELIVERED: Kind =
    shipment("ShipmentDelivered", Class::Confirm, "The customer has a parcel", example!("delivered", ""));
pub const SHIPMENT_LOST: Kind = shipment(
    "ShipmentLost",
    Class::Update,
    "The carrier has lost a parcel",
    example!("lost", r#""reason": "not found in the depot", "#),
);
pub const SHIPMENT_RETURNED: Kind = shipment(
    "ShipmentReturned",
    Class::Compensate,
    "A parcel came back to whom it was sent from",
    example!("returned", r#""reason": "the address is not known", "#),
);
