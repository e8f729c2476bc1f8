//! The kinds that are published, one file per family.

pub mod backorders;
pub mod cancels;
pub mod changes;
pub mod dates;
pub mod exceptions;
pub mod gatherings;
pub mod orders;
pub mod payments;
pub mod returns;
pub mod shipments;
pub mod stock;
pub mod substitutions;
