//! One SQLite file: opened with care, written by one thread, read by a few connections.
//!
//! A full disk is simulated for real by `PRAGMA max_page_count`: run it in a job with the current
//! `PRAGMA page_count`, and SQLite refuses to grow with the same error as a full disk. A larger
//! number gives the space back.

pub mod aside;
mod ballast;
mod error;
mod history;
pub mod mishap;
mod open;
mod readers;
mod ready_made;
pub mod rescue;
mod sql;
mod sums;
mod witness;
mod writer;

pub use ballast::Ballast;
pub use error::StorageError;
pub use open::{CHECKPOINT_PAGES, Database, IntegrityCheck, Mode, Opened, Options, Place, open};
pub use readers::Readers;
pub use witness::{Lineage, Lost, Note, Provenance, Standing, Witnessed, witness_path, witnessed};
pub use writer::{Companion, Writer};

#[cfg(test)]
mod tests;
