//! What happened to an order, told to three audiences from one record. Each is a pure fold: asked again, it tells
//! the same.
//!
//! The record is written for customer service. What a customer or a store is told is named here kind by kind, so
//! that a kind that joins later is told to neither until somebody has said how.

mod customer;
mod store;
mod support;

pub use customer::{CustomerEntry, CustomerKind, Subject, state_words, told_to_customer};
pub use store::{StoreEntry, told_to_store};
pub use support::{Known, SupportEntry, Trouble, Witness, told_to_support};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// In words that a customer understands, without stores and people.
    Customer,
    /// All that is known: also decisions, payments and exceptions, and who did what.
    Support,
    /// A store's own work on it.
    Store,
}

impl Reader {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Support => "support",
            Self::Store => "store",
        }
    }
}

#[cfg(test)]
mod tests;
