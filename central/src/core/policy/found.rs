//! What a reader of documents found wrong.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that is wrong, with the place where a person finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// From 1, as is the column.
    pub line: u32,
    pub column: u32,
    #[schema(example = "routing.ladder[2].radius_km")]
    pub at: String,
    /// What is wrong, why, and what was expected.
    pub what: String,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}: {}", self.line, self.column, self.at, self.what)
    }
}
