//! Policies as data: what a person may set, checked as a whole before any of it counts.
//!
//! Each section lives beside the code that it steers (`core/routing/policy.rs`,
//! `core/health/policy.rs`, ...), with its defaults and a function `faults` that finds all that
//! cannot be meant. This room puts the sections together.

mod fault;

pub use fault::Fault;
