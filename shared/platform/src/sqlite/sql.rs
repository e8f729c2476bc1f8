//! The few statements that are the same in every database of the product.

pub(super) const WITNESS_TABLE: &str = "CREATE TABLE IF NOT EXISTS witness (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    lineage BLOB    NOT NULL CHECK (length(lineage) = 16),
    commits INTEGER NOT NULL CHECK (commits >= 0),
    at      INTEGER NOT NULL
) STRICT";
pub(super) const WITNESS_BEGIN: &str =
    "INSERT INTO witness (one, lineage, commits, at) VALUES (1, ?1, ?2, ?3) ON CONFLICT DO NOTHING";
pub(super) const WITNESS_READ: &str = "SELECT lineage, commits, at FROM witness";
pub(super) const WITNESS_COUNT: &str = "UPDATE witness SET commits = ?1, at = ?2";
