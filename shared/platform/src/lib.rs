//! The plumbing that both processes stand on.
//!
//! `holdfast-shared` does no I/O; this crate does, and knows nothing of stores, stock or orders.
//! Agent and central use it from their adapters rightwards; their cores never see it.
//!
//! - [`clock`] and [`random`] are the only places that read a raw clock or ask for randomness.
//! - [`sqlite`] owns a database file: one writer that groups jobs into commits and answers after
//!   them, a few readers, and a check at the start that ends in read-only service, not in a crash.
//! - [`config`] tells every mistake of a file and of the environment at once.
//! - [`data_dir`] is a private directory that only one process has.
//! - [`secret`] keeps secrets out of logs and compares them in constant time.

pub mod clock;
pub mod config;
pub mod data_dir;
pub mod random;
pub mod secret;
pub mod sqlite;
