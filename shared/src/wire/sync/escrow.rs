//! Scarce SKUs: what central wants of them, and how a store asks for units back.

use super::codec::bounded;
use crate::ids::Sku;
use crate::set_hash::SetHash;
use serde::{Deserialize, Serialize};

/// Units of one SKU. From central: cede up to so many. From a store: leave me all but so many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscrowTarget {
    pub sku: Sku,
    pub units: i64,
}

/// All that central wants of one replica. A SKU that is not named is wanted no more.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EscrowTargets {
    #[serde(default, deserialize_with = "bounded")]
    pub targets: Vec<EscrowTarget>,
}

impl EscrowTargets {
    /// By which a replica tells what it knows of them, in any order.
    #[must_use]
    pub fn digest(&self) -> SetHash {
        let mut digest = SetHash::EMPTY;
        for EscrowTarget { sku, units } in &self.targets {
            digest.insert(&[sku.as_str().as_bytes(), b"\0", &units.to_le_bytes()].concat());
        }
        digest
    }
}

pub(super) fn is_empty(digest: &SetHash) -> bool {
    *digest == SetHash::EMPTY
}
