//! The outside, one folder per thing. Adapters never import each other.

pub mod sqlite;
