//! Stock of one SKU at one store.

use crate::core::events::{Audience, Class, Field, KeyedBy, Kind, Shape, optional, required};

/// Kinds of movements at a store, and goods of orders that come back.
pub const REASONS: &[&str] = &[
    "opening",
    "sale",
    "return",
    "receipt",
    "adjustment",
    "count",
    "transfer_out",
    "transfer_in",
    "hand_over",
    "put_back",
    "short_pick",
    "ceded",
    "returned",
];

const BODY: &[Field] = &[
    required("store", Shape::Id, "Where"),
    required("sku", Shape::Id, "What"),
    required("on_hand", Shape::Whole, "Units there now, picked ones included until they leave"),
    required("reserved", Shape::Whole, "Units of them that are set aside for orders"),
    required("change", Shape::Whole, "By how many units what is on hand has changed"),
    optional("reason", Shape::Words(REASONS), "What moved it; absent where several kinds of movements did"),
];

pub const INVENTORY_ADJUSTED: Kind = Kind {
    name: "InventoryAdjusted",
    version: 1,
    class: Class::Update,
    keyed_by: KeyedBy::StoreAndSku,
    audience: &[Audience::Store],
    tells: "A store told of stock that moved. Counted for each store and SKU, so that a gap is seen",
    body: BODY,
    example: r#"{"store": "leeds", "sku": "TEE-1", "on_hand": 7, "reserved": 2, "change": -1, "reason": "sale"}"#,
};
