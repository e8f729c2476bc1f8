//! One folder per outside thing. No adapter imports another.

pub mod sqlite;
