//! What central needs of the outside, as small traits of domain operations, never SQL. An engine
//! implements all of them on one type; the conformance suite in the tests crate runs on each.

pub mod access;
pub mod backorders;
pub mod boxes;
pub mod carriers;
pub mod changes;
pub mod consumers;
pub mod contacts;
pub mod coverage;
pub mod deliveries;
pub mod demo;
pub mod drills;
pub mod escrow;
pub mod exceptions;
pub mod fleet;
pub mod flow;
pub mod gatherings;
pub mod housekeeping;
pub mod kpis;
pub mod labels;
pub mod launch;
pub mod leases;
pub mod legacy;
pub mod moves;
pub mod order_kpis;
pub mod orders;
pub mod outbox;
pub mod payments;
pub mod poke;
pub mod policies;
pub mod promises;
pub mod reconcile;
pub mod recovery;
pub mod replays;
pub mod replication;
pub mod returns;
pub mod rollouts;
pub mod sagas;
pub mod search;
pub mod shadow;
pub mod shipments;
pub mod signals;
pub mod sinks;
pub mod stock;
pub mod substitutions;
pub mod surroundings;
pub mod traces;
pub mod vetoes;
pub mod work;

use holdfast_shared::error::Code;

/// Why the store could not do it. Refusals of a domain kind are outcomes, not errors.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StoreError {
    pub code: Code,
    pub what: String,
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// All of storage, for those who wire it up.
pub trait Storage:
    access::Access
    + backorders::Backorders
    + boxes::Boxes
    + changes::Changes
    + contacts::Contacts
    + consumers::Consumers
    + coverage::Coverage
    + deliveries::Deliveries
    + drills::Drills
    + escrow::Escrows
    + exceptions::ExceptionQueue
    + fleet::Fleet
    + flow::OrderFlow
    + gatherings::Gatherings
    + housekeeping::Housekeeping
    + kpis::RoutingKpis
    + launch::Launch
    + labels::Labels
    + leases::Leases
    + legacy::LegacyDecisions
    + moves::Moves
    + order_kpis::OrderKpis
    + orders::Orders
    + outbox::Outbox
    + policies::Policies
    + promises::Promises
    + reconcile::Reconciling
    + recovery::Recoveries
    + replays::Replays
    + replication::Replication
    + returns::Returns
    + rollouts::Rollouts
    + sagas::Sagas
    + search::OrderSearching
    + shadow::Shadows
    + shipments::Shipments
    + stock::Stock
    + substitutions::Substitutions
    + traces::Traces
    + vetoes::Vetoes
    + work::Work
{
}

impl<T> Storage for T where
    T: access::Access
        + backorders::Backorders
        + boxes::Boxes
        + changes::Changes
        + contacts::Contacts
        + consumers::Consumers
        + coverage::Coverage
        + deliveries::Deliveries
        + drills::Drills
        + escrow::Escrows
        + exceptions::ExceptionQueue
        + fleet::Fleet
        + flow::OrderFlow
        + gatherings::Gatherings
        + housekeeping::Housekeeping
        + kpis::RoutingKpis
        + launch::Launch
        + labels::Labels
        + leases::Leases
        + legacy::LegacyDecisions
        + moves::Moves
        + order_kpis::OrderKpis
        + orders::Orders
        + outbox::Outbox
        + policies::Policies
        + promises::Promises
        + reconcile::Reconciling
        + recovery::Recoveries
        + replays::Replays
        + replication::Replication
        + returns::Returns
        + rollouts::Rollouts
        + sagas::Sagas
        + search::OrderSearching
        + shadow::Shadows
        + shipments::Shipments
        + stock::Stock
        + substitutions::Substitutions
        + traces::Traces
        + vetoes::Vetoes
        + work::Work
{
}

/// A page of a listing; `next` continues it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub next: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    pub cursor: Option<String>,
    pub limit: u32,
}
