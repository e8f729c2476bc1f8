//! Policies as data: what a person may set, checked as a whole before any of it counts.
//!
//! Each section lives beside the code that it steers (`core/routing/policy.rs`,
//! `core/health/policy.rs`, ...), with its defaults and a function `faults` that finds all that
//! cannot be meant. This room reads a document of such sections without knowing any of them, lays
//! regions, stores and classes of SKUs over it, compares two, and says which step a version may take
//! next. [`crate::core::steering`] names the sections and puts them to work.

pub mod diff;
pub mod document;
mod fault;
mod found;
pub mod layers;
mod places;
mod read;
pub mod section;
mod sifting;
pub mod version;

pub use fault::Fault;
pub use found::Found;
pub use read::{Placed, Read, read, read_over};
