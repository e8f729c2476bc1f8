//! Parcels beside their tasks: those for which no label can be had, and those that come from other stores.
//!
//! No facts: central tells them anew whenever a replica knows something else, as it tells escrow targets,
//! and a store tells what it could not print until central has written it down. An agent that does not know
//! of them says nothing of what it knows, and is told nothing. Labels that central had made go only to one that shows
//! them: another would be told of them in every round.

use super::codec::bounded;
use crate::ids::{Actor, OrderId, Sku, StoreId, TaskId};
use crate::set_hash::SetHash;
use crate::time::UtcMs;
use serde::{Deserialize, Serialize};

/// All that a store is told of its parcels. What is not named is nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ParcelNews {
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelNews>,
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<ExpectedParcel>,
    /// Labels that wait here to be printed.
    #[serde(default, deserialize_with = "bounded", skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<LabelMade>,
}

impl ParcelNews {
    /// By which a replica tells what it knows of them.
    #[must_use]
    pub fn digest(&self) -> SetHash {
        let mut digest = SetHash::EMPTY;
        let mut add = |told: Result<Vec<u8>, _>| digest.insert(&told.unwrap_or_default());
        self.labels.iter().for_each(|label| add(rmp_serde::to_vec(label)));
        self.expected.iter().for_each(|parcel| add(rmp_serde::to_vec(parcel)));
        self.made.iter().for_each(|label| add(rmp_serde::to_vec(label)));
        digest
    }
}

/// A carrier's service that gave no label for a parcel of this store, or does not take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelNews {
    pub task: TaskId,
    /// None: nobody knows which one.
    pub service: Option<String>,
    pub reason: String,
    pub reported_at: UtcMs,
    pub becomes: LabelBecomes,
    /// The service that takes it instead.
    pub instead: Option<String>,
    /// What central says of it.
    pub words: Option<String>,
}

/// The label of a parcel of this store, as a carrier made it for central.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelMade {
    pub task: TaskId,
    pub carrier: String,
    /// In the carrier's words.
    pub service: String,
    pub tracking_number: String,
    /// Where it is printed from.
    pub url: Option<String>,
    pub made_at: UtcMs,
}

/// What becomes of such a parcel, as far as a store has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelBecomes {
    /// Central has not seen to it yet.
    Waits,
    /// Another service takes it.
    AnotherService,
    /// Another store takes over.
    Moves,
    /// A person at the head office decides.
    Person,
    /// The work had ended before.
    Ended,
    /// What a newer central says.
    #[serde(other)]
    Unknown,
}

/// Goods that another store sends here for an order that comes together at this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedParcel {
    /// Stands on the parcel, and in the note of what is recorded in.
    pub parcel: OrderId,
    pub order: OrderId,
    pub from: StoreId,
    #[serde(deserialize_with = "bounded")]
    pub lines: Vec<ExpectedLine>,
    /// When it left there; none while it is made ready.
    pub left_at: Option<UtcMs>,
    /// When all of the order should be here.
    pub due_by: Option<UtcMs>,
    /// The order no longer waits for it: what comes is stock.
    #[serde(default)]
    pub late: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedLine {
    pub sku: Sku,
    pub units: i64,
}

/// Staff could not make a label. Told until central has written it down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelReport {
    /// Distinguishes it from every other report of this replica.
    pub id: String,
    pub task: TaskId,
    /// None: the one that was planned.
    pub service: Option<String>,
    pub reason: String,
    pub by: Actor,
    pub at: UtcMs,
}
