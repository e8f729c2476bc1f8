//! Proof. Nothing in here ships: it holds what several tests stand on.

pub mod conformance;
