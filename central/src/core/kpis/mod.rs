//! How routing does, day by day: counts that add up, and the shares that people ask for.
//!
//! Counted in the transaction that writes what is counted, so that no answer looks through orders.

pub mod flow;
pub mod orders;
mod rates;
pub mod span;
mod tally;

pub use rates::Rates;
pub use tally::{By, Dims, Slice, Tally};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Counts, and what follows from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Kpi {
    pub rates: Rates,
    pub counts: Tally,
}

impl From<Tally> for Kpi {
    fn from(counts: Tally) -> Self {
        Self { rates: Rates::of(&counts), counts }
    }
}
