//! The proof: what the tests of several processes and crates share.
//!
//! - [`e2e`]: a small chain of real processes, started on free ports in a folder of its own.

pub mod e2e;
