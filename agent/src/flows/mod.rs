//! Reconcilers and assemblers: load, let the core or central decide, commit. They name no concrete
//! adapter and read no clock; time is an argument, or a function that gives it.

pub mod sync;
pub mod vitals;
