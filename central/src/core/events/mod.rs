//! What central tells the outside: each kind of event, what stands in it, who may hear it, and who listens.
//!
//! A kind is a constant in `kinds/`, one file per family, and one line in [`ALL`]: name, class, key, audience, and the
//! fields of its body. The JSON Schema follows from the fields ([`schema`]), the files under `central/schemas/events`
//! from the schemas, and a test compares. What was published may grow and not break: [`compatible`] says what a change
//! breaks, and the command that writes the files refuses it. Whatever goes out, to whomever, is one [`cloud`] event.
//!
//! Absent: who gets what by which wire. A [`consumer`] names its sink; sending is an adapter's.

pub mod asyncapi;
pub mod cloud;
pub mod compatible;
pub mod consumer;
pub mod filter;
pub mod key;
mod kind;
pub mod kinds;
pub mod pace;
pub mod schema;
pub mod signing;
pub mod stored;

pub use kind::{Audience, Class, Field, KeyedBy, Kind, Shape, optional, required};

use kinds::{
    backorders, cancels, changes, dates, exceptions, gatherings, orders, payments, returns, shipments, stock,
    substitutions,
};

/// Every kind that is published. Adding one is a constant in its family's file, and one line here.
pub const ALL: &[&Kind] = &[
    &orders::ORDER_PLACED,
    &orders::ORDER_REOPENED,
    &orders::ORDER_AUTHORIZED,
    &orders::ORDER_REJECTED,
    &orders::ORDER_BACKORDERED,
    &orders::ORDER_ALLOCATED,
    &orders::ORDER_ACCEPTED,
    &orders::ORDER_PICKING,
    &orders::ORDER_READY,
    &orders::ORDER_SHIPPED,
    &orders::ORDER_COLLECTED,
    &orders::ORDER_DELIVERED,
    &orders::ORDER_CANCELLED,
    &orders::ORDER_RETURNED,
    &orders::ORDER_FULLY_REFUNDED,
    &orders::ORDER_EXCEPTION,
    &changes::ORDER_CHANGED,
    &changes::ORDER_LINE_CANCELLED,
    &changes::PERSONAL_DATA_ERASED,
    &payments::PAYMENT_AUTHORIZED,
    &payments::ORDER_PAID,
    &payments::PAYMENT_VOIDED,
    &payments::ORDER_REFUNDED,
    &payments::PAYMENT_FAILED,
    &payments::REFUND_REQUESTED,
    &shipments::SHIPMENT_LABELLED,
    &shipments::SHIPMENT_LABEL_VOIDED,
    &shipments::SHIPMENT_IN_TRANSIT,
    &shipments::SHIPMENT_EXCEPTION,
    &shipments::SHIPMENT_DELIVERED,
    &shipments::SHIPMENT_LOST,
    &shipments::SHIPMENT_RETURNED,
    &cancels::CANCEL_ANSWERED,
    &returns::RETURN_ASKED,
    &returns::RETURN_APPROVED,
    &returns::RETURN_REFUSED,
    &returns::RETURN_CANCELLED,
    &returns::RETURN_EXPIRED,
    &returns::RETURN_RECEIVED,
    &returns::RETURN_REFUNDED,
    &returns::RETURN_CLOSED,
    &substitutions::SUBSTITUTION_PROPOSED,
    &substitutions::SUBSTITUTION_MADE,
    &substitutions::SUBSTITUTION_ENDED,
    &backorders::BACKORDER_DATED,
    &gatherings::ORDER_GATHERING,
    &gatherings::ORDER_GATHERED,
    &gatherings::ORDER_GATHERING_ENDED,
    &dates::CUSTOMER_DELAYED,
    &dates::CUSTOMER_PROMISE_CHANGED,
    &stock::INVENTORY_ADJUSTED,
    &exceptions::EXCEPTION_RAISED,
    &exceptions::EXCEPTION_CHANGED,
];

/// A stored event may be of a kind that this version tells no more.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Kind> {
    ALL.iter().copied().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests;
